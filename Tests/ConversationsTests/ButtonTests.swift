import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ButtonTests {
    /// Brings a debate to its verdict and gives the message that shows it.
    private func verdict(_ house: ConversationHouse) async throws -> ScriptedChannel.Message {
        try await house.receive(house.mention("Tabs or spaces?", "1"))
        try await house.work()
        try await house.deliver()
        return try #require(house.publicMessages.last { $0.payload.contains("Verdict of debate #1") })
    }

    /// Presses a button and gives what the presser is told.
    private func answer(
        _ house: ConversationHouse,
        _ token: String?,
        _ id: String,
        by person: String = "U5"
    ) async throws -> String {
        let before = house.answers.count
        try await house.receive(house.press(try #require(token), id, by: person))
        try await house.deliver()
        let answers = house.answers.dropFirst(before)
        #expect(answers.map(\.address.person) == [person])
        return answers.first?.payload ?? ""
    }

    @Test(arguments: DatabaseEngine.allCases)
    func detailsAndReceiptAreShownToWhoAsks(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let verdict = try await verdict(house)
            let details = try await answer(house, verdict.token("Details"), "1")
            for part in [
                "Details of debate #1", "### alpha", "The revision of alpha.", "**beta** on **alpha**",
                "beta doubts it", "**beta** for **alpha**, 90% sure", "It is the clearest.",
            ] { #expect(details.contains(part), "\(part)") }
            let receipt = try await answer(house, verdict.token("Receipt"), "2")
            let debate = try await house.debate()
            let document = try #require(
                try await house.service.receipt(of: debate.id, workspace: debate.workspace)
            )
            let head = try #require(try JSONValue(parsing: document)["journal"]?["head"]?.string)
            #expect(receipt.contains("Receipt of debate #1") && receipt.contains(head))
            let code = house.links.code(debate.id, debate.workspace)
            let link = "https://aragora.example/api/v1/debates/\(debate.id)/receipt?access=\(code)"
            #expect(receipt.contains(link))
            #expect(verdict.payload.contains(link))
            #expect(house.publicMessages.count == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anOpinionCountsOncePerPerson(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let verdict = try await verdict(house)
            let (agree, disagree) = (verdict.token("Agree"), verdict.token("Disagree"))
            #expect(
                try await answer(house, agree, "1", by: "U1").hasSuffix("So far 1 person agrees and 0 people disagree.")
            )
            #expect(
                try await answer(house, agree, "2", by: "U1").hasSuffix("So far 1 person agrees and 0 people disagree.")
            )
            #expect(
                try await answer(house, disagree, "3", by: "U2").hasSuffix(
                    "So far 1 person agrees and 1 person disagrees."
                )
            )
            #expect(
                try await answer(house, disagree, "4", by: "U1").hasSuffix(
                    "So far 0 people agree and 2 people disagree."
                )
            )
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func askingAgainStartsTheSameDebateOnce(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(
                house.mention("--rounds 2 --agents beta,gamma --consensus unanimous Tabs or spaces?", "1")
            )
            try await house.work()
            try await house.deliver()
            let token = house.publicMessages.last?.token("Ask again")
            #expect(try await answer(house, token, "1", by: "U9") == "Asked again as debate #2.")
            try await house.receive(house.press(try #require(token), "1", by: "U9"))
            #expect(try await answer(house, token, "2", by: "U8") == "This has already been asked again, as debate #2.")
            #expect(try await house.debates().count == 2)
            let (first, again) = (try await house.debate(1), try await house.debate(2))
            let settings = try DebateSettings(json: again.settings)
            #expect(again.task == "Tabs or spaces?" && again.requestedBy == "U9")
            #expect(again.metadata["repeats"]?.string == first.id.rawValue)
            #expect(settings.agents == ["beta", "gamma"])
            #expect(settings.debateProtocol == (try DebateSettings(json: first.settings)).debateProtocol)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func askingAgainGoesOnWithoutTheAgentsThatAreGone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("--agents beta,gamma Tabs or spaces?", "1"))
            try await house.work()
            try await house.deliver()
            let token = try #require(house.publicMessages.last?.token("Ask again"))
            let alone = ScriptedPanel(["alpha"], calls: Calls())
            try await house.receive(house.press(token, "1"), panel: alone)
            try await house.deliver()
            #expect(house.answers.contains { $0.payload.contains("at least 2 agents") })
            #expect(try await house.debates().count == 1)
            let left = ScriptedPanel(["alpha", "beta"], calls: Calls())
            try await house.receive(house.press(token, "2"), panel: left)
            #expect(try DebateSettings(json: try await house.debate(2).settings).agents == ["alpha", "beta"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theStopButtonStopsADebateThatRuns(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.deliver()
            let token = house.publicMessages.first?.token("Stop")
            #expect(try await answer(house, token, "1").hasPrefix("Stopping debate #1"))
            try await house.work()
            #expect(try await house.debate().status == .cancelled)
            try await house.deliver()
            let end = try #require(house.publicMessages.last)
            #expect(end.payload.contains("Debate #1 was stopped") && end.payload.contains("Cancelled by U5."))
            #expect(end.token("Agree") == nil)
            #expect(try await answer(house, end.token("Details"), "3").hasPrefix("Details of debate #1"))
            #expect(try await answer(house, end.token("Receipt"), "4").hasPrefix("Receipt of debate #1"))
            #expect(try await answer(house, token, "2") == "Debate #1 has ended already: cancelled.")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func tokensThatMeanNothingAreAnsweredToThePresserAlone(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let verdict = try await verdict(house)
            let token = try #require(verdict.token("Details"))
            #expect(try await answer(house, "no-such-token", "1").hasPrefix("This button no longer works."))
            try await house.receive(house.press(token, "2", by: "U3", in: WorkspaceID("chat:T2")))
            try await house.deliver()
            #expect(house.answers.last?.payload.hasPrefix("This button no longer works.") == true)
            #expect(house.answers.last?.address.workspace == "chat:T2")
            house.time.advance(by: .seconds(30 * 24 * 3600 - 60))
            #expect(try await answer(house, token, "3").hasPrefix("Details of debate #1"))
            house.time.advance(by: .seconds(60))
            #expect(try await answer(house, token, "4").hasPrefix("This button no longer works."))
            #expect(house.publicMessages.count == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func settingsThatCannotBeReadAreSaidSo(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let verdict = try await verdict(house)
            try await house.database.run("update debates set settings_json = '{}'")
            #expect(try await answer(house, verdict.token("Ask again"), "1").contains("cannot be read"))
        }
    }
}

extension Identifier: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(rawValue: value) }
}
