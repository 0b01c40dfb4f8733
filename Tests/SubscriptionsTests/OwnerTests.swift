import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import TestSupport
import Testing
import Transport

/// What the owners of endpoints are told, and what they may ask for.
@Suite(.timeLimit(.minutes(5))) struct OwnerTests {
    private func connect(_ workspace: String, _ house: SubscriberHouse) async throws {
        try await house.database.write { transaction in
            try WorkspaceStore().ensure(
                WorkspaceID(workspace),
                platform: "chat",
                now: house.time.now(),
                in: transaction
            )
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theOwnerOfAProgramsWebhookReadsItInTheOnlyWorkspace(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            // Nobody knows yet where that channel is.
            await #expect(throws: SubscriptionError.self) {
                try await house.subscribe(workspace: .local) { $0.settings.notify = "chat:C9" }
            }
            try await connect("chat:T7", house)
            let endpoint = try await house.subscribe(workspace: .local) { $0.settings.notify = "chat:C9" }.endpoint
            #expect(endpoint.settings.notifyPlace == "chat:T7:C9")
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 410) }
            try await house.publish(house.event("1", workspace: .local))
            _ = try await house.deliverer().deliverDue()
            let rows = try await house.database.run("select workspace_id, destination from outbox")
            #expect(try rows.map { try $0.text("workspace_id") } == ["chat:T7"])
            #expect(try rows.first?.text("destination").contains("C9") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func ownersAreToldWhereTheyCanBeReached(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await connect("chat:T1", house)
            try await connect("chat:T2", house)
            func place(_ notify: String, _ workspace: WorkspaceID = .local) async -> String? {
                try? await house.subscribe(workspace: workspace) { $0.settings.notify = notify }.endpoint.settings
                    .notifyPlace
            }
            #expect(await place("chat:T2:C9") == "chat:T2:C9")
            #expect(await place("chat:C9", WorkspaceID("chat:T1")) == "chat:C9")
            #expect(await place("chat:T1:C9", WorkspaceID("chat:T1")) == "chat:C9")
            #expect(await place("chat:19:abc@thread", WorkspaceID("chat:T1")) == "chat:19:abc@thread")
            #expect(await place("mail:ann@example.org") == "mail:ann@example.org")
            // Which of two, no such workspace, no such platform, somebody else's.
            #expect(await place("chat:C9") == nil)
            #expect(await place("chat:T3:C9") == nil)
            #expect(await place("foo:C9") == nil)
            #expect(await place("chat:T2:C9", WorkspaceID("chat:T1")) == nil)
            #expect(await place("chat:T2:C9", WorkspaceID("other:T1")) == nil)
            let id = try await house.subscribe(workspace: .local).endpoint.id
            await #expect(throws: SubscriptionError.self) {
                try await house.service.update(id, workspace: nil) { $0.settings.notify = "foo:C9" }
            }
            let changed = try await house.service.update(id, workspace: nil) { $0.settings.notify = "chat:T1:C9" }
            #expect(changed.settings.notifyPlace == "chat:T1:C9")
            // What has been found out stays, whatever else is changed.
            let renamed = try await house.service.update(id, workspace: nil) { $0.name = "another" }
            #expect(renamed.settings.notifyPlace == "chat:T1:C9")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatIsNotDeliveredToIsNotSaidToBe(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            let deliverer = house.deliverer()
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 410) }
            try await house.publish(house.event("1"))
            _ = try await deliverer.deliverDue()
            let letter = try #require(
                try await house.deliveries.deadLetters(workspace: nil, limit: 10, offset: 0).items.first
            )
            await #expect { try await house.deliveries.retry(deadLetter: letter.number, workspace: nil) } throws: {
                ($0 as? SubscriptionError)?.reason == .conflict
            }
            await #expect {
                try await house.deliveries.replay(.failedSince(Timestamp(milliseconds: 0)), to: id, workspace: nil)
            } throws: { ($0 as? SubscriptionError)?.reason == .conflict }
            _ = try await house.service.setStatus(.paused, of: id, workspace: nil)
            #expect(try await house.deliveries.retry(deadLetter: letter.number, workspace: nil))
            #expect(try await deliverer.deliverDue() == 0)
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 200) }
            _ = try await house.service.setStatus(.active, of: id, workspace: nil)
            #expect(try await deliverer.deliverDue() == 1)
        }
    }

    @Test func pausingNeedsNoGoodAddress() async throws {
        try await SubscriberHouse.with(.sqlite) { house in
            var house = house
            house.addressGuard = AddressGuard(allowing: [try #require(CIDR("10.0.0.0/8"))])
            let id = try await house.subscribe { $0.url = "https://10.1.2.3/hook" }.endpoint.id
            // The operator has taken the range away.
            house.addressGuard = AddressGuard()
            let service = house.service
            #expect(try await service.setStatus(.paused, of: id, workspace: nil).status == .paused)
            #expect(try await service.update(id, workspace: nil) { $0.name = "old" }.name == "old")
            await #expect(throws: SubscriptionError.self) {
                try await service.setStatus(.active, of: id, workspace: nil)
            }
            await #expect(throws: SubscriptionError.self) {
                try await service.update(id, workspace: nil) { $0.url = "https://10.1.2.4/hook" }
            }
        }
    }
}
