import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

/// What somebody passes on is read, and is never what they say.
@Suite(.timeLimit(.minutes(5))) struct QuotationTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aQuestionTakesItsOptionsFromItsOwnWords(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(
                house.mention("Should we? --rounds 2", "1").bringing(quotation: "> It costs a fortune.")
            )
            try await house.receive(house.mention("", "2").bringing(quotation: "> Tabs or spaces?"))
            let debates = try await house.debates()
            #expect(debates.map(\.task).sorted() == ["> Tabs or spaces?", "Should we?\n\n> It costs a fortune."])
            let asked = try #require(debates.first { $0.task.hasPrefix("Should") })
            #expect(try DebateSettings(json: asked.settings).debateProtocol.rounds == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCommandIsCarriedOutWhateverComesWithIt(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(house.mention("", "2", thread: "1").bringing(quotation: "> stop"))
            try await house.receive(house.reply("As he says:", "3", thread: "1").bringing(quotation: "> Spaces."))
            #expect(try await house.evidence(house.debate()) == ["Ada: > stop", "U2: As he says:\n\n> Spaces."])
            #expect(try await !house.debate().cancelRequested)
            try await house.receive(
                house.mention("stop", "4", thread: "1").bringing(quotation: "> It costs a fortune.")
            )
            #expect(try await house.debate().cancelRequested)
            #expect(try await house.evidence(house.debate()).count == 2)
        }
    }
}
