import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// Ids that belong to one person.
@Suite(.timeLimit(.minutes(5))) struct ApprovalPeopleTests {
    private func link(_ first: String, _ second: String, _ house: ApprovalHouse) async throws -> String {
        try await house.database.write { transaction in
            try ApproverDirectory().link(
                first,
                second,
                user: house.identifiers.next(),
                evidence: "test",
                workspace: house.workspace,
                now: house.time.now(),
                in: transaction
            )
        }
    }

    private func answer(_ record: ApprovalRecord, by id: String, _ house: ApprovalHouse) async throws -> String {
        try await house.service.decide(
            record.id.rawValue,
            ApprovalReply(
                actor: ApprovalActor(identity: id, name: id, surface: .command, evidence: id),
                optionID: "approve"
            )
        ).code
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverWasLinkedHasOneVoice(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let ann = ApprovalPolicy(
                approvers: [.person("chat:U1"), .person("email:ann@example.org"), .person("chat:U2")]
            ).approvers
            let earlier = try await house.open("earlier") {
                $0.approvers = ann
                $0.quorum = 3
            }
            let record = try await house.open {
                $0.approvers = ann
                $0.quorum = 2
            }
            #expect(try await answer(record, by: "chat:U1", house) == "counted")
            // Two voices, as nobody has said yet that they are one person's.
            #expect(try await answer(earlier, by: "chat:U1", house) == "counted")
            #expect(try await answer(earlier, by: "email:ann@example.org", house) == "counted")

            let person = try await link("chat:U1", "email:Ann@example.org", house)
            #expect(person.hasPrefix("user:"))
            #expect(try await answer(record, by: "email:ann@example.org", house) == "already_answered")
            #expect(try await house.detail(record)?.record.status == .pending)
            #expect(try await answer(record, by: "chat:U2", house) == "counted")
            #expect(try await house.detail(record)?.record.status == .approved)
            // Two of the three answers are one person's: nobody is left, and three do not agree.
            #expect(try await answer(earlier, by: "chat:U2", house) == "counted")
            #expect(try await house.detail(earlier)?.record.status == .rejected)

            let error = await #expect(throws: ApprovalError.self) {
                try await house.open("later") {
                    $0.approvers = ann
                    $0.quorum = 3
                }
            }
            #expect(error?.description.contains("only 2 may decide") == true)
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWasGivenToOneIdIsThePersons(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let end = house.time.now() + .seconds(3600)
            try await house.database.write { transaction in
                try house.desk.delegations.give(
                    from: ApprovalActor(identity: "chat:U1", name: "Ann", surface: .command, evidence: "e"),
                    to: "chat:U3",
                    until: end,
                    workspace: house.workspace,
                    in: transaction
                )
            }
            _ = try await link("chat:U3", "email:ben@example.org", house)
            let record = try await house.open { $0.approvers = [.person("chat:U1")] }
            #expect(try await answer(record, by: "email:ben@example.org", house) == "counted")
            let own = try await house.open("own") {
                $0.excludesRequester = true
                $0.approvers = [.channel("chat:C1"), .person("email:zoe@example.org")]
            }
            _ = try await link("email:zoe@example.org", "chat:U9", house)
            #expect(try await answer(own, by: "email:zoe@example.org", house) == "requester")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoAnsweredIsNamedAsPeopleKnowThem(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            _ = try await link("chat:U1", "email:ann@example.org", house)
            let record = try await house.open {
                $0.approvers = [.person("chat:U1"), .person("chat:U2"), .person("chat:U4")]
                $0.quorum = 3
            }
            try await house.deliver()
            // By mail: the address to which the link was sent, not the id under which both are one person.
            let link = try #require(house.mail.channel.token("Look at it and decide", in: "ann@example.org"))
            _ = try await house.service.decide(
                token: String(link.split(separator: "/").last ?? ""),
                option: "approve",
                comment: "",
                editedText: nil,
                evidence: "r1"
            )
            let mailed = try #require(try await house.detail(record)?.decisions.first)
            #expect(mailed.identity == "email:ann@example.org" && mailed.actor.hasPrefix("user:"))
            #expect(mailed.name == "ann@example.org")

            // A button says what the person is called, and what is typed later does not; a deputy is named with both.
            let token = try #require(house.platform.channel.token("Approve", in: "U2"))
            _ = try await house.press(token, by: "U3", in: "U2")
            _ = try await house.press(try #require(house.platform.channel.token("Approve", in: "U4")), by: "U2")
            let day = String((house.time.now() + .seconds(86_400)).iso8601.prefix(10))
            let typed = house.event(by: "U2", in: "U2", isNamed: false)
            _ = try await house.press(
                try #require(house.platform.channel.token("Approve", in: "U2")),
                by: "U2",
                in: "U2"
            )
            let other = try await house.open("other") {
                $0.approvers = [.person("chat:U2"), .person("chat:U4")]
                $0.quorum = 2
            }
            func approve(_ event: InboundEvent) async throws {
                _ = try await house.database.write {
                    try house.chat.decide("\(other.number)", effect: .approve, comment: "", event, in: $0)
                }
            }
            _ = try await house.database.write { try house.chat.delegate("<@U5>", until: day, typed, in: $0) }
            let unnamed = house.event(by: "U5", in: "U5", isNamed: false)
            await #expect(throws: UnnamedActor(of: unnamed)) { try await approve(unnamed) }
            #expect(try await house.detail(other)?.decisions.isEmpty == true)
            // Nobody knows it, so the id stands in for it.
            try await approve(unnamed.called("U5"))
            let line = try #require(try await house.detail(other)).record.outcomeLine
            #expect(line.hasPrefix("approved by U5 for Person U2 at"), "\(line)")
            let third = try await house.open("third") { $0.approvers = [.person("chat:U2")] }
            _ = try await house.database.write {
                try house.chat.decide("\(third.number)", effect: .approve, comment: "", typed, in: $0)
            }
            #expect(try await house.detail(third)?.decisions.first?.name == "Person U2")
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func rolesAndDelegationsAreWhatTheLogSays(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let (workspace, now) = (house.workspace, house.time.now())
            func grant(_ person: String) async throws {
                try await house.database.write { transaction in
                    try ApproverDirectory().grant(
                        "release",
                        to: person,
                        evidence: "test",
                        workspace: workspace,
                        now: now,
                        in: transaction
                    )
                }
            }
            try await grant("chat:U1")
            try await grant("chat:U1")
            try await grant("chat:U2")
            let isTaken = try await house.database.write { transaction in
                try ApproverDirectory().revoke(
                    "release",
                    from: "chat:U2",
                    evidence: "test",
                    workspace: workspace,
                    now: now,
                    in: transaction
                )
            }
            #expect(isTaken)
            let log = try await house.database.read { transaction in
                try ApprovalAuditLog().entries(about: "role:release", workspace: workspace, in: transaction)
            }
            #expect(log.map(\.type) == ["role_granted", "role_granted", "role_revoked"])
            #expect(log.last?.document["data"]?["person"] == "chat:U2")
            let day = String((now + .seconds(86_400)).iso8601.prefix(10))
            let event = house.event(by: "U1", in: "U1")
            _ = try await house.database.write { try house.chat.delegate("<@U3>", until: day, event, in: $0) }
            #expect(try await house.problems().isEmpty)

            try await house.database.run("update approver_roles set person = 'chat:U7' where person = 'chat:U1'")
            #expect(
                try await house.problems() == [
                    "The log does not say that chat:U7 holds release.",
                    "chat:U1 holds release by the log, but not in its table.",
                ]
            )
            try await house.database.run("update approver_roles set person = 'chat:U1' where person = 'chat:U7'")
            try await house.database.run("update approval_delegations set delegate = 'chat:U7'")
            #expect(try await house.problems().first?.hasSuffix("is not what the log says.") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func linksAreListedLoggedAndUndone(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let ann = try await link("chat:U1", "email:ann@example.org", house)
            #expect(try await link("email:ann@example.org", "teams:7:x", house) == ann)
            let ben = try await link("chat:U2", "email:ben@example.org", house)
            let error = await #expect(throws: ApprovalError.self) { try await link("chat:U1", "chat:U2", house) }
            #expect(error?.reason == .conflict)
            await #expect(throws: ApprovalError.self) { try await link("role:leads", "chat:U7", house) }
            func unlink(_ id: String) async throws -> Bool {
                try await house.database.write { transaction in
                    try ApproverDirectory().unlink(
                        id,
                        evidence: "test",
                        workspace: house.workspace,
                        now: house.time.now(),
                        in: transaction
                    )
                }
            }
            #expect(try await unlink("email:ann@example.org"))
            #expect(try await !unlink("email:ann@example.org"))
            let people = try await house.database.read { transaction in
                try ApproverDirectory().people(workspace: house.workspace, in: transaction)
            }
            #expect(Set(people.map(\.id)) == [ann, ben])
            #expect(people.first { $0.id == ann }?.ids == ["chat:U1", "teams:7:x"])
            let log = try await house.database.read { transaction in
                try ApprovalAuditLog().entries(about: ann, workspace: house.workspace, in: transaction)
            }
            #expect(log.map(\.type) == ["person_linked", "person_linked", "person_unlinked"])
            #expect(try await house.problems().isEmpty)
        }
    }
}
