import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Logging
import Persistence
import TestSupport
import Testing

/// A platform that is connected to several workspaces, and whoever may be asked where.
@Suite(.timeLimit(.minutes(5))) struct ApprovalWorkspaceTests {
    private let first = WorkspaceID("chat:T1")
    private let second = WorkspaceID("chat:T2")

    private func connect(_ workspaces: [WorkspaceID], _ house: ApprovalHouse) async throws {
        try await house.database.write { transaction in
            for workspace in workspaces {
                try WorkspaceStore().ensure(workspace, platform: "chat", now: house.time.now(), in: transaction)
            }
        }
    }

    private func draft(_ approvers: [Approver], quorum: Int = 1, workspace: WorkspaceID = .local) -> ApprovalDraft {
        ApprovalDraft(
            workspace: workspace,
            originKey: "k",
            kind: "program",
            title: "Ship?",
            question: "Ship?",
            operation: ["do": "ship"],
            policy: ApprovalPolicy(approvers: approvers, quorum: quorum),
            requester: "api:local"
        )
    }

    private func event(by person: String, in channel: String, of workspace: WorkspaceID) -> InboundEvent {
        InboundEvent(
            workspace: workspace,
            originKey: "chat:\(workspace):\(person):\(channel)",
            conversationKey: "chat:\(channel)",
            actor: .init(id: person, displayName: "Person \(person)"),
            address: Address(platform: "chat", workspace: workspace, channel: channel, person: person),
            kind: .command(text: "")
        )
    }

    private func approve(_ record: ApprovalRecord, _ event: InboundEvent, _ house: ApprovalHouse) async throws -> String
    {
        try await house.database.write { transaction in
            try house.chat.decide("\(record.number)", effect: .approve, comment: "", event, in: transaction)
        }.text
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whereSomebodyCannotBeAskedTheOperatorsMayDecide(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await connect([first, second], house)
            let lines = KeptLog.Lines()
            var logging = house
            logging.logger = Logger(label: "test") { _ in KeptLog(lines) }
            let desk = logging.desk
            let asked = draft([.person("chat:U1")])
            let record = try await house.database.write { try desk.openDecidable(asked, in: $0) }
            #expect(lines.all.count == 2 && lines.all.allSatisfy { $0.contains("chat:U1") }, "\(lines.all)")
            #expect(record.policy.approvers == [.person("chat:U1"), .role(ApprovalPolicy.operators)])
            let reply = ApprovalReply(
                actor: ApprovalActor(
                    identity: "api:local",
                    name: "the operator",
                    roles: [ApprovalPolicy.operators],
                    surface: .api,
                    evidence: "e"
                ),
                optionID: "approve"
            )
            #expect(try await house.service.decide(record.id.rawValue, reply).code == "counted")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverIsNamedWithTheirWorkspaceIsAskedThere(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await connect([first, second], house)
            let approvers = [Approver.person("chat:T1:U1"), .channel("chat:T2:C2")]
            let record = try await house.service.open(draft(approvers, quorum: 2))
            try await house.deliver()
            let places = house.platform.channel.messages.map { "\($0.address.workspace) \($0.address.channel)" }
            #expect(places.sorted() == ["chat:T1 U1", "chat:T2 C2"])

            // The same id in another workspace is somebody else's, and so is the same channel.
            for stranger in [event(by: "U1", in: "C9", of: second), event(by: "U9", in: "C2", of: first)] {
                let answer = try await approve(record, stranger, house)
                #expect(!answer.contains("Recorded"), "\(answer)")
            }
            let token = try #require(house.platform.channel.token("Approve", in: "U1"))
            #expect(try await house.press(token, by: "U1", in: "U1")?.text.contains("Recorded") == true)
            let answer = try await approve(record, event(by: "U5", in: "C2", of: second), house)
            #expect(answer.contains("Recorded"), "\(answer)")
            #expect(try await house.detail(record)?.record.status == .approved)
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoeverDecidesForThemIsAskedThereToo(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await connect([first, second], house)
            let earlier = try await house.service.open(draft([.person("chat:T1:U1")]))
            let day = String((house.time.now() + .seconds(86_400)).iso8601.prefix(10))
            let said = event(by: "U1", in: "U1", of: first)
            _ = try await house.database.write { try house.chat.delegate("<@U3>", until: day, said, in: $0) }
            var next = draft([.person("chat:T1:U1")])
            next.originKey = "later"
            let later = try await house.service.open(next)
            for record in [earlier, later] {
                let copies = try #require(try await house.detail(record)).prompts
                let places = copies.map { "\($0.workspace) \($0.recipient)" }.sorted()
                #expect(places == ["chat:T1 chat:U1", "chat:T1 chat:U3"])
                let stranger = try await approve(record, event(by: "U3", in: "U3", of: second), house)
                #expect(!stranger.contains("Recorded"), "\(stranger)")
                let answer = try await approve(record, event(by: "U3", in: "U3", of: first), house)
                #expect(answer.contains("Recorded"), "\(answer)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func inTheirOwnWorkspaceBothNamesAreOne(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await connect([first, second], house)
            let record = try await house.open { policy in
                policy.approvers = [.person("chat:T1:U1"), .channel("chat:T1:C1")]
                policy.escalations = [.init(after: .seconds(60), approvers: [.person("chat:T1:U2")])]
            }
            #expect(record.policy.approvers == [.person("chat:U1"), .channel("chat:C1")])
            #expect(record.policy.escalations.map(\.approvers) == [[.person("chat:U2")]])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatBelongsToOneWorkspaceIsAskedInNoOtherOne(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await connect([first], house)
            let approvers = [Approver.person("chat:U7"), .channel("chat:C9"), .person("chat:T1:U7")]
            for approver in approvers {
                let foreign = draft([approver], workspace: WorkspaceID("tenant"))
                let error = await #expect(throws: ApprovalError.self) { try await house.service.open(foreign) }
                #expect(error?.reason == .invalid, "\(approver.text)")
                let text = error?.description.replacing(approver.text, with: "") ?? ""
                #expect(!text.contains("chat:T1"), "\(text)")
            }
            // A platform's workspace neither asks in another one of it.
            try await connect([second], house)
            let other = draft([.person("chat:T1:U7")], workspace: second)
            await #expect(throws: ApprovalError.self) { try await house.service.open(other) }
            // A program that has its workspace does not hear which others there are.
            let unclear = draft([.person("chat:U7")])
            let error = await #expect(throws: ApprovalError.self) {
                try await house.service.open(unclear, choosesWorkspace: false)
            }
            #expect(error?.description.contains("chat:T2") == false)
            #expect(try await house.database.run("select 1 from outbox").isEmpty)
            #expect(try await house.database.run("select 1 from approval_requests").isEmpty)
        }
    }
}
