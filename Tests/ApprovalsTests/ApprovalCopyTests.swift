import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import Synchronization
import TestSupport
import Testing

/// What the copies of a prompt say, and who gets another one.
@Suite(.timeLimit(.minutes(5))) struct ApprovalCopyTests {
    private func approve(_ record: ApprovalRecord, by id: String, _ house: ApprovalHouse) async throws {
        let answer = try await house.service.decide(
            record.id.rawValue,
            ApprovalReply(
                actor: ApprovalActor(identity: id, name: id, surface: .command, evidence: id),
                optionID: "approve"
            )
        )
        #expect(answer.code == "counted")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCopyThatCannotBeChangedIsAnswered(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open { $0.reminderAfter = .seconds(10) }
            #expect(try await house.detail(record)?.prompts.allSatisfy { $0.shown.isEmpty } == true)
            try await house.deliver()
            house.time.advance(by: .seconds(10))
            _ = try await house.clock(house.database).fireDue()
            try await house.deliver()
            #expect(house.platform.channel.messages.count == 6)
            try await approve(record, by: "chat:U1", house)
            // Nothing has been changed yet, and nothing says so.
            let before = try #require(try await house.detail(record))
            #expect(before.prompts.allSatisfy { $0.state == .open && $0.shown == "0 of 1 so far" })
            let refused = SendOutcome.permanent(code: "edit_window_closed", description: "Too old.")
            house.platform.channel.script(.answer(refused), .answer(refused), .answer(refused), .answer(refused))
            try await house.deliver()
            let messages = house.platform.channel.messages
            let answers = messages.filter { $0.payload.hasPrefix("Ship release 7?: approved") }
            // Each place has a prompt and a reminder; two places were answered once, or fewer places twice.
            #expect(answers.count == Set(answers.map(\.address.channel)).count)
            let stale = Set(messages.filter { $0.payload.contains("[Approve]") }.map(\.address.channel))
            #expect(!stale.isEmpty && stale == Set(answers.map(\.address.channel)))
            let after = try #require(try await house.detail(record))
            #expect(after.prompts.allSatisfy { $0.state == .closed && $0.shown == after.record.outcomeLine })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCopyThatShowsAnotherTextIsPostedAnew(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open(operation: ["text": "Hello"]) {
                $0.approvers = [.person("chat:U1"), .person("chat:U2"), .role("operator")]
                $0.quorum = 3
                $0.allowsEdit = true
            }
            try await house.deliver()
            let refused = SendOutcome.permanent(code: "cant_update_message", description: "No.")
            house.platform.channel.script(.answer(refused), .answer(refused))
            let actor = ApprovalActor(identity: "chat:U1", name: "Ann", surface: .api, evidence: "e")
            _ = try await house.service.decide(
                record.id.rawValue,
                ApprovalReply(actor: actor, optionID: "approve", editedText: "Good morning")
            )
            // One more answer, of which the same edit tells.
            let other = ApprovalActor(identity: "api:x", name: "x", roles: ["operator"], surface: .api, evidence: "e")
            let hash = try await house.detail(record)?.record.operationHash
            _ = try await house.service.decide(
                record.id.rawValue,
                ApprovalReply(actor: other, optionID: "approve", operationHash: hash)
            )
            try await house.deliver()
            let renewed = try #require(
                house.platform.channel.messages.last { $0.address.channel == "U2" }?.payload
            )
            #expect(renewed.contains("Good morning"))
            let token = try #require(renewed.split(separator: "\n").first { $0.hasPrefix("[Approve]") }?.dropFirst(9))
            let answer = try await house.press(String(token), by: "U2", in: "U2")
            #expect(answer?.text.contains("is approved") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func nothingIsSentToCopiesWhereTheAppWasRemoved(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open()
            let (workspace, now) = (house.workspace, house.time.now())
            try await house.database.write { transaction in
                try OutboxStore().abandon(
                    workspace: workspace,
                    platform: "chat",
                    note: OutboxNote(code: "uninstalled", message: "The workspace removed the app."),
                    now: now,
                    in: transaction
                )
            }
            try await approve(record, by: "chat:U1", house)
            let detail = try #require(try await house.detail(record))
            #expect(detail.record.status != .pending && detail.prompts.count == 3)
            #expect(detail.prompts.allSatisfy { $0.state == .failed })
            let open = try await house.database.run(
                "select 1 as open from outbox where status in (0, 1, 4) and workspace_id = \(workspace)"
            )
            #expect(open.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func onlyThoseAreRemindedWhoMayStillAnswer(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let now = house.time.now()
            try await house.database.write { transaction in
                _ = try ApproverDirectory().link(
                    "chat:U1",
                    "email:ann@example.org",
                    user: "ann",
                    evidence: "test",
                    workspace: house.workspace,
                    now: now,
                    in: transaction
                )
                try house.desk.delegations.give(
                    from: ApprovalActor(identity: "chat:U2", name: "Ben", surface: .command, evidence: "e"),
                    to: "chat:U3",
                    until: now + .seconds(5),
                    workspace: house.workspace,
                    in: transaction
                )
            }
            let record = try await house.open {
                $0.approvers = [.person("chat:U1"), .person("chat:U2")]
                $0.quorum = 2
                $0.reminderAfter = .seconds(10)
            }
            try await house.deliver()
            #expect(house.platform.channel.prompts.map(\.address.channel).sorted() == ["U1", "U2", "U3"])
            #expect(house.mail.channel.messages.count == 1)
            try await approve(record, by: "chat:U1", house)
            house.time.advance(by: .seconds(10))
            _ = try await house.clock(house.database).fireDue()
            let reminders = try #require(try await house.detail(record)).prompts.filter { $0.reminderOf != nil }
            #expect(reminders.map(\.recipient) == ["chat:U2"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func twoThatAnswerTwoRequestsDoNotWaitForEachOther(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let rounds = 20
            var requests: [ApprovalRecord] = []
            for key in ["one", "two"] {
                requests.append(
                    try await house.open(key) {
                        $0.approvers = [.channel("chat:C1")]
                        $0.quorum = 1000
                    }
                )
            }
            let tries = Tries()
            let (forward, backward) = (requests, Array(requests.reversed()))
            for round in 0..<rounds {
                try await withThrowingTaskGroup { group in
                    for (name, order) in [("F", forward), ("B", backward)] {
                        group.addTask {
                            try await house.database.write { transaction in
                                tries.count()
                                for record in order {
                                    let event = house.event(by: "\(name)\(round)", in: "C1", key: "\(name)\(round)")
                                    _ = try house.chat.decide(
                                        "\(record.number)",
                                        effect: .approve,
                                        comment: "",
                                        event,
                                        in: transaction
                                    )
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            // A transaction that waited for one that waited for it would have been taken back and tried again.
            #expect(tries.number == 2 * rounds)
            #expect(try await house.detail(requests[0])?.decisions.count == 2 * rounds)
        }
    }
}

private final class Tries: Sendable {
    private let value = Mutex(0)
    var number: Int { value.withLock { $0 } }
    func count() { value.withLock { $0 += 1 } }
}
