import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// Nobody reads files: whoever sends some is told so.
@Suite(.timeLimit(.minutes(5))) struct FileTests {
    private static let notice = "I cannot read files; paste the text that matters."

    @Test(arguments: DatabaseEngine.allCases)
    func aQuestionWithFilesIsDebatedAndItsAskerTold(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let question = house.mention("Tabs or spaces?", "1").withFiles
            try await house.receive(question, question)
            #expect(try await house.debates().map(\.task) == ["Tabs or spaces?"])
            try await house.deliver()
            #expect(house.publicMessages.count == 1)
            #expect(house.answers.map(\.payload) == [Self.notice])
            #expect(house.answers.map(\.address.person) == ["U1"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func filesWithoutWordsStartNothing(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let mention = house.mention("", "1").withFiles
            try await house.receive(mention, mention, house.direct(" ", "2").withFiles)
            try await house.receive(house.program("", "3").withFiles)
            #expect(try await house.debates().isEmpty)
            try await house.deliver()
            #expect(house.publicMessages.isEmpty)
            #expect(house.answers.map(\.payload) == [Self.notice, Self.notice])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCommandWithFilesIsCarriedOutAsWell(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.direct("recent", "1").withFiles)
            try await house.receive(house.direct("stauts", "2").withFiles)
            try await house.deliver()
            let answers = house.answers.map(\.payload)
            #expect(answers.count == 4)
            #expect(answers.count { $0 == Self.notice } == 2)
            #expect(answers.contains { $0.contains("No debate was asked here") })
            #expect(answers.contains { $0.contains("Did you mean `status`?") })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func filesInTheThreadOfARunningDebateAreNoEvidence(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(
                house.reply("The linter wants spaces.", "2", thread: "1").withFiles,
                house.reply("", "3", thread: "1", by: "U3").withFiles,
                house.reply("", "4", thread: "99", by: "U4").withFiles
            )
            #expect(try await house.evidence(house.debate()) == ["U2: The linter wants spaces."])
            try await house.deliver()
            #expect(house.answers.allSatisfy { $0.payload == Self.notice })
            #expect(house.answers.map(\.address.person).sorted { $0 ?? "" < $1 ?? "" } == ["U2", "U3"])
        }
    }
}

extension InboundEvent {
    /// The same with files.
    fileprivate var withFiles: InboundEvent { bringing(hasFiles: true) }
}
