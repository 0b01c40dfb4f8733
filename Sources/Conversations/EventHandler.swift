package import Channels
package import CoreTypes
package import Persistence

/// Turns what people did on a platform into what happens: debates, inputs, answers.
///
/// All of it inside the transaction that also completes the inbox row, so it happens once or not at all.
package struct EventHandler: Sendable {
    let starter: DebateStarter
    let answers: AnswerDesk
    let buttons: ButtonHandler
    let controls: DebateControls
    let conversations = ConversationStore()
    let debates = DebateStore()
    let integrations: IntegrationStore
    let loopBudget: LoopBudget
    let decisions: (any HumanDecisions)?

    /// Makes the handler.
    /// - Parameter decisions: who keeps what people are asked to decide; nil where nobody is asked.
    package init(
        starter: DebateStarter,
        answers: AnswerDesk,
        controls: DebateControls,
        integrations: IntegrationStore,
        loopBudget: LoopBudget,
        decisions: (any HumanDecisions)? = nil
    ) {
        self.decisions = decisions
        self.integrations = integrations
        self.starter = starter
        self.answers = answers
        self.controls = controls
        self.buttons = ButtonHandler(starter: starter, answers: answers, controls: controls)
        self.loopBudget = loopBudget
    }

    /// Carries out one event.
    /// - Throws: `DatabaseError`; `UnnamedActor` where the actor's name is missing; mistakes of the person are answered,
    ///   not thrown.
    package func handle(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        do {
            if event.actor.isBot {
                try handleProgram(event, in: transaction)
            } else {
                try handlePerson(event, in: transaction)
            }
        } catch let error as ConversationError {
            // Refusals come before anything is written but a word about files.
            if !event.actor.isBot { try answers.refuse(error, event, in: transaction) }
        }
    }

    private func handleProgram(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        switch event.kind {
        case .uninstalled(_, let moment): try disable(event, asOf: moment, in: transaction)
        case .message(let text, _, true, let isDirect):
            // Two programs that answer each other would never stop.
            guard try loopBudget.allows(event.actor, workspace: event.workspace, in: transaction) else { return }
            try handleMessage(text, mentionsUs: true, isDirect: isDirect, event, in: transaction)
        default: return
        }
    }

    private func handlePerson(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        switch event.kind {
        case .message(let text, _, let mentionsUs, let isDirect):
            try handleMessage(text, mentionsUs: mentionsUs, isDirect: isDirect, event, in: transaction)
        case .command(let text):
            try perform(text, style: .slash, following: nil, event, in: transaction)
        case .button(let token):
            if let answer = try decisions?.press(token: token, event, in: transaction) {
                return try answers.give(answer, event, in: transaction)
            }
            try buttons.handle(token: token, event, in: transaction)
        case .formRequested(let text):
            try answers.openQuestionForm(text: text, event, in: transaction)
        case .formSubmitted(let callback, let values, let state):
            if let answer = try decisions?.submit(
                callback: callback,
                answers: values,
                state: state,
                event,
                in: transaction
            ) {
                return try answers.give(answer, event, in: transaction)
            }
            try submit(values, event, in: transaction)
        case .uninstalled(_, let moment):
            try disable(event, asOf: moment, in: transaction)
        }
    }

    private func handleMessage(
        _ text: String,
        mentionsUs: Bool,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        // A platform may tell of one message twice: the twin of a question must not become its evidence.
        guard try debates.find(origin: event.originKey, workspace: event.workspace, in: transaction) == nil else {
            return
        }
        // Nor must the twin of a command, or of an answer to a request, mean what has come in its place since.
        guard try !answers.hasAnswered(event, in: transaction) else { return }
        if !event.actor.isBot,
            let answer = try decisions?.reply(text, isDirect: isDirect, event, in: transaction)
        {
            try answers.tellOfFiles(event, in: transaction)
            return try answers.give(answer, event, in: transaction)
        }
        let debate = try boundDebate(of: event, in: transaction)
        let isToUs = mentionsUs || isDirect
        let isRemark = debate?.status.isFinal == false
        guard isToUs || isRemark else { return }
        // Files without words ask nothing and say nothing.
        if try answers.tellOfFiles(event, in: transaction), Substring(event.withQuotation(text)).trimmed.isEmpty {
            return
        }
        if let debate, isRemark {
            return try handleRemark(text, isToUs: isToUs, on: debate, event, in: transaction)
        }
        try perform(text, style: .conversation, following: debate, event, in: transaction)
    }

    /// What is said in the thread of a debate that goes on: what is said to us as a command is one, and all else is
    /// evidence for the next round, as long as there is one.
    private func handleRemark(
        _ text: String,
        isToUs: Bool,
        on debate: DebateRecord,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        var command: Command?
        // What is only passed on is no command.
        if isToUs, event.quotation.isEmpty || !text.isEmpty {
            do throws(CommandMistake) {
                command = try parser.parseInDebate(text)
            } catch {
                // Programs make no typing errors.
                if !event.actor.isBot {
                    return try answers.explain(error, isInDebate: true, event, in: transaction)
                }
            }
        }
        if let command {
            return try perform(command, following: debate, event, in: transaction)
        }
        try controls.addInput(
            event.withQuotation(text),
            author: event.actor.displayName ?? event.actor.id,
            key: event.originKey,
            to: debate,
            in: transaction
        )
    }

    private var parser: CommandParser { CommandParser(agents: starter.panel.names) }

    /// The debate that a thread is about: the newest one, or one that still goes on there where that has ended.
    private func boundDebate(of event: InboundEvent, in transaction: borrowing Transaction) throws -> DebateRecord? {
        guard
            let id = try conversations.debate(
                of: event.conversationKey,
                workspace: event.workspace,
                in: transaction
            )
        else { return nil }
        let newest = try debates.find(id, workspace: event.workspace, in: transaction)
        guard let newest, newest.status.isFinal else { return newest }
        return try debates.newestOpen(
            inConversation: event.conversationKey,
            workspace: event.workspace,
            in: transaction
        ) ?? newest
    }

    private func perform(
        _ text: String,
        style: CommandParser.Style,
        following earlier: DebateRecord?,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        let command: Command
        do throws(CommandMistake) {
            command = try parser.parse(text.isEmpty ? event.quotation : text, style: style)
        } catch {
            if !event.actor.isBot { try answers.explain(error, event, in: transaction) }
            return
        }
        try perform(command, following: earlier, event, in: transaction)
    }

    private func perform(
        _ command: Command,
        following earlier: DebateRecord?,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        if event.actor.isBot {
            // Only what the budget counts.
            guard case .debate = command else { return }
        }
        switch command {
        case .debate(let question, let options):
            try start(asked(question, event), options, following: earlier, event, in: transaction)
        case .ask(let question, let options):
            try starter.quickAnswer(
                asked(question, event),
                background: try earlier.map { try answers.background(from: $0, in: transaction) } ?? "",
                options: options,
                event,
                in: transaction
            )
        case .stop(let id):
            try stop(id, event, in: transaction)
        case .status(let id):
            guard let debate = try meantDebate(id, prefersRunning: true, event, in: transaction) else { return }
            try answers.status(of: debate, event, in: transaction)
        case .verdict(let id):
            guard let debate = try meantDebate(id, event, in: transaction) else { return }
            try answers.verdict(of: debate, event, in: transaction)
        case .decision(let decision):
            guard let decisions else { return try answers.noDecisions(event, in: transaction) }
            try answers.give(
                try decisions.perform(decision, event, in: transaction),
                event,
                in: transaction
            )
        case .help: try answers.help(event, in: transaction)
        case .recent: try answers.recent(event, in: transaction)
        case .agents: try answers.agents(event, in: transaction)
        case .leaderboard: try answers.leaderboard(event, in: transaction)
        }
    }

    /// A question with what was passed on with it, unless that is all of it.
    private func asked(_ question: String, _ event: InboundEvent) -> String {
        question == event.quotation ? question : event.withQuotation(question)
    }

    /// Stops the debate that is named, else the thread's, else the only one that may be meant.
    private func stop(_ name: String?, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        if name == nil, try boundDebate(of: event, in: transaction) == nil {
            let running = try answers.runningDebates(near: event, in: transaction)
            guard running.count <= 1 else { return try answers.askWhichToStop(running, event, in: transaction) }
            guard let debate = try whole(running.first, in: transaction) else {
                return try answers.reply(
                    "No debate of yours is running, nor one of this channel.",
                    event,
                    in: transaction
                )
            }
            return try buttons.stop(debate, event, in: transaction)
        }
        guard let debate = try meantDebate(name, event, in: transaction) else { return }
        try buttons.stop(debate, event, in: transaction)
    }

    private func start(
        _ question: String,
        _ options: DebateOptions,
        following earlier: DebateRecord?,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        var question = Question(question, options: options, from: event)
        if let message = event.messageID { question.metadata["message"] = .string(message) }
        if let earlier, earlier.status.isFinal {
            question.background = try answers.background(from: earlier, in: transaction)
            question.metadata["follows"] = .string(earlier.id.rawValue)
        }
        try starter.start(question, in: transaction)
    }

    private func submit(
        _ values: [String: String],
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        let options = DebateOptions(
            rounds: values["rounds"].flatMap { Int($0) },
            agents: values["agents"].map { $0.split(separator: ",").map(String.init) }.flatMap {
                $0.isEmpty ? nil : $0
            },
            consensus: values["consensus"].flatMap { $0.isEmpty ? nil : $0 }
        )
        try start(values["question"] ?? "", options, following: nil, event, in: transaction)
    }

    /// The debate that a command names, else the thread's, else the newest that the person may see; answers where there
    /// is none.
    /// - Parameter prefersRunning: whether one that goes on is meant rather than a newer one that has ended.
    private func meantDebate(
        _ name: String?,
        prefersRunning: Bool = false,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> DebateRecord? {
        let found: DebateRecord? =
            if let name {
                try debates.find(named: name, workspace: event.workspace, in: transaction)
                    .flatMap { $0.isVisible(to: event) ? $0 : nil }
            } else if let bound = try boundDebate(of: event, in: transaction) {
                bound
            } else if prefersRunning, let running = try answers.runningDebates(near: event, in: transaction).first {
                try whole(running, in: transaction)
            } else {
                try whole(answers.visibleDebates(to: event, limit: 1, in: transaction).first, in: transaction)
            }
        if found == nil { try answers.noSuchDebate(name, event, in: transaction) }
        return found
    }

    /// All of a debate of which a list has a part.
    private func whole(_ listing: DebateListing?, in transaction: borrowing Transaction) throws -> DebateRecord? {
        guard let record = listing?.record else { return nil }
        return try debates.find(record.id, workspace: record.workspace, in: transaction)
    }
}

/// How often another program may start debates, so that two programs never talk to each other without end.
package struct LoopBudget: Sendable {
    private let debatesPerHour: Int
    private let time: any TimeSource

    /// Makes a budget.
    package init(debatesPerHour: Int = 5, time: any TimeSource) {
        self.debatesPerHour = debatesPerHour
        self.time = time
    }

    /// Whether a program may start one more debate.
    /// - Throws: `DatabaseError`.
    func allows(
        _ actor: InboundEvent.Actor,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try DebateStore().count(
            requestedBy: actor.id,
            workspace: workspace,
            since: time.now() - .seconds(3600),
            in: transaction
        ) < debatesPerHour
    }
}

extension InboundEvent {
    /// The platform's id of the message that was written; nil where it was something else.
    var messageID: String? {
        if case .message(_, let id, _, _) = kind { id } else { nil }
    }
}

extension Question {
    /// The question that an event asks.
    init(_ task: String, background: String = "", options: DebateOptions, from event: InboundEvent) {
        self.init(
            workspace: event.workspace,
            task: task,
            background: background,
            options: options,
            platform: event.address.platform,
            originKey: event.originKey,
            conversationKey: event.conversationKey,
            address: event.address,
            requestedBy: event.actor.id,
            requesterName: event.actor.displayName,
            mention: event.actor.isBot ? nil : event.actor.id
        )
    }
}
