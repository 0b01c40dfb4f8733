import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// Delegations are shown, replaced and ended by whoever gave them.
@Suite(.timeLimit(.minutes(5))) struct ApprovalDelegationTests {
    private func delegate(_ other: String, until date: String, key: String, _ house: ApprovalHouse) async throws {
        let event = house.event(by: "U1", in: "U1", key: key)
        let answer = try await house.database.write {
            try house.chat.delegate("<@\(other)>", until: date, event, in: $0)
        }
        #expect(answer.text.contains("may decide"), "\(answer.text)")
    }

    private func approve(_ record: ApprovalRecord, by person: String, _ house: ApprovalHouse) async throws -> String {
        let event = house.event(by: person, in: person)
        return try await house.database.write {
            try house.chat.decide("\(record.number)", effect: .approve, comment: "", event, in: $0).text
        }
    }

    private func list(by person: String, _ house: ApprovalHouse) async throws -> String {
        let event = house.event(by: person, in: person)
        return try await house.database.write { try house.chat.listDelegations(event, in: $0).text }
    }

    private func log(_ house: ApprovalHouse) async throws -> [String] {
        try await house.database.run(
            """
            select artifact_type from governance_artifacts where artifact_type like 'deleg%' order by sequence
            """
        ).map { try $0.text("artifact_type") }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNewOneTakesThePlaceOfTheOld(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let day = String((house.time.now() + .seconds(3 * 24 * 3600)).iso8601.prefix(10))
            let sooner = String((house.time.now() + .seconds(24 * 3600)).iso8601.prefix(10))
            try await delegate("U2", until: day, key: "one", house)
            try await delegate("U2", until: sooner, key: "two", house)
            // Told again, the first event changes nothing.
            try await delegate("U2", until: day, key: "one", house)
            let shown = try await list(by: "U1", house)
            #expect(shown.split(separator: "\n").filter { $0.contains("decides for you") }.count == 1)
            #expect(try await log(house) == ["delegated", "delegation_ended", "delegated"])

            try await delegate("U3", until: day, key: "three", house)
            let record = try await house.open { $0.approvers = [.person("chat:U1")] }
            #expect(try await approve(record, by: "U2", house).contains("not among those"))
            #expect(try await approve(record, by: "U3", house).contains("Recorded"))
            #expect(try await list(by: "U3", house).contains("You decide for Person U1 (chat:U1) until"))
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverGaveItEndsItAndTheOtherIsTold(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let day = String((house.time.now() + .seconds(3 * 24 * 3600)).iso8601.prefix(10))
            try await delegate("U2", until: day, key: "one", house)
            try await house.deliver()
            let told = house.platform.channel.messages.filter { $0.address.channel == "U2" }.map(\.payload)
            #expect(told.count == 1 && told[0].contains("lets you decide in their place"))
            let event = house.event(by: "U1", in: "U1")
            func undelegate() async throws -> String {
                try await house.database.write { try house.chat.undelegate(event, in: $0).text }
            }
            #expect(try await undelegate().contains("chat:U2 decides for you no more"))
            #expect(try await undelegate() == "Nobody decides for you.")
            try await house.deliver()
            #expect(house.platform.channel.texts.contains { $0.contains("You decide in the place of") })
            let record = try await house.open { $0.approvers = [.person("chat:U1")] }
            #expect(try await approve(record, by: "U2", house).contains("not among those"))
            #expect(try await list(by: "U1", house).contains("Nobody decides for you"))

            try await delegate("U2", until: day, key: "two", house)
            let open = try await house.service.delegations(workspace: house.workspace)
            let id = try #require(open.first?.id)
            let ended = try await house.service.endDelegation(id, evidence: "test", workspace: house.workspace)
            #expect(ended?.delegate == "chat:U2")
            #expect(try await house.service.delegations(workspace: house.workspace).isEmpty)
            // Its time, which comes later, finds nothing to end.
            house.time.advance(by: .seconds(5 * 24 * 3600))
            _ = try await house.clock(house.database).fireDue()
            #expect(
                try await log(house) == ["delegated", "delegation_ended", "delegated", "delegation_ended"]
            )
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases, [false, true])
    func itHoldsForRequestsOfOtherWorkspacesThatAreAskedHere(engine: DatabaseEngine, isLinked: Bool) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await house.database.write { transaction in
                let now = house.time.now()
                try WorkspaceStore().ensure(house.workspace, platform: "chat", now: now, in: transaction)
                // Who belongs together in one workspace is another matter than in the other one.
                for (platform, id) in [("chat", "U2"), ("email", "ben@example.org")] where isLinked {
                    let mapping = UserMapping(
                        workspaceID: house.workspace,
                        platform: platform,
                        platformUserID: id,
                        userID: "7"
                    )
                    try UserMappingStore().upsert(mapping, now: now, in: transaction)
                }
            }
            func open(_ key: String) async throws -> ApprovalRecord {
                try await house.service.open(
                    ApprovalDraft(
                        workspace: .local,
                        originKey: key,
                        kind: "program",
                        title: "Ship?",
                        question: "Ship?",
                        operation: ["do": "ship"],
                        policy: ApprovalPolicy(approvers: [.person("chat:U1")]),
                        requester: "api:local"
                    )
                )
            }
            let day = String((house.time.now() + .seconds(3 * 24 * 3600)).iso8601.prefix(10))
            let before = try await open("before")
            try await delegate("U2", until: day, key: "one", house)
            let after = try await open("after")
            try await house.deliver()

            let prompts = house.platform.channel.prompts.filter { $0.address.channel == "U2" }
            #expect(prompts.count == 2 && prompts.allSatisfy { $0.address.workspace == house.workspace })
            #expect(house.mail.channel.messages.filter { $0.payload.contains("Request #") }.count == (isLinked ? 2 : 0))
            let event = house.event(by: "U2", in: "U2")
            guard case .say(let list) = try await house.database.write({ try house.chat.list(event, in: $0) }) else {
                throw NothingSaid()
            }
            #expect(list.body.contains("#\(before.number)") && list.body.contains("#\(after.number)"))

            #expect(try await approve(after, by: "U3", house).contains("not among those"))
            #expect(try await approve(before, by: "U2", house).contains("Recorded"))
            let prompt = try #require(prompts.first { $0.payload.contains("Request #\(after.number),") })
            let button = try #require(prompt.payload.split(separator: "\n").first { $0.hasPrefix("[Approve]") })
            let pressed = try await house.press(String(button.dropFirst("[Approve]".count)), by: "U2", in: "U2")
            #expect(pressed?.text.contains("Recorded") == true)
            for record in [before, after] {
                let decisions = try await house.detail(record)?.decisions ?? []
                #expect(decisions.map(\.seat) == ["chat:U1"] && decisions.map(\.identity) == ["chat:U2"])
            }

            // When it has ended, it holds for neither.
            let own = house.event(by: "U1", in: "U1")
            _ = try await house.database.write { try house.chat.undelegate(own, in: $0) }
            let later = try await open("later")
            #expect(try await approve(later, by: "U2", house).contains("not among those"))
        }
    }
}

private struct NothingSaid: Error {}
