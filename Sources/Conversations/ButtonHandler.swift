import Channels
import CoreTypes
import Debates
import Persistence

/// What happens when a button of ours is pressed.
///
/// Every press is answered, to the person who pressed alone.
struct ButtonHandler: Sendable {
    let starter: DebateStarter
    let answers: AnswerDesk
    let controls: DebateControls
    private let tokens = ButtonTokenStore()
    private let debates = DebateStore()
    private let inputs = DebateInputStore()

    init(starter: DebateStarter, answers: AnswerDesk, controls: DebateControls) {
        self.starter = starter
        self.answers = answers
        self.controls = controls
    }

    func handle(token: String, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        guard let meaning = try tokens.find(token, workspace: event.workspace, in: transaction),
            meaning.expiresAt > starter.time.now(),
            let id = meaning.payload["debate_id"]?.string,
            let debate = try debates.find(DebateID(id), workspace: event.workspace, in: transaction)
        else {
            try answers.reply(
                "This button no longer works. Ask again with `\(event.commandPrefix)debate <question>`.",
                event,
                in: transaction
            )
            return
        }
        switch meaning.action {
        case "stop": try stop(debate, event, in: transaction)
        case "details": try answers.details(of: debate, event, in: transaction)
        case "receipt": try answers.receipt(of: debate, event, in: transaction)
        case "agree", "disagree":
            try recordOpinion(agrees: meaning.action == "agree", on: debate, event, in: transaction)
        case "again": try askAgain(debate, event, in: transaction)
        default: try answers.reply("This button is not known any more.", event, in: transaction)
        }
    }

    func stop(_ debate: DebateRecord, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        guard try controls.cancel(debate, by: event.actor.id, called: event.actor.displayName, in: transaction) else {
            let text = "Debate #\(debate.number) has ended already: \(debate.status.rawValue)."
            return try answers.reply(text, event, in: transaction)
        }
        let settings = try? DebateSettings(json: debate.settings)
        let needsRelease = settings?.debateProtocol.breakpoints.triggers.contains(.release) ?? true
        let end =
            needsRelease
            ? "it ends without a verdict, and what the panel said is not released"
            : "it ends with what the panel has said so far"
        try answers.reply("Stopping debate #\(debate.number): \(end).", event, in: transaction)
    }

    private func recordOpinion(
        agrees: Bool,
        on debate: DebateRecord,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        let count = try inputs.recordOpinion(
            agrees: agrees,
            person: event.actor.id,
            debate: debate.id,
            workspace: debate.workspace,
            now: starter.time.now(),
            in: transaction
        )
        try answers.reply(
            """
            Recorded: you \(agrees ? "agree" : "disagree") with the verdict of debate #\(debate.number). \
            So far \(people(count.agree, "agree")) and \(people(count.disagree, "disagree")).
            """,
            event,
            in: transaction
        )
    }

    private func people(_ count: Int, _ verb: String) -> String {
        count == 1 ? "1 person \(verb)s" : "\(count) people \(verb)"
    }

    /// Asks the question of a debate once more; however often and by whomever the button is pressed, that is one debate.
    private func askAgain(_ debate: DebateRecord, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        let origin = "again:\(debate.id)"
        if let earlier = try debates.find(origin: origin, workspace: event.workspace, in: transaction) {
            let text = "This has already been asked again, as debate #\(earlier.number)."
            return try answers.reply(text, event, in: transaction)
        }
        let settings = try DebateSettings(json: debate.settings)
        let known = Set(starter.panel.names)
        let stillThere = settings.agents.filter { known.contains($0) }
        var question = Question(
            debate.task,
            background: settings.background,
            options: DebateOptions(
                rounds: settings.debateProtocol.rounds,
                agents: stillThere.count >= 2 ? stillThere : nil,
                consensus: settings.debateProtocol.consensus.rawValue
            ),
            from: event
        )
        question.originKey = origin
        question.metadata = ["repeats": .string(debate.id.rawValue)]
        let again = try starter.start(question, in: transaction)
        try answers.reply("Asked again as debate #\(again.number).", event, in: transaction)
    }
}
