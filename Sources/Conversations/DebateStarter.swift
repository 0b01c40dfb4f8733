package import Channels
package import CoreTypes
import Crypto
package import Debates
package import Persistence

/// Starts debates and quick answers: the row, the start message and the job, in one transaction.
package struct DebateStarter: Sendable {
    package let panel: any PanelSource
    package let time: any TimeSource
    let identifiers: any IdentifierSource
    /// What a debate follows where the asker chose nothing.
    let defaults: DebateProtocol
    let outbox: Outbox
    let posts: DebatePosts
    let jobs = JobQueue()
    let debates = DebateStore()
    let conversations = ConversationStore()
    let tokens: ButtonTokens

    /// Makes the starter.
    package init(
        panel: any PanelSource,
        defaults: DebateProtocol,
        outbox: Outbox,
        posts: DebatePosts,
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.panel = panel
        self.defaults = defaults
        self.outbox = outbox
        self.posts = posts
        self.time = time
        self.identifiers = identifiers
        self.tokens = ButtonTokens(identifiers: identifiers, time: time)
    }

    /// The kinds of jobs that debates need.
    package enum JobType {
        package static let debate = "debate"
        package static let quickAnswer = "quick_answer"
    }

    /// Starts a debate, or finds the one that the same origin started.
    /// - Throws: `ConversationError` for a question that cannot be debated; `DatabaseError`.
    @discardableResult
    package func start(_ question: Question, in transaction: borrowing Transaction) throws -> DebateRecord {
        let task = try checked(question.task)
        let agents = try seats(question.options.agents, atLeast: 2)
        let rules = try debateProtocol(for: question.options)
        if rules.budgetMicrodollars != nil { try requirePrices(of: agents.map(\.profile)) }
        let settings = DebateSettings(
            agents: agents.map(\.profile.name),
            debateProtocol: rules,
            background: question.background,
            requester: question.requesterName,
            mention: question.mention,
            stopToken: question.address == nil ? nil : tokens.make(),
            fingerprint: question.fingerprint
        )
        let id = DebateID(identifiers.next())
        let startKey = OutboxKey("\(id)/start")
        var address = question.address
        if address?.thread == nil { address?.threadOpenedBy = startKey }
        address?.trigger = nil
        let isNew = try debates.insert(
            NewDebate(
                id: id,
                workspace: question.workspace,
                task: task,
                platform: question.platform,
                originKey: question.originKey,
                conversationKey: question.conversationKey,
                address: address?.json ?? .null,
                settings: settings.json,
                requestedBy: question.requestedBy,
                isDemo: agents.contains(where: \.profile.isDemo),
                tags: question.tags,
                metadata: question.metadata
            ),
            now: time.now(),
            in: transaction
        )
        guard isNew,
            let record = try debates.find(id, workspace: question.workspace, in: transaction)
        else {
            guard
                let twin = try debates.find(
                    origin: question.originKey,
                    workspace: question.workspace,
                    in: transaction
                )
            else { throw ConversationError(.conflict, "The debate could not be stored; please ask again.") }
            return twin
        }
        if let address {
            try announce(record, settings: settings, at: address, key: startKey, in: transaction)
        }
        try jobs.enqueue(
            NewJob(
                workspaceID: question.workspace,
                id: JobID(id.rawValue),
                type: JobType.debate,
                payload: ["debate_id": .string(id.rawValue)],
                runAt: time.now()
            ),
            now: time.now(),
            in: transaction
        )
        return record
    }

    private func announce(
        _ debate: DebateRecord,
        settings: DebateSettings,
        at address: Address,
        key: OutboxKey,
        in transaction: borrowing Transaction
    ) throws {
        var opening = address
        opening.threadOpenedBy = nil
        if let token = settings.stopToken {
            try tokens.keep(
                token,
                action: "stop",
                payload: ["debate_id": .string(debate.id.rawValue)],
                workspace: debate.workspace,
                in: transaction
            )
        }
        try outbox.post(
            posts.start(of: debate, settings: settings),
            to: opening,
            key: key,
            context: DeliveryContext(role: .start, debate: debate.id).json,
            in: transaction
        )
        if address.thread != nil {
            try conversations.bind(
                debate.conversationKey,
                platform: debate.platform,
                to: debate.id,
                address: address.json,
                workspace: debate.workspace,
                now: time.now(),
                in: transaction
            )
        }
    }

    /// Asks one agent for a direct answer, without a debate; once for each origin.
    /// - Parameter background: what the agent should know beside the question; empty for nothing.
    /// - Throws: `ConversationError` for a question that cannot be asked; `DatabaseError`.
    func quickAnswer(
        _ text: String,
        background: String = "",
        options: DebateOptions,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        let text = try checked(text)
        let id = Self.quickAnswerID(of: event)
        let key = OutboxKey("\(id)/start")
        let agents = try seats(options.agents, atLeast: 1)
        let agent = agents[0].profile
        var address = event.address
        address.trigger = nil
        let isNew = try jobs.enqueue(
            NewJob(
                workspaceID: event.workspace,
                id: id,
                type: JobType.quickAnswer,
                payload: .record([
                    "question": .string(text), "agent": .string(agent.name), "address": address.json,
                    "message": .string(key.rawValue),
                    "background": background.isEmpty ? nil : .string(background),
                    "asked_in": event.messageID.map { .string($0) },
                ]),
                runAt: time.now()
            ),
            now: time.now(),
            in: transaction
        )
        guard isNew else { return }
        try outbox.post(
            QuickAnswerPosts.pending(text, agent: agent, requester: event.actor.displayName),
            to: address,
            key: key,
            context: DeliveryContext(role: .quickAnswer, debate: nil).json,
            in: transaction
        )
    }

    /// The same for every event that tells of one message, so that twins are answered once.
    private static func quickAnswerID(of event: InboundEvent) -> JobID {
        let origin = "\(event.workspace)\n\(event.originKey)"
        return JobID(hexadecimal(SHA256.hash(data: Array(origin.utf8)).prefix(16)))
    }

    private func checked(_ task: String) throws -> String {
        let task = String(Substring(task).trimmed)
        guard !task.isEmpty else { throw ConversationError(.invalidQuestion, "The question is empty.") }
        guard !task.utf8.contains(0) else {
            throw ConversationError(.invalidQuestion, "The question holds a NUL character.")
        }
        guard !task.isLonger(than: DebateDescription.maximumTask) else {
            throw ConversationError(
                .invalidQuestion,
                "The question is longer than \(DebateDescription.maximumTask) characters."
            )
        }
        return task
    }

    private func seats(_ names: [String]?, atLeast minimum: Int) throws -> [any Agent] {
        let agents: [any Agent]
        do {
            agents = try panel.panel(named: names)
        } catch let error as any CodedError {
            throw ConversationError(.invalidAgents, error.description)
        }
        guard agents.count >= minimum else {
            throw ConversationError(
                .invalidAgents,
                "A debate needs at least \(minimum) agents; there are: \(panel.names.joined(separator: ", "))."
            )
        }
        guard agents.count <= DebateProtocol.maximumPanel else {
            throw ConversationError(
                .invalidAgents,
                "A panel has at most \(DebateProtocol.maximumPanel) agents; these are \(agents.count)."
            )
        }
        return agents
    }

    /// A budget in dollars would not hold models whose answers count as nothing.
    private func requirePrices(of agents: [AgentProfile]) throws {
        let unpriced = agents.filter { panel.unpriced.contains($0.name) }.map { "\($0.name) (\($0.model))" }
        guard !unpriced.isEmpty else { return }
        throw ConversationError(
            .invalidOptions,
            "A budget in dollars cannot hold this panel: what \(unpriced.joined(separator: ", ")) costs is not known. "
                + "Choose other agents or models, or limit the tokens instead: `budget_tokens` in `protocol`."
        )
    }

    private func debateProtocol(for options: DebateOptions) throws -> DebateProtocol {
        var chosen = defaults
        if let rules = options.rules {
            do {
                chosen = try DebateProtocol(json: rules, over: defaults, passesOverUnknown: true)
            } catch {
                throw ConversationError(.invalidOptions, "`protocol`: \(error.description)")
            }
        }
        if let budget = options.budgetMicrodollars { chosen.budgetMicrodollars = budget }
        if let breakpoints = options.breakpoints {
            do {
                chosen.breakpoints = try BreakpointPolicy(json: breakpoints, usual: chosen.breakpoints)
            } catch {
                throw ConversationError(.invalidOptions, "`breakpoints`: \(error.description)")
            }
        }
        if let rounds = options.rounds {
            guard DebateOptions.rounds.contains(rounds) else {
                throw ConversationError(.invalidOptions, "The rounds are a number from 1 to 12.")
            }
            chosen.rounds = rounds
        }
        if let rule = options.consensus {
            guard let mode = ConsensusMode(rawValue: rule) else {
                let rules = ConsensusMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConversationError(.invalidOptions, "The consensus rule is one of \(rules).")
            }
            chosen.consensus = mode
        }
        return chosen
    }
}
