import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import TestSupport
import Testing

/// What the log of attempts shows.
@Suite(.timeLimit(.minutes(5))) struct AttemptTests {
    @Test(arguments: DatabaseEngine.allCases)
    func thoseAtOneMessageAreFoundWithoutWhatLiesBefore(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            try await house.subscribe("other")
            let deliverer = house.deliverer()
            let keys = (1...7).map { "\($0)" }
            for key in keys {
                try await house.publish(house.event(key))
                while try await deliverer.deliverDue() > 0 {}
                house.time.advance(by: .seconds(2 * 3600))
            }
            func find(_ key: String) async throws -> (items: [AttemptRecord], total: Int) {
                try await house.deliveries.attempts(
                    of: endpoint.id,
                    workspace: nil,
                    message: EventMessage.id(of: key, in: house.workspace),
                    limit: 10,
                    offset: 0
                )
            }
            for key in keys {
                let found = try await find(key)
                #expect(found.items.map(\.message) == [EventMessage.id(of: key, in: house.workspace)])
                #expect(found.total == 1)
            }
            #expect(try await find("8").items.isEmpty)
            // What is older than a message is not even looked at.
            let last = EventMessage.id(of: "7", in: house.workspace)
            try await house.database.run("update webhook_attempts set message_id = \(last)")
            #expect(try await find("7").total == 1)
        }
    }
}
