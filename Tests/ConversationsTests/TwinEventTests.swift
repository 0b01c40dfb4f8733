import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
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
}
