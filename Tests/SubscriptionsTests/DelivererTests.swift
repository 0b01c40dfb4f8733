import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import Synchronization
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(5))) struct DelivererTests {
    @Test(arguments: DatabaseEngine.allCases)
    func everyAttemptIsSignedAnew(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let created = try await house.subscribe { $0.headers = [("X-Receiver-Token", "t")] }
            let verifier = try WebhookVerifier(receiverKey: try #require(created.receiverKey))
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 500) }
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            _ = try await deliverer.deliverDue()
            house.time.advance(by: .seconds(3600))
            _ = try await deliverer.deliverDue()
            #expect(house.receiver.requests.count == 2)
            #expect(Set(house.receiver.ids).count == 1)
            #expect(Set(house.receiver.requests.compactMap { $0.header("webhook-timestamp") }).count == 2)
            for (position, request) in house.receiver.requests.enumerated() {
                try verifier.verify(
                    id: request.header("webhook-id"),
                    timestamp: request.header("webhook-timestamp"),
                    signatures: request.header("webhook-signature"),
                    body: request.body,
                    now: house.time.now() - .seconds(position == 0 ? 3600 : 0)
                )
                #expect(request.header("X-Receiver-Token") == "t")
                #expect(request.guardAddresses)
                #expect(!request.followRedirects)
                #expect(request.timeout == .seconds(15))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func triesByTheSpecificationsSchedule(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 500) }
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            let pauses: [Int] = [
                5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
            ]
            for (attempt, pause) in pauses.enumerated() {
                #expect(try await deliverer.deliverDue() == 1, "attempt \(attempt)")
                house.time.advance(by: .seconds(pause - 1))
                #expect(try await deliverer.deliverDue() == 0, "attempt \(attempt)")
                house.time.advance(by: .seconds(1))
            }
            #expect(try await deliverer.deliverDue() == 1)
            #expect(try await house.counts() == DeliveryCounts(givenUp: 1))
            house.time.advance(by: .seconds(1_000_000))
            #expect(try await deliverer.deliverDue() == 0)
            let attempts = try await house.attempts(endpoint)
            #expect(attempts.count == 10)
            let letters = try await house.deliveries.deadLetters(workspace: nil, limit: 10, offset: 0)
            #expect(letters.items.first?.attempts == 10)
            #expect(letters.items.first?.lastStatus == 500)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func retryAfterIsObeyed(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            house.receiver.answer { _ throws(TransportError) in
                HTTPResponse(status: 503, headers: [("Retry-After", "120")])
            }
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            _ = try await deliverer.deliverDue()
            house.time.advance(by: .seconds(119))
            // Nothing else is sent there either.
            try await house.publish(house.event("2"))
            #expect(try await deliverer.deliverDue() == 0)
            house.time.advance(by: .seconds(1))
            #expect(try await deliverer.deliverDue() > 0)
            #expect(try await house.reload(endpoint).failureCount > 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func tooManyRequestsCostNoAttempt(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 429) }
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            for _ in 0..<20 {
                #expect(try await deliverer.deliverDue() == 1)
                house.time.advance(by: .seconds(61))
            }
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 204) }
            #expect(try await deliverer.deliverDue() == 1)
            #expect(try await house.counts() == DeliveryCounts(delivered: 1))
            #expect(try await house.attempts(endpoint).count == 21)
            #expect(try await house.reload(endpoint).failingSince == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func goneIsGone(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe { $0.settings.notify = "chat:C9" }.endpoint
            try await house.subscribe("watcher") { $0.settings.events = ["webhook.disabled"] }
            house.receiver.answer { request throws(TransportError) in
                HTTPResponse(status: request.url.hasSuffix("watcher") ? 200 : 410)
            }
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            _ = try await deliverer.deliverDue()
            let now = try await house.reload(endpoint)
            #expect(now.status == .disabled)
            #expect(now.statusReason?.contains("410") == true)
            // Its owner's chat and the other endpoints hear of it; new events are not kept for it.
            let rows = try await house.database.run("select platform, destination from outbox")
            #expect(try rows.map { try $0.text("platform") } == ["chat"])
            #expect(try rows.first?.text("destination").contains("C9") == true)
            try await house.publish(house.event("2"))
            _ = try await deliverer.deliverDue()
            #expect(house.receiver.requests.last?.json["type"] == "webhook.disabled")
            #expect(try await house.counts() == DeliveryCounts(delivered: 1, givenUp: 1))
            _ = try await house.service.setStatus(.active, of: endpoint.id, workspace: nil)
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 200) }
            try await house.publish(house.event("3"))
            #expect(try await deliverer.deliverDue() == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func fiveDaysOfFailureDisable(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe { $0.settings.notify = "chat:C9" }.endpoint
            house.receiver.answer { request throws(TransportError) in
                throw TransportError(.connect, "No connection to \(request.url.count)")
            }
            let deliverer = house.deliverer()
            for day in 0..<5 {
                try await house.publish(house.event("\(day)"))
                _ = try await deliverer.deliverDue()
                #expect(try await house.reload(endpoint).status == .active)
                house.time.advance(by: .seconds(24 * 3600))
            }
            _ = try await deliverer.deliverDue()
            #expect(try await house.reload(endpoint).status == .disabled)
            #expect(try await house.database.run("select 1 from outbox").count == 1)
            #expect(try await house.attempts(endpoint).first?.errorCode == "transport_connect")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatIsPausedWaits(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            _ = try await house.service.setStatus(.paused, of: endpoint.id, workspace: nil)
            try await house.publish(house.event("1"), house.event("2"))
            #expect(try await house.deliverer().deliverDue() == 0)
            #expect(try await house.counts() == DeliveryCounts(waiting: 2))
            _ = try await house.service.setStatus(.active, of: endpoint.id, workspace: nil)
            #expect(try await house.deliverer().deliverDue() == 2)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func replaysUnderTheSameIDs(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let endpoint = try await house.subscribe().endpoint
            let deliverer = house.deliverer()
            let start = house.time.now()
            for number in 1...3 {
                try await house.publish(house.event("\(number)"))
                _ = try await deliverer.deliverDue()
                house.time.advance(by: .seconds(10))
            }
            let ids = house.receiver.ids
            let deliveries = house.deliveries
            let again = try await deliveries.replay(.message(MessageID(ids[1])), to: endpoint.id, workspace: nil)
            #expect(again.count == 1)
            _ = try await deliverer.deliverDue()
            #expect(house.receiver.ids == ids + [ids[1]])
            let range = Replay.range(since: start + .seconds(10), until: start + .seconds(30))
            #expect(try await deliveries.replay(range, to: endpoint.id, workspace: nil).count == 2)
            _ = try await deliverer.deliverDue()
            #expect(Set(house.receiver.ids.suffix(2)) == Set(ids.suffix(2)))
            #expect(try await deliveries.replay(.failedSince(start), to: endpoint.id, workspace: nil).count == 0)
            await #expect(throws: SubscriptionError.self) {
                try await deliveries.replay(.message(MessageID("msg_none")), to: endpoint.id, workspace: nil)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func deadLettersComeBack(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 400) }
            try await house.publish(house.event("1"))
            let deliverer = house.deliverer()
            for _ in 0..<10 {
                _ = try await deliverer.deliverDue()
                house.time.advance(by: .seconds(30 * 3600 / 2 + 10 * 3600))
                // Success of another message in between, so that the endpoint is not given up.
                try await house.database.run("update webhook_configs set failing_since = null")
            }
            let letter = try #require(
                try await house.deliveries.deadLetters(workspace: house.workspace, limit: 10, offset: 0).items.first
            )
            #expect(letter.body.contains("Forty-two"))
            house.receiver.answer { _ throws(TransportError) in HTTPResponse(status: 200) }
            _ = try await house.deliveries.retry(deadLetter: letter.number, workspace: house.workspace)
            #expect(try await deliverer.deliverDue() == 1)
            #expect(try await house.counts() == DeliveryCounts(delivered: 1))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func orderIsKept(_ engine: DatabaseEngine) async throws {
        let failures = Shared(3)
        let receiver = ScriptedReceiver { request throws(TransportError) in
            let isBad = request.json["data"]?["final_answer"]?.string?.hasSuffix(" 2") == true
            let fails =
                isBad
                && failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
            return HTTPResponse(status: fails ? 500 : 200)
        }
        try await SubscriberHouse.with(engine, receiver: receiver) { house in
            try await house.subscribe { $0.settings.isOrdered = true }
            for number in 1...5 { try await house.publish(house.event("\(number)")) }
            let deliverer = house.deliverer()
            for _ in 0..<12 {
                _ = try await deliverer.deliverDue()
                house.time.advance(by: .seconds(1800))
            }
            let order = receiver.requests.compactMap { $0.json["data"]?["final_answer"]?.string?.last }
            #expect(String(order) == "12222345")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRangeComesAgainInItsOrder(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe { $0.settings.isOrdered = true }.endpoint.id
            let start = house.time.now()
            // All in one millisecond.
            for number in 1...9 { try await house.publish(house.event("\(number)")) }
            let deliverer = house.deliverer()
            while try await deliverer.deliverDue() > 0 {}
            house.time.advance(by: .seconds(1))
            let range = Replay.range(since: start, until: house.time.now())
            #expect(try await house.deliveries.replay(range, to: id, workspace: nil).count == 9)
            while try await deliverer.deliverDue() > 0 {}
            let order = house.receiver.requests.compactMap { $0.json["data"]?["final_answer"]?.string?.last }
            #expect(String(order) == "123456789123456789")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func orderIsKeptWhereClocksDiffer(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.isOrdered = true }
            for number in 1...3 {
                try await house.publish(house.event("\(number)"))
                house.time.advance(by: .seconds(-5))
            }
            house.time.advance(by: .seconds(15))
            let deliverer = house.deliverer()
            while try await deliverer.deliverDue() > 0 {}
            let order = house.receiver.requests.compactMap { $0.json["data"]?["final_answer"]?.string?.last }
            #expect(String(order) == "123")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatADeadProcessLeftIsDelivered(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe()
            for number in 1...20 { try await house.publish(house.event("\(number)")) }
            // Its claim is written, its results are not: it dies with everything on its way.
            let doomed = FailingDatabase(house.database, writes: 1)
            _ = try? await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await house.deliverer("doomed", database: doomed).deliverDue() }
                try await group.next()
            }
            #expect(!house.receiver.ids.isEmpty)
            let second = house.deliverer("second")
            #expect(try await second.deliverDue() == 0)
            house.time.advance(by: .seconds(11))
            while try await second.deliverDue() > 0 {}
            #expect(Set(house.receiver.ids).count == 20)
            #expect(try await house.counts() == DeliveryCounts(delivered: 20))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whereNothingOverlapsNoFormerSecretSigns(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            func rotate(_ overlap: Duration) async throws -> SubscriptionService.Created {
                try await house.service.rotate(id, workspace: nil, to: nil, scheme: nil, overlap: overlap)
            }
            let end = try await rotate(.seconds(86_400)).formerSignsUntil
            #expect(end == house.time.now() + .seconds(86_400))
            #expect(try await rotate(.zero).formerSignsUntil == nil)
            try await house.publish(house.event("1"))
            _ = try await house.deliverer().deliverDue()
            let request = try #require(house.receiver.requests.last)
            #expect(request.header("webhook-signature")?.split(separator: " ").count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func rotationOverlaps(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let first = try await house.subscribe()
            let id = first.endpoint.id
            let second = try await house.service.rotate(
                id,
                workspace: nil,
                to: nil,
                scheme: .asymmetric,
                overlap: .seconds(3600)
            )
            let old = try WebhookVerifier(receiverKey: try #require(first.receiverKey))
            let new = try WebhookVerifier(receiverKey: try #require(second.receiverKey))
            let deliverer = house.deliverer()
            func isValid(_ verifier: WebhookVerifier) -> Bool {
                guard let request = house.receiver.requests.last else { return false }
                return
                    (try? verifier.verify(
                        id: request.header("webhook-id"),
                        timestamp: request.header("webhook-timestamp"),
                        signatures: request.header("webhook-signature"),
                        body: request.body,
                        now: house.time.now()
                    )) != nil
            }
            try await house.publish(house.event("1"))
            _ = try await deliverer.deliverDue()
            #expect(isValid(old) && isValid(new))
            house.time.advance(by: .seconds(3600))
            try await house.publish(house.event("2"))
            _ = try await deliverer.deliverDue()
            #expect(!isValid(old) && isValid(new))
        }
    }

    @Test func theAnswersBeginningIsKept() async throws {
        try await SubscriberHouse.with(.sqlite) { house in
            let endpoint = try await house.subscribe().endpoint
            house.receiver.answer { _ throws(TransportError) in
                HTTPResponse(status: 200, body: Array(repeating: 65, count: 50_000))
            }
            try await house.publish(house.event("1"))
            _ = try await house.deliverer().deliverDue()
            #expect(try await house.attempts(endpoint).first?.body.count == 16_384)
        }
    }

    @Test func redirectsAreFailures() async throws {
        try await SubscriberHouse.with(.sqlite) { house in
            let endpoint = try await house.subscribe().endpoint
            house.receiver.answer { _ throws(TransportError) in
                HTTPResponse(status: 302, headers: [("Location", "http://127.0.0.1/")])
            }
            try await house.publish(house.event("1"))
            _ = try await house.deliverer().deliverDue()
            #expect(house.receiver.requests.count == 1)
            #expect(try await house.attempts(endpoint).first?.isDelivered == false)
            #expect(try await house.counts() == DeliveryCounts(waiting: 1))
        }
    }
}
