import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import TestSupport
import Testing

/// A platform may tell of one message twice, under two keys: as a message and as a mention.
@Suite(.timeLimit(.minutes(5))) struct TwinEventTests {
    @Test(arguments: DatabaseEngine.allCases)
    func twinsOfAQuestionStartOneDebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let question = "Tabs or spaces?"
            try await house.receive(
                house.mention(question, "1"),
                house.message(question, "1", mentionsUs: false),
                house.mention(question, "1")
            )
            try await house.receive(house.mention(question, "1"))
            let debate = try await house.debate()
            #expect(try await house.debates().count == 1)
            #expect(try await house.outboxKeys() == ["\(debate.id)/start"])
            #expect(try await house.evidence(debate) == [])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theTwinOfAFinishedQuestionStartsNothing(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            #expect(try await house.debates().count == 1)
            #expect(try await house.openJobs() == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func twinsOfAQuickQuestionAskOnce(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("ask Why?", "1"), house.mention("ask Why?", "1"))
            #expect(try await house.openJobs() == 1)
            #expect(try await house.outboxKeys().count == 1)
            try await house.receive(house.mention("ask Why?", "2"))
            #expect(try await house.openJobs() == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func twinsOfACommandAreAnsweredOnce(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            for (stamp, text) in ["help", "recent", "agents", "leaderboard", "status", "stauts"].enumerated() {
                try await house.receive(house.mention(text, "\(stamp)"), house.mention(text, "\(stamp)"))
            }
            try await house.receive(house.command("help"), house.command("help"))
            try await house.deliver()
            #expect(house.answers.count == 7)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theEditOfAMistypedMessageDoesNothingAndItsAuthorKnowsThat(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("stauts", "1"))
            try await house.receive(house.mention("status", "1"), house.mention("Tabs or spaces?", "1"))
            try await house.deliver()
            let advice = "Send it again; edits are not read."
            #expect(house.answers.map { $0.payload.hasSuffix("help`\n\(advice)") } == [true])
            #expect(try await house.debates().isEmpty)
            try await house.receive(house.mention("status", "2"))
            // There is no way to edit a command.
            try await house.receive(house.command("stauts"))
            try await house.deliver()
            #expect(house.answers.count == 3)
            #expect(house.answers.count { $0.payload.contains(advice) } == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func twinsOfEvidenceAreAddedOnce(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(
                house.reply("We have used tabs since 1999.", "2", thread: "1"),
                house.reply("We have used tabs since 1999.", "2", thread: "1")
            )
            #expect(try await house.evidence(house.debate()) == ["U2: We have used tabs since 1999."])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theTwinOfAStopStopsNoOtherDebate(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Mine?", "1"), house.mention("Another's?", "2", by: "U2"))
            try await house.receive(house.mention("stop", "3"))
            let (mine, now) = (try await house.debate(1), house.time.now())
            #expect(mine.cancelRequested)
            _ = try await house.database.write { transaction in
                try DebateStore().conclude(
                    mine.id,
                    workspace: mine.workspace,
                    with: DebateConclusion(status: .cancelled),
                    now: now,
                    in: transaction
                )
            }
            try await house.receive(house.message("stop", "3", mentionsUs: true))
            #expect(try await house.debate(2).cancelRequested == false)
            // A second order is another one.
            try await house.receive(house.mention("stop", "4"))
            #expect(try await house.debate(2).cancelRequested)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theTwinOfAnAnswerAnswersNoOtherRequest(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let requests = Requests(["X"])
            let handler = house.handler(decisions: requests)
            func receive(_ event: InboundEvent) async throws {
                try await house.database.write { try handler.handle(event, in: $0) }
            }
            try await receive(house.mention("1", "5", thread: "1"))
            requests.open("Y")
            try await receive(house.message("1", "5", thread: "1", mentionsUs: true))
            #expect(requests.decided == ["X"])
            try await receive(house.mention("1", "6", thread: "1"))
            #expect(requests.decided == ["X", "Y"])
        }
    }
}

/// Requests of which a number decides the oldest.
private final class Requests: HumanDecisions {
    private let state: Mutex<(open: [String], decided: [String])>

    init(_ open: [String]) {
        state = Mutex((open, []))
    }

    var decided: [String] { state.withLock { $0.decided } }
    func open(_ name: String) { state.withLock { $0.open.append(name) } }

    func reply(
        _ text: String,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) -> HumanDecisionAnswer? {
        state.withLock { state in
            guard text == "1", !state.open.isEmpty else { return nil }
            state.decided.append(state.open.removeFirst())
            return .say(Post(body: "Decided.", fallbackText: "Decided."))
        }
    }

    func perform(
        _ command: HumanDecisionCommand,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) -> HumanDecisionAnswer { .say(Post(body: "No.", fallbackText: "No.")) }
}
