import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import TestSupport
import Testing
import Transport

/// An endpoint of which something stored cannot be read keeps nothing from anybody else, and loses nothing itself.
@Suite(.timeLimit(.minutes(5))) struct UnreadableTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aSecretThatDoesNotOpenHoldsUpNobodyElse(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let bad = try await house.subscribe("bad").endpoint
            let good = try await house.subscribe("good", workspace: WorkspaceID("chat:T2")).endpoint
            let rows = try await house.database.run("select sealed_secrets from webhook_configs where id = \(bad.id)")
            let sealed = try #require(try rows.first?.blob("sealed_secrets"))
            try await house.database.run(
                "update webhook_configs set sealed_secrets = \([0] as [UInt8]) where id = \(bad.id)"
            )
            try await house.publish(house.event("1"), house.event("1", workspace: good.workspace))
            let deliverer = house.deliverer()
            #expect(try await deliverer.deliverDue() == 1)
            #expect(house.receiver.requests.map(\.url) == ["https://receiver.example/good"])
            let held = try await house.reload(bad)
            #expect(held.status == .active && held.failingSince == house.time.now())
            #expect(held.statusReason?.contains("stored secret cannot be read") == true)
            // What comes meanwhile reaches the other one, and the bad one is left alone.
            try await house.publish(house.event("2", workspace: good.workspace))
            #expect(try await deliverer.deliverDue() == 1)
            #expect(try await house.counts() == DeliveryCounts(waiting: 1, delivered: 2))
            // Once it opens, what was owed arrives.
            try await house.database.run(
                "update webhook_configs set sealed_secrets = \(sealed) where id = \(bad.id)"
            )
            house.time.advance(by: .seconds(61))
            #expect(try await deliverer.deliverDue() == 1)
            let mended = try await house.reload(bad)
            #expect(mended.statusReason == nil && mended.failingSince == nil)
            #expect(try await house.counts() == DeliveryCounts(delivered: 3))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aSecretThatDoesNotOpenForDaysDisablesItsEndpoint(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let bad = try await house.subscribe { $0.settings.notify = "chat:C9" }.endpoint
            // That it failed long ago does not count.
            let longAgo = house.time.now() - .seconds(30 * 24 * 3600)
            try await house.database.run(
                "update webhook_configs set sealed_secrets = \([0] as [UInt8]), failing_since = \(longAgo)"
            )
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            for _ in 0..<5 {
                #expect(try await deliverer.deliverDue() == 0)
                #expect(try await house.reload(bad).status == .active)
                house.time.advance(by: .seconds(24 * 3600))
            }
            #expect(try await deliverer.deliverDue() == 0)
            let disabled = try await house.reload(bad)
            #expect(disabled.status == .disabled)
            #expect(disabled.statusReason?.contains("has not been readable since") == true)
            #expect(try await house.database.run("select 1 from outbox").count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aSecretThatDoesNotOpenIsReplaced(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let bad = try await house.subscribe("bad") { $0.headers = [("X-Token", "one")] }.endpoint
            try await house.database.run("update webhook_configs set sealed_secrets = \([0] as [UInt8])")
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            #expect(try await deliverer.deliverDue() == 0)
            func rotate() async throws -> SubscriptionService.Created {
                try await house.service.rotate(bad.id, workspace: nil, to: nil, scheme: nil, overlap: .seconds(60))
            }
            let mended = try await rotate()
            #expect(mended.hasLostFormer && mended.receiverKey?.reveal().hasPrefix("whsec_") == true)
            // What waited arrives at once, signed with the new one alone.
            #expect(try await deliverer.deliverDue() == 1)
            let request = try #require(house.receiver.requests.first)
            #expect(request.header("webhook-signature")?.split(separator: " ").count == 1)
            #expect(request.header("X-Token") == nil)
            #expect(try await house.reload(bad).statusReason == nil)
            #expect(try await !rotate().hasLostFormer)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func damagedSettingsHoldUpNobodyElse(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let bad = try await house.subscribe("bad").endpoint
            try await house.subscribe("good")
            try await house.database.run("update webhook_configs set settings_json = '{' where id = \(bad.id)")
            try await house.publish(house.event("1"))
            #expect(try await house.deliverer().deliverDue() == 1)
            #expect(house.receiver.requests.map(\.url) == ["https://receiver.example/good"])
            // Nothing is lost that somebody may mend.
            #expect(try await house.counts() == DeliveryCounts(waiting: 1, delivered: 1))
            let list = try await house.service.list(workspace: nil, activeOnly: false, limit: 10, offset: 0).items
            #expect(list.count == 2 && list.first { $0.id == bad.id }?.damage?.contains("settings_json") == true)
            let mended = try await house.service.update(bad.id, workspace: nil) { $0.settings.events = ["verdict"] }
            #expect(mended.damage == nil && mended.settings.events == ["verdict"])
            house.time.advance(by: .seconds(61))
            #expect(try await house.deliverer().deliverDue() == 1)
        }
    }
}
