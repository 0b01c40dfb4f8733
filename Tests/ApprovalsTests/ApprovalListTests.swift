import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// Many requests, and long ones.
@Suite(.timeLimit(.minutes(5))) struct ApprovalListTests {
    private func list(_ house: ApprovalHouse) async throws -> [ApprovalListing] {
        try await house.database.read { transaction in
            try ApprovalRequestStore().list(
                workspace: house.workspace,
                status: .pending,
                limit: 500,
                in: transaction
            ) { $0 }.items
        }
    }

    private func draft(_ key: String, _ house: ApprovalHouse, _ change: (inout ApprovalDraft) -> Void = { _ in })
        -> ApprovalDraft
    {
        var draft = ApprovalDraft(
            workspace: house.workspace,
            originKey: key,
            kind: "program",
            title: "Ship?",
            question: "Ship?",
            operation: ["do": "ship"],
            policy: ApprovalPolicy(approvers: [.person("chat:U1")], expiresAfter: nil),
            requester: "api:local"
        )
        change(&draft)
        return draft
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aListHoldsNoLongTexts(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let text = String(repeating: "A long text. ", count: 70_000)
            // More than are read at once, for somebody who is asked by nobody.
            for number in 1...60 {
                let made = draft("\(number)", house) {
                    $0.operation = ["text": .string(text)]
                    $0.policy.approvers = [.role("release")]
                    $0.priority = number == 1 ? 1 : 3
                }
                _ = try await house.service.open(made)
            }
            let everything = draft("everything", house) {
                ($0.context, $0.metadata) = (text, ["note": .string(text)])
                $0.question = String(repeating: "Ship? ", count: 1000)
                $0.policy.approvers = (1...900).map { .person("api:key:\($0)") }
            }
            _ = try await house.service.open(everything)
            let short = try await house.service.open(draft("short", house))

            let listed = try await list(house)
            #expect(listed.count == 62)
            #expect(
                listed.map(\.record.number) == [listed[0].record.number]
                    + listed.dropFirst().map(\.record.number).sorted(by: >)
            )
            #expect(listed[0].record.priority == 1)
            let bytes = listed.reduce(0) { count, item in
                let record = item.record
                let texts = [record.question, record.context, record.operation.text, record.metadata.text]
                return texts.reduce(count) { $0 + $1.utf8.count }
            }
            #expect(bytes < 62 * 4 * ApprovalListing.longestText)
            #expect(listed.filter { $0.leftOut == [.operation] }.count == 60)
            #expect(listed[1].leftOut.isEmpty && listed[1].record.operation == ["do": "ship"])
            #expect(listed[2].leftOut == [.question, .context, .policy, .metadata])

            // What waits for somebody is found behind all that does not.
            let event = house.event(by: "U1", in: "U1")
            guard case .say(let said) = try await house.database.write({ try house.chat.list(event, in: $0) }) else {
                throw NothingSaid()
            }
            #expect(said.body.contains("#\(short.number)") && !said.body.contains("#\(listed[0].record.number)"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDelegateIsShownAllOfALongRequest(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let text = String(repeating: "A long text. ", count: 1000)
            let record = try await house.service.open(draft("long", house) { $0.operation = ["text": .string(text)] })
            let event = house.event(by: "U1", in: "U1")
            let day = String((house.time.now() + .seconds(3 * 24 * 3600)).iso8601.prefix(10))
            _ = try await house.database.write { try house.chat.delegate("<@U2>", until: day, event, in: $0) }
            try await house.deliver()
            let prompts = house.platform.channel.prompts.filter { $0.address.channel == "U2" }
            #expect(prompts.count == 1 && prompts[0].payload.contains(text))
            let typed = house.event(by: "U2", in: "U2", thread: try #require(prompts.first).id)
            let answer = try await house.database.write { try house.chat.reply("1", isDirect: true, typed, in: $0) }
            #expect(answer?.text.contains("Recorded") == true)
            #expect(try await house.detail(record)?.record.operation == ["text": .string(text)])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func noMoreThanSoManyMayWait(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let service = ApprovalService(database: house.database, desk: house.desk, mostPending: 2)
            let first = try await service.open(draft("one", house))
            _ = try await service.open(draft("two", house))
            let refused = await #expect(throws: ApprovalError.self) { try await service.open(draft("three", house)) }
            #expect(refused?.code == "too_many_pending" && refused?.description.contains("withdraw") == true)
            #expect(try await list(house).count == 2)
            // What was made before is found, another workspace has its own number, and the gateway itself is not refused.
            #expect(try await service.open(draft("one", house)).id == first.id)
            _ = try await service.open(draft("three", house) { $0.workspace = WorkspaceID("chat:T2") })
            _ = try await house.database.write { try house.desk.open(draft("own", house), in: $0) }
            #expect(try await service.open(draft("one", house)).id == first.id)
            let others = try await list(house).map(\.record.id).filter { $0 != first.id }
            for (position, id) in others.enumerated() {
                _ = try await house.database.write {
                    try house.desk.withdraw(id, workspace: house.workspace, in: $0)
                }
                let made = try? await service.open(draft("three", house))
                #expect((made != nil) == (position == 1))
            }
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test func oneCharacterIsNoMoreThanItsParts() async throws {
        try await ApprovalHouse.with(.sqlite) { house in
            let letter = "e" + String(repeating: "\u{301}", count: 100_000)
            #expect(letter.count == 1)
            let drafts = [
                draft("title", house) { $0.title = letter }, draft("question", house) { $0.question = letter },
                draft("kind", house) { $0.kind = letter }, draft("debate", house) { $0.debate = DebateID(letter) },
                draft("label", house) {
                    $0.policy.options[0] = ApprovalOption(id: "yes", label: letter, effect: .approve)
                },
                draft("approvers", house) {
                    $0.policy.approvers = (1...1000).map {
                        .person("api:key:\($0):\(String(repeating: "x", count: 100))")
                    }
                },
            ]
            for draft in drafts {
                let refused = await #expect(throws: ApprovalError.self) { try await house.service.open(draft) }
                #expect(refused?.reason == .invalid, "\(draft.originKey)")
            }
        }
    }
}

private struct NothingSaid: Error {}
