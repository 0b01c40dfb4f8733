import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// Tries again where the database is too busy for now, as the inbox and every client does.
private func insisting(_ body: () async throws -> String) async throws -> String {
    while true {
        do {
            return try await body()
        } catch let error as DatabaseError where error.isRetryable {
            continue
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct ApprovalCrowdTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aThousandAnswersAtOnceHaveOneOutcome(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open {
                $0.approvers = [.channel("chat:C1"), .role("operator")]
                $0.approvers += (0..<200).map { .person("email:p\($0)@example.org") }
                $0.quorum = 3
            }
            try await house.deliver()
            let button = try #require(house.platform.channel.token("Approve", in: "C1"))
            let links = (0..<200).compactMap {
                house.mail.channel.token("Look at it and decide", in: "p\($0)@example.org")?.split(separator: "/").last
                    .map(String.init)
            }
            #expect(links.count == 200)
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await insisting { try await house.press(button, by: "B\(number)")?.text ?? "" }
                    }
                    group.addTask {
                        let event = house.event(by: "K\(number)", in: "C1", key: "k\(number)")
                        return try await insisting {
                            try await house.database.write {
                                try house.chat.decide("\(record.number)", effect: .approve, comment: "", event, in: $0)
                            }.text
                        }
                    }
                    group.addTask {
                        try await insisting {
                            try await house.service.decide(
                                token: links[number],
                                option: "approve",
                                comment: "",
                                editedText: nil,
                                evidence: "m\(number)"
                            )?.text ?? ""
                        }
                    }
                    for surface in [ApprovalActor.Surface.page, .api] {
                        group.addTask {
                            let actor = ApprovalActor(
                                identity: "api:\(surface)-\(number)",
                                name: "\(surface) \(number)",
                                roles: ["operator"],
                                surface: surface,
                                evidence: "\(surface)\(number)"
                            )
                            return try await insisting {
                                try await house.service.decide(
                                    record.id.rawValue,
                                    ApprovalReply(actor: actor, optionID: "approve")
                                ).text
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 1000 && answers.allSatisfy { !$0.isEmpty })
            #expect(answers.count { $0.hasPrefix("Recorded") } == 3)
            #expect(answers.count { $0.hasPrefix("Too late") } == 997)
            try await house.deliver()
            let detail = try #require(try await house.detail(record))
            #expect(detail.record.status == .approved && detail.decisions.count == 3)
            #expect(detail.log.map(\.type) == ["requested", "decided", "decided", "decided"])
            #expect(detail.prompts.count == 201 && Set(detail.prompts.map(\.shown)) == [detail.record.outcomeLine])
            #expect(detail.prompts.allSatisfy { $0.state == .closed })
            #expect(house.platform.channel.texts.allSatisfy { $0.contains(detail.record.outcomeLine) })
            #expect(house.mail.channel.texts.count { $0.contains(": approved") } == 200)
            #expect(try await house.problems().isEmpty)
            let events = try await house.database.run("select platform from oauth_states order by state_hash")
            #expect(try events.count { try $0.text("platform") == "approval.decided" } == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func timeTakesEachStepOnceWithTwoGateways(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open {
                $0.reminderAfter = .seconds(10)
                $0.escalations = [.init(after: .seconds(20), approvers: [.person("chat:U7")])]
                $0.expiresAfter = .seconds(30)
                $0.expiryOutcome = .rejected
            }
            let actor = ApprovalActor(identity: "chat:U1", name: "Ann", surface: .command, evidence: "e")
            let end = house.time.now() + .seconds(15)
            try await house.database.write {
                try house.desk.delegations.give(
                    from: actor,
                    to: "chat:U3",
                    until: end,
                    workspace: house.workspace,
                    in: $0
                )
            }
            let other = engine == .sqlite ? house.database : try house.test.open()
            func tick(_ seconds: Int) async throws -> Int {
                house.time.advance(by: .seconds(seconds))
                return try await withThrowingTaskGroup(of: Int.self) { group in
                    for database in [house.database, other, house.database, other] {
                        group.addTask { try await house.clock(database).fireDue() }
                    }
                    return try await group.reduce(0, +)
                }
            }
            #expect(try await tick(9) == 0)
            #expect(try await tick(1) == 1)
            #expect(try await tick(5) == 1)
            #expect(try await tick(5) == 1)
            #expect(try await tick(10) == 1)
            #expect(try await tick(100_000) == 0)
            if engine == .postgres { await other.close() }
            try await house.deliver()
            #expect(try await house.logged(record) == ["requested", "reminded", "escalated", "expired"])
            let detail = try #require(try await house.detail(record))
            #expect(detail.record.status == .rejected)
            // Four first copies (one for the deputy), their reminders, and the one to whom it was escalated.
            #expect(detail.prompts.count == 9)
            #expect(detail.prompts.count { $0.reminderOf != nil } == 4)
            let texts = house.platform.channel.prompts.map(\.payload)
            #expect(texts.count == 9 && texts.allSatisfy { $0.contains("rejected because its time was over") })
            let late = try await house.press("x", by: "U3")
            #expect(late == nil)
            let deputy = try await house.service.decide(
                record.id.rawValue,
                ApprovalReply(
                    actor: ApprovalActor(identity: "chat:U3", name: "Ben", surface: .command, evidence: "e"),
                    optionID: "approve"
                )
            )
            #expect(deputy.code == "forbidden")
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDeputyDecidesUntilTheEnd(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let event = house.event(by: "U1", in: "U1")
            let answer = try await house.database.write {
                try house.chat.delegate("<@U3>", until: "2099-01-01", event, in: $0)
            }
            #expect(answer.text.contains("within a year"))
            let day = String((house.time.now() + .seconds(86_400)).iso8601.prefix(10))
            _ = try await house.database.write { try house.chat.delegate("<@U3>", until: day, event, in: $0) }
            let record = try await house.open { $0.approvers = [.person("chat:U1")] }
            try await house.deliver()
            #expect(house.platform.channel.prompts.map(\.address.channel).sorted() == ["U1", "U3"])
            let token = try #require(house.platform.channel.token("Approve", in: "U3"))
            _ = try await house.press(token, by: "U3", in: "U3")
            let decision = try #require(try await house.detail(record)?.decisions.first)
            #expect(decision.seat == "chat:U1" && decision.actor == "chat:U3")
            let own = try #require(house.platform.channel.token("Approve", in: "U1"))
            let late = try await house.press(own, by: "U1", in: "U1")
            #expect(late?.text.contains("Too late") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDelegationIsToldOnceAndGoesNoFurther(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let day = String((house.time.now() + .seconds(86_400)).iso8601.prefix(10))
            func delegate(by person: String, to other: String, _ key: String) async throws -> String {
                let event = house.event(by: person, in: person, key: key)
                return try await house.database.write {
                    try house.chat.delegate(other, until: day, event, in: $0).text
                }
            }
            // U2 decides for U0 and U4 for U3; then U2 lets U3 decide.
            _ = try await delegate(by: "U0", to: "<@U2>", "first")
            _ = try await delegate(by: "U3", to: "<@U4>", "second")
            let own = try await house.open("own") { $0.approvers = [.person("chat:U2")] }
            let lent = try await house.open("lent") { $0.approvers = [.person("chat:U0")] }
            // The platform may tell of one message twice.
            for _ in 0..<2 {
                #expect(try await delegate(by: "U2", to: "<@U3|ben>", "third").contains("ben (chat:U3) may decide"))
            }
            let rows = try await house.database.run("select delegate from approval_delegations order by delegate")
            #expect(try rows.map { try $0.text("delegate") } == ["chat:U2", "chat:U3", "chat:U4"])
            let log = try await house.database.run(
                "select count(*) as entries from governance_artifacts where artifact_type = 'delegated'"
            )
            #expect(try log.first?.integer("entries") == 3)
            #expect(try await house.detail(own)?.prompts.map(\.recipient).sorted() == ["chat:U2", "chat:U3"])
            #expect(try await house.detail(lent)?.prompts.map(\.recipient).sorted() == ["chat:U0", "chat:U2"])
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test func onlyAMentionThatThePlatformResolvedNamesAPerson() async throws {
        try await ApprovalHouse.with(.sqlite) { house in
            let day = String((house.time.now() + .seconds(86_400)).iso8601.prefix(10))
            func delegate(_ person: String) async throws -> String {
                let event = house.event(by: "U1", in: "U1", key: person, mentions: ["ben b": "U3", "U4": "U4"])
                return try await house.database.write {
                    try house.chat.delegate(person, until: day, event, in: $0).text
                }
            }
            for (person, shown) in [("@ben b", "ben b (chat:U3)"), ("@U4", "chat:U4"), ("chat:U5", "chat:U5")] {
                let answer = try await delegate(person)
                #expect(answer.contains(", \(shown) may decide"), "\(answer)")
            }
            for typed in ["@BEN", "@U7", "@ben", "ben", "BEN"] {
                let answer = try await delegate(typed)
                #expect(answer.hasPrefix("Name the person"), "\(typed): \(answer)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func buttonsWorkAfterARestart(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open()
            try await house.deliver()
            let token = try #require(house.platform.channel.token("Approve", in: "U2"))
            let restarted = try ApprovalHouse(test: house.test)
            let answer = try await restarted.press(token, by: "U2", in: "U2")
            #expect(answer?.text.contains("is approved") == true)
            #expect(try await restarted.detail(record)?.record.status == .approved)
        }
    }
}
