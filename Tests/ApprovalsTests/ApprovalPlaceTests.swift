import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// People on a platform, asked on behalf of a workspace that is none of the platform's.
@Suite(.timeLimit(.minutes(5))) struct ApprovalPlaceTests {
    private func connect(_ workspaces: [String], _ house: ApprovalHouse) async throws {
        try await house.database.write { transaction in
            for workspace in workspaces {
                try WorkspaceStore().ensure(
                    WorkspaceID(workspace),
                    platform: "chat",
                    now: house.time.now(),
                    in: transaction
                )
            }
        }
    }

    private func draft(_ key: String, _ approvers: [Approver], quorum: Int = 1) -> ApprovalDraft {
        ApprovalDraft(
            workspace: .local,
            originKey: key,
            kind: "program",
            title: "Ship?",
            question: "Ship?",
            operation: ["do": "ship"],
            policy: ApprovalPolicy(approvers: approvers, quorum: quorum),
            requester: "api:local"
        )
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theOnlyWorkspaceOfAPlatformIsTheOneThatIsMeant(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await connect(["chat:T1"], house)
            let people = ["chat:U1", "chat:U2", "chat:U3", "email:ann@example.org"].map { Approver.person($0) }
            let record = try await house.service.open(draft("k", people, quorum: 4))
            try await house.deliver()
            let messages = house.platform.channel.messages
            #expect(messages.map(\.address.channel).sorted() == ["U1", "U2", "U3"])
            #expect(messages.allSatisfy { $0.address.workspace == house.workspace })
            #expect(house.mail.channel.messages.count == 1)

            let token = try #require(house.platform.channel.token("Approve", in: "U1"))
            #expect(try await house.press(token, by: "U1", in: "U1")?.text.contains("Recorded") == true)
            let event = house.event(by: "U2", in: "U2")
            let (listed, decided) = try await house.database.write { transaction in
                (
                    try house.chat.list(event, in: transaction),
                    try house.chat.decide(
                        "\(record.number)",
                        effect: .approve,
                        comment: "",
                        event,
                        in: transaction
                    )
                )
            }
            guard case .say(let list) = listed else { throw Missing() }
            #expect(list.body.contains("#\(record.number)"))
            #expect(decided.text.contains("Recorded"))
            let thread = try #require(messages.first { $0.address.channel == "U3" }).id
            let typed = house.event(by: "U3", in: "U3", thread: thread)
            let replied = try await house.database.write { try house.chat.reply("1", isDirect: true, typed, in: $0) }
            #expect(replied?.text.contains("Recorded") == true)
            #expect(try await house.detail(record)?.decisions.count == 3)
            try await house.deliver()
            #expect(house.platform.channel.messages.allSatisfy { $0.payload.contains("3 of 4") })
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whereSeveralCouldBeMeantTheAskerIsToldSo(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let people = [Approver.person("chat:U1")]
            let none = await #expect(throws: ApprovalError.self) { try await house.service.open(draft("a", people)) }
            #expect(none?.reason == .invalid && none?.description.contains("connected to no workspace") == true)
            try await connect(["chat:T1", "chat:T2"], house)
            let several = await #expect(throws: ApprovalError.self) {
                try await house.service.open(draft("a", people))
            }
            #expect(several?.description.contains("add `workspace`, one of chat:T1, chat:T2") == true)
            // What asks by itself goes on, and its copy says that it never arrives.
            let record = try await house.database.write { try house.desk.open(draft("b", people), in: $0) }
            let detail = try #require(try await house.detail(record))
            #expect(detail.prompts.map(\.state) == [.failed] && detail.reachesNobody)
            // Nobody of another workspace is meant by the same id.
            let event = house.event(by: "U1", in: "U1")
            let foreign = try await house.database.write {
                try house.chat.decide("\(record.number)", effect: .approve, comment: "", event, in: $0)
            }
            #expect(foreign.text.contains("There is no request"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverIsAskedByNobodyIsKnown(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let cases: [(approver: Approver, reachesNobody: Bool)] = [
                (.role("release"), true), (.person("teams:7"), true), (.role(ApprovalPolicy.operators), false),
                (.person("email:ann@example.org"), false),
            ]
            for (approver, expected) in cases {
                let record = try await house.service.open(draft(approver.text, [approver]))
                let detail = try #require(try await house.detail(record))
                #expect(detail.reachesNobody == expected, "\(approver.text)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLongPromptIsAnsweredUnderAnyOfItsMessages(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let text = String(repeating: "A long text. ", count: 3000)
            let record = try await house.open(operation: ["text": .string(text)]) {
                $0.approvers = [.channel("chat:C1")]
                $0.quorum = 3
            }
            try await house.deliver()
            let messages = house.platform.channel.messages
            #expect(messages.count == 3)
            for (number, message) in messages.enumerated() {
                let event = house.event(by: "U\(number)", in: "C1", thread: message.id)
                let answer = try await house.database.write {
                    try house.chat.reply("1", isDirect: false, event, in: $0)
                }
                #expect(answer?.text.contains("Recorded") == true, "message \(number)")
            }
            #expect(try await house.detail(record)?.record.status == .approved)
        }
    }
}

private struct Missing: Error {}
