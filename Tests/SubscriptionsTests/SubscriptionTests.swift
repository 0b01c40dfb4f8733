import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(5))) struct SubscriptionTests {
    @Test(arguments: DatabaseEngine.allCases)
    func filtersDecide(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe("all")
            try await house.subscribe("verdicts") { $0.settings.events = ["verdict"] }
            try await house.subscribe("approvals") { $0.settings.events = ["approval.*"] }
            try await house.subscribe("channel") { $0.settings.channels = ["slack:C1"] }
            try await house.subscribe("tag") { $0.settings.tags = ["release", "urgent"] }
            try await house.subscribe("foreign", workspace: WorkspaceID("chat:T2"))
            try await house.publish(
                house.event("1", channel: "slack:C1"),
                house.event("2", "approval.decided", tags: ["urgent"]),
                house.event("3", "debate_end", channel: "slack:C2")
            )
            _ = try await house.deliverer().deliverDue()
            let got = Dictionary(grouping: house.receiver.requests) { $0.url.split(separator: "/").last ?? "" }
                .mapValues { Set($0.compactMap { $0.json["type"]?.string }) }
            #expect(
                got == [
                    "all": ["verdict", "approval.decided", "debate_end"], "verdicts": ["verdict"],
                    "approvals": ["approval.decided"], "channel": ["verdict"], "tag": ["approval.decided"],
                ]
            )
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func repetitionsAreToldOnce(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            try await house.publish(house.event("1"), house.event("1"), house.event("2"))
            _ = try await house.deliverer().deliverDue()
            try await house.publish(house.event("1"))
            _ = try await house.deliverer().deliverDue()
            #expect(house.receiver.ids.count == 2)
            // In which order is promised to those alone who asked for order.
            let published = ["1", "2"].map { EventMessage.id(of: $0, in: house.workspace).rawValue }
            #expect(Set(house.receiver.ids) == Set(published))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anEventOfATransactionThatFailsIsNone(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            let (sink, event) = (house.sink, house.event("1"))
            await #expect(throws: SubscriptionError.self) {
                try await house.database.write { transaction in
                    try sink.publish(event, in: transaction)
                    throw SubscriptionError(.conflict, "It did not happen.")
                }
            }
            #expect(try await house.deliverer().deliverDue() == 0)
            #expect(try await house.counts() == DeliveryCounts())
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func thinPayloadsHoldIdsAlone(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe("thin") { $0.settings.isThin = true }
            try await house.subscribe("full")
            try await house.publish(house.event("1"))
            _ = try await house.deliverer().deliverDue()
            let bodies = Dictionary(
                house.receiver.requests.map { ($0.url, $0.json) },
                uniquingKeysWith: { first, _ in first }
            )
            let thin = bodies["https://receiver.example/thin"]
            #expect(thin?["data"] == ["debate_id": "d1", "status": "completed"])
            #expect(bodies["https://receiver.example/full"]?["data"]?["final_answer"] == "Forty-two: 1")
            #expect(thin?["id"] == bodies["https://receiver.example/full"]?["id"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aKeyOfIdempotencyMakesOneEndpoint(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let first = try await house.subscribe { $0.idempotencyKey = "k" }
            let second = try await house.subscribe { $0.idempotencyKey = "k" }
            #expect(second.endpoint.id == first.endpoint.id)
            #expect(second.receiverKey?.reveal() == first.receiverKey?.reveal())
            #expect(!first.isRepetition && second.isRepetition)
            await #expect(throws: SubscriptionError.self) {
                try await house.subscribe("other") { $0.idempotencyKey = "k" }
            }
            let elsewhere = try await house.subscribe(workspace: WorkspaceID("chat:T2")) { $0.idempotencyKey = "k" }
            #expect(elsewhere.endpoint.id != first.endpoint.id)
            house.time.advance(by: .seconds(3601))
            #expect(try await house.subscribe { $0.idempotencyKey = "k" }.receiverKey == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoAsksAnewIsToldAnew(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            func ask() async throws -> SubscriptionService.Created {
                try await house.subscribe {
                    $0.idempotencyKey = "k"
                    $0.renewsRepeated = true
                }
            }
            let first = try await ask()
            let deliverer = house.deliverer()
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 410) }
            try await house.publish(house.event("1"))
            _ = try await deliverer.deliverDue()
            #expect(try await house.reload(first.endpoint).status == .disabled)
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 200) }
            let second = try await ask()
            #expect(second.endpoint.id == first.endpoint.id && second.endpoint.status == .active)
            #expect(second.receiverKey != nil && second.receiverKey?.reveal() != first.receiverKey?.reveal())
            try await house.publish(house.event("2"))
            _ = try await deliverer.deliverDue()
            #expect(house.receiver.ids.last == EventMessage.id(of: "2", in: house.workspace).rawValue)
            // What was changed meanwhile is as it was asked for.
            _ = try await house.service.update(first.endpoint.id, workspace: nil) {
                $0.url = "https://receiver.example/other"
                $0.settings.events = ["vote"]
            }
            #expect(try await ask().endpoint.settings.events == ["*"])
            try await house.publish(house.event("3"))
            _ = try await deliverer.deliverDue()
            #expect(house.receiver.requests.last?.url == "https://receiver.example/hook")
            #expect(house.receiver.ids.last == EventMessage.id(of: "3", in: house.workspace).rawValue)
            let third = try await ask().receiverKey?.reveal()
            #expect(try await ask().receiverKey?.reveal() == third)
            // Long after it was made as well, the answer that was lost is given once more.
            house.time.advance(by: .seconds(7200))
            _ = try await house.service.setStatus(.paused, of: first.endpoint.id, workspace: nil)
            let fourth = try await ask().receiverKey?.reveal()
            #expect(fourth != nil)
            #expect(try await ask().receiverKey?.reveal() == fourth)
            // Whoever repeats a call under its own key resumes nothing.
            _ = try await house.service.setStatus(.paused, of: first.endpoint.id, workspace: nil)
            #expect(try await house.subscribe { $0.idempotencyKey = "k" }.endpoint.status == .paused)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func onlyASymmetricSecretHasALegacySignature(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let (asymmetric, symmetric) = (
                try await house.subscribe("one") { $0.scheme = .asymmetric }, try await house.subscribe("two")
            )
            await #expect(throws: SubscriptionError.self) {
                try await house.service.update(asymmetric.endpoint.id, workspace: nil) {
                    $0.settings.addsLegacySignature = true
                }
            }
            let changed = try await house.service.update(symmetric.endpoint.id, workspace: nil) {
                $0.settings.addsLegacySignature = true
            }
            #expect(changed.settings.addsLegacySignature)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func secretsAreSealed(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let key = try await house.subscribe().receiverKey?.reveal() ?? ""
            let rows = try await house.database.run("select sealed_secrets from webhook_configs")
            let stored = try #require(try rows.first?.blob("sealed_secrets"))
            #expect(key.hasPrefix("whsec_"))
            #expect(!String(decoding: stored, as: UTF8.self).contains(key.dropFirst(6)))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func workspacesDoNotSeeEachOther(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            let other = WorkspaceID("chat:T2")
            let service = house.service
            await #expect(throws: SubscriptionError.self) { try await service.find(id, workspace: other) }
            await #expect(throws: SubscriptionError.self) { try await service.delete(id, workspace: other) }
            await #expect(throws: SubscriptionError.self) {
                try await service.deliveries.attempts(of: id, workspace: other, limit: 1, offset: 0)
            }
            #expect(try await service.list(workspace: other, activeOnly: false, limit: 10, offset: 0).total == 0)
            #expect(try await service.list(workspace: nil, activeOnly: true, limit: 10, offset: 0).total == 1)
            try await service.delete(id, workspace: house.workspace)
            await #expect(throws: SubscriptionError.self) { try await service.find(id, workspace: nil) }
        }
    }

    @Test(arguments: [
        "ftp://example.com/", "http://example.com/", "https://", "https://user:pass@example.com/", "example.com",
        "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/hook", "https://169.254.169.254/latest",
        "https://[::ffff:127.0.0.1]/", "https://[fd00:ec2::254]/", "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/", "https://example.com/ x",
    ])
    func addressesThatCannotBeUsed(_ url: String) async throws {
        try await SubscriberHouse.with(.sqlite) { house in
            await #expect(throws: SubscriptionError.self) { try await house.subscribe { $0.url = url } }
        }
    }

    @Test func settingsThatCannotHold() async throws {
        try await SubscriberHouse.with(.sqlite) { house in
            let changes: [@Sendable (inout EndpointDraft) -> Void] = [
                { $0.settings.events = [] }, { $0.settings.events = ["no_such_event"] },
                { $0.settings.events = ["nothing.*"] }, { $0.settings.concurrency = 0 },
                { $0.settings.concurrency = 65 }, { $0.settings.deliveriesPerSecond = 0 },
                { $0.settings.notify = "slack" }, { $0.secret = Secret("short") },
                { $0.headers = [("Host", "example.com")] }, { $0.headers = [("webhook-id", "x")] },
                { $0.headers = [("X", "a\r\nY: b")] },
                {
                    $0.scheme = .asymmetric
                    $0.settings.addsLegacySignature = true
                },
            ]
            for change in changes {
                await #expect(throws: SubscriptionError.self) { try await house.subscribe("x", change) }
            }
        }
    }

    @Test func everyEventIsDocumented() throws {
        let names = EventCatalogue.all.map(\.name)
        #expect(Set(names).count == names.count)
        let original = [
            "debate_start", "debate_end", "consensus", "round_start", "agent_message", "vote", "insight_extracted",
            "memory_stored", "memory_retrieved", "claim_verification_result", "formal_verification_result",
            "gauntlet_complete", "gauntlet_verdict", "receipt_ready", "receipt_exported", "graph_branch_created",
            "graph_branch_merged", "genesis_evolution", "breakpoint", "breakpoint_resolved", "agent_elo_updated",
            "knowledge_indexed", "knowledge_queried", "mound_updated", "calibration_update", "evidence_found",
            "agent_calibration_changed", "agent_fallback_triggered", "explanation_ready",
        ]
        #expect(original.count == 29)
        for name in original { #expect(names.contains(name)) }
        for type in EventCatalogue.all {
            let required = type.schema["properties"]?["data"]?["required"]?.array ?? []
            for member in required { #expect(type.example["data"]?[member.string ?? ""] != nil, "\(type.name)") }
            #expect(Self.objections(to: type.example, type.schema) == [], "\(type.name)")
            // What is promised of thin payloads is what they hold, and enough to ask for the rest.
            #expect(Self.objections(to: type.thinExample, type.thinSchema) == [], "\(type.name)")
            let names = (type.thinExample["data"]?.object ?? [:]).keys
            #expect(!names.isEmpty || type.example["data"] == [:], "\(type.name)")
            #expect(type.example["type"]?.string == type.name)
            #expect(type.example["version"]?.integer == type.version)
        }
    }

    /// What a payload lacks that its schema promises.
    private static func objections(to value: JSONValue, _ schema: JSONValue, at path: String = "") -> [String] {
        var objections: [String] = []
        if let constant = schema["const"], constant != value { objections.append("\(path) is not \(constant.text)") }
        let isOfType =
            switch schema["type"]?.string {
            case "object": value.object != nil
            case "array": value.array != nil
            case "string": value.string != nil
            case "integer": value.integer != nil
            case "number": value.double != nil
            case "boolean": value.bool != nil
            default: true
            }
        if !isOfType { objections.append("\(path) has another type") }
        for name in schema["required"]?.array ?? [] where value[name.string ?? ""] == nil {
            objections.append("\(path)/\(name.text) is missing")
        }
        for (name, part) in schema["properties"]?.object ?? [:] {
            if let member = value[name] { objections += Self.objections(to: member, part, at: "\(path)/\(name)") }
        }
        return objections
    }
}
