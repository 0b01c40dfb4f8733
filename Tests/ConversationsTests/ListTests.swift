import ChannelSupport
import CoreTypes
import DatabaseSupport
import Persistence
import Testing

@Suite(.timeLimit(.minutes(5))) struct ListTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aLongQuestionIsShownWholeBesideTheLists(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention(String(repeating: "Tabs or spaces? ", count: 1000), "1"))
            let task = try await house.debate().task
            #expect(task.utf8.count > 3 * DebateListing.longestText)
            try await house.receive(
                house.command("recent", "a"),
                house.command("status", "b"),
                house.command("verdict", "c")
            )
            try await house.deliver()
            let texts = house.answers.map(\.payload)
            #expect(texts.filter { $0.contains(task) }.count == 2)
            let list = try #require(texts.first { $0.hasPrefix("Newest debates") })
            #expect(list.contains("Tabs or spaces? Tabs or spaces?") && list.utf8.count < 500)

            try await house.receive(house.command("stop", "d"))
            let stopped = try await house.debate()
            #expect(stopped.cancelRequested && stopped.task == task && stopped.fact("message") == "1")
        }
    }

    /// A letter may carry any number of marks.
    @Test func everyMarkOfAQuestionCountsInAList() async throws {
        try await ConversationHouse.with(.sqlite) { house in
            let marked = "Tabs or spa" + String(repeating: "\u{301}", count: 5000)
            try await house.receive(house.mention(marked, "1"))
            try await house.receive(house.command("recent", "a"))
            try await house.deliver()
            let texts = house.answers.map(\.payload)
            let list = try #require(texts.first { $0.hasPrefix("Newest debates") })
            #expect(list.unicodeScalars.count < 500)
        }
    }
}
