import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import TestSupport
import Testing
import Transport

/// What disables an endpoint, and what is forgotten.
@Suite(.timeLimit(.minutes(5))) struct HealthTests {
    private static let day = Duration.seconds(24 * 3600)

    @Test(arguments: DatabaseEngine.allCases)
    func aFailureOfLongAgoDoesNotCount(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            let deliverer = house.deliverer()
            func fail(_ key: String) async throws {
                house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 503) }
                try await house.publish(house.event(key))
                _ = try await deliverer.deliverDue()
                // Nothing of it is tried again, as if somebody had settled it.
                try await house.database.run("delete from webhooks where status = 0")
            }
            try await fail("1")
            let first = try #require(try await house.reload(endpoint).failingSince)
            house.time.advance(by: Self.day)
            try await fail("2")
            #expect(try await house.reload(endpoint).failingSince == first)
            house.time.advance(by: Self.day * 6)
            try await fail("3")
            #expect(try await house.reload(endpoint).status == .active)
            #expect(try await house.reload(endpoint).failingSince == house.time.now())
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aTestThatFailsIsNoFailure(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            let deliverer = house.deliverer()
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 500) }
            for _ in 0..<6 {
                _ = try await house.deliveries.test(endpoint.id, workspace: nil, patience: .zero)
                #expect(try await deliverer.deliverDue() == 1)
                house.time.advance(by: Self.day)
            }
            let now = try await house.reload(endpoint)
            #expect(now.status == .active && now.failingSince == nil && now.lastDeliveryAt == nil)
            #expect(now.failureCount == 6)
            // Nobody is owed a test: it stays in the log alone.
            #expect(try await house.deliveries.deadLetters(workspace: nil, limit: 10, offset: 0).total == 0)
            #expect(try await house.counts() == DeliveryCounts())
            #expect(try await house.attempts(endpoint).count == 6)
            let range = Replay.range(since: Timestamp(milliseconds: 0), until: house.time.now())
            #expect(try await house.deliveries.replay(range, to: endpoint.id, workspace: nil).count == 0)
            // One that succeeds shows that the endpoint is well.
            try await house.publish(house.event("1"))
            _ = try await deliverer.deliverDue()
            #expect(try await house.reload(endpoint).failingSince != nil)
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 200) }
            _ = try await house.deliveries.test(endpoint.id, workspace: nil, patience: .zero)
            _ = try await deliverer.deliverDue()
            #expect(try await house.reload(endpoint).failingSince == nil)
            // The test that arrived is no event either.
            let again = Replay.range(since: Timestamp(milliseconds: 0), until: house.time.now() + Self.day)
            let delivered = try await house.attempts(endpoint).filter { $0.isDelivered && $0.type != "webhook.test" }
            let replayed = try await house.deliveries.replay(again, to: endpoint.id, workspace: nil)
            #expect(replayed.count == delivered.count)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWaitsForAPausedEndpointIsForgottenWithTheRest(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let paused = try await house.subscribe("paused") { $0.settings.events = ["vote"] }.endpoint.id
            try await house.subscribe("active") { $0.settings.events = ["verdict"] }
            _ = try await house.service.setStatus(.paused, of: paused, workspace: nil)
            for number in 1...3 {
                try await house.publish(
                    house.event("vote \(number)", "vote"),
                    house.event("verdict \(number)", "verdict")
                )
            }
            house.time.advance(by: Self.day * 30)
            try await house.publish(house.event("vote 4", "vote"))
            var rounds = 1
            while try await house.deliveries.purge(olderThan: Self.day * 7, limit: 2) { rounds += 1 }
            // What an active endpoint is owed stays, however old it is.
            #expect(rounds == 2)
            #expect(try await house.counts() == DeliveryCounts(waiting: 4))
            #expect(try await house.database.run("select 1 from webhook_messages").count == 4)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatNobodyIsOwedIsForgotten(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let gone = try await house.subscribe("gone").endpoint.id
            try await house.subscribe("there")
            for number in 1...3 { try await house.publish(house.event("\(number)")) }
            try await house.database.run("delete from webhook_configs where id = \(gone)")
            let first = try #require(try await house.database.run("select message_id from webhook_messages").first)
            try await house.database.run(
                "delete from webhook_messages where message_id = \(try first.text("message_id"))"
            )
            #expect(try await house.counts() == DeliveryCounts(waiting: 6))
            try await house.deliveries.sweep(limit: 2)
            #expect(try await house.counts() == DeliveryCounts(waiting: 2))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func attemptsAreForgottenALittleAtATime(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            let deliverer = house.deliverer()
            for number in 1...3 { try await house.publish(house.event("\(number)")) }
            while try await deliverer.deliverDue() > 0 {}
            house.time.advance(by: Self.day * 30)
            #expect(try await house.deliveries.purge(olderThan: Self.day, limit: 2))
            #expect(try await house.attempts(endpoint).count == 1)
            #expect(try await !house.deliveries.purge(olderThan: Self.day, limit: 2))
            #expect(try await house.attempts(endpoint).isEmpty)
        }
    }
}
