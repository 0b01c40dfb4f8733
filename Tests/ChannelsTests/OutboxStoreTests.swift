import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite struct OutboxStoreTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aKeyIsEnqueuedOnce(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.post("first", key: "a")
            try await house.post("second", key: "a")
            let claimed = try await house.claim("x")
            #expect(claimed.count == 1)
            #expect(claimed.first?.payloadJSON.contains("first") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func onlyTheOldestOfADestinationIsClaimed(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            for number in 1...3 { try await house.post("\(number)", key: "k\(number)") }
            try await house.post("other", key: "other", to: house.address("C2"))
            #expect(try await house.claim("x").map(\.claim.key.rawValue) == ["k1", "other"])
            #expect(try await house.claim("y").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theNextOneFollowsOnlyAfterTheEnd(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (store, now) = (house.store, house.time.now())
            try await house.post("1", key: "k1")
            try await house.post("2", key: "k2")
            let first = try #require(try await house.claim("x").first)
            try await house.database.write { transaction in
                try store.requeue(
                    first.claim,
                    receiptsJSON: "[]",
                    at: now + .seconds(60),
                    attempts: 1,
                    note: OutboxNote(code: "c", message: "m"),
                    now: now,
                    in: transaction
                )
            }
            #expect(try await house.claim("x").isEmpty)
            house.time.advance(by: .seconds(60))
            let again = try #require(try await house.claim("x").first)
            #expect(again.claim.key == "k1")
            #expect(again.attempts == 1)
            try await house.database.write { transaction in
                try store.markUnknown(
                    again.claim,
                    receiptsJSON: "[]",
                    askingAt: OutboxStore.never,
                    note: OutboxNote(code: "c", message: "m"),
                    now: now,
                    in: transaction
                )
            }
            #expect(try await house.claim("x").map(\.claim.key.rawValue) == ["k2"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLostLeaseCanWriteNothing(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let store = house.store
            try await house.post("1", key: "k1")
            let old = try #require(try await house.claim("x").first)
            #expect(try await house.status("k1") == .sending)
            house.time.advance(by: .seconds(31))
            let new = try #require(try await house.claim("y").first)
            #expect(try await house.status("k1") == .unknown)
            #expect(new.claim.fence == old.claim.fence + 1)
            let now = house.time.now()
            let note = OutboxNote(code: "c", message: "m")
            let writes: [@Sendable (OutboxClaim, borrowing Transaction) throws -> Void] = [
                { try store.heartbeat($0, lease: .seconds(30), now: now, in: $1) },
                { try store.markSending($0, partsJSON: "[]", receiptsJSON: "[]", now: now, in: $1) },
                { try store.markSent($0, receiptsJSON: "[]", now: now, in: $1) },
                { try store.markFailed($0, receiptsJSON: "[]", note: note, now: now, in: $1) },
                { try store.markUnknown($0, receiptsJSON: "[]", askingAt: now, note: note, now: now, in: $1) },
                { try store.requeue($0, receiptsJSON: "[]", at: now, attempts: 0, note: nil, now: now, in: $1) },
            ]
            for write in writes {
                let error = await #expect(throws: DatabaseError.self) {
                    try await house.database.write { try write(old.claim, $0) }
                }
                #expect(error?.reason == .leaseLost)
            }
            #expect(try await house.status("k1") == .unknown)
            try await house.database.write { try store.markSent(new.claim, receiptsJSON: "[]", now: now, in: $0) }
            #expect(try await house.status("k1") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aHeartbeatKeepsTheLease(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let store = house.store
            try await house.post("1", key: "k1")
            let claim = try #require(try await house.claim("x").first).claim
            house.time.advance(by: .seconds(20))
            let now = house.time.now()
            try await house.database.write { try store.heartbeat(claim, lease: .seconds(30), now: now, in: $0) }
            house.time.advance(by: .seconds(20))
            #expect(try await house.claim("y").isEmpty)
            house.time.advance(by: .seconds(11))
            #expect(try await house.claim("y").count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNewerEditTakesThePlaceOfAQueuedOne(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.edit("t", body: "one", key: "e1", coalesceKey: "t")
            try await house.edit("t", body: "two", key: "e2", coalesceKey: "t")
            try await house.edit("u", body: "other", key: "e3", coalesceKey: "u")
            let claimed = try await house.claim("x")
            #expect(claimed.map(\.claim.key.rawValue) == ["e1", "e3"])
            #expect(claimed.first?.payloadJSON.contains("two") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anEditThatComesBackGivesWayToANewerOne(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (store, ledger, now) = (house.store, OutboxLedger(), house.time.now())
            try await house.edit("t", body: "one", key: "e1", coalesceKey: "t")
            let claim = try #require(try await house.claim("x").first).claim
            try await house.edit("t", body: "two", key: "e2", coalesceKey: "t")
            try await house.database.write { transaction in
                try store.requeue(
                    claim,
                    receiptsJSON: "[]",
                    at: now,
                    attempts: 0,
                    note: nil,
                    now: now,
                    in: transaction
                )
            }
            #expect(try await house.status("e1") == .failed)
            #expect(try await house.errorCode("e1") == OutboxStore.superseded)
            let next = try await house.claim("x")
            #expect(next.map(\.claim.key.rawValue) == ["e2"])
            let (troubled, counts) = try await house.database.read { transaction in
                (try ledger.listTroubles(limit: 10, in: transaction), try ledger.counts(in: transaction))
            }
            #expect(troubled.isEmpty)
            #expect(counts == [.sending: 1])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWasSentLongAgoIsForgotten(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (store, ledger, now) = (house.store, OutboxLedger(), house.time.now())
            try await house.post("1", key: "k1")
            let claim = try #require(try await house.claim("x").first).claim
            try await house.database.write { try store.markSent(claim, receiptsJSON: "[]", now: now, in: $0) }
            try await house.post("2", key: "k2")
            let purged = try await house.database.write { transaction in
                [
                    try ledger.purgeSent(before: now, limit: 10, in: transaction),
                    try ledger.purgeSent(before: now + .seconds(1), limit: 10, in: transaction),
                ]
            }
            #expect(purged == [0, 1])
            #expect(try await house.row("k1") == nil)
            #expect(try await house.status("k2") == .queued)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatFailedLongAgoIsForgottenAndNothingElse(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (store, ledger, now) = (house.store, OutboxLedger(), house.time.now())
            let note = OutboxNote(code: "channel_not_found", message: "The channel is gone.")
            for name in ["1", "2"] {
                try await house.post(name, key: "k\(name)")
                let claim = try #require(try await house.claim("x").first).claim
                try await house.database.write { transaction in
                    if name == "1" {
                        try store.markFailed(claim, receiptsJSON: "[]", note: note, now: now, in: transaction)
                    } else {
                        try store.markSent(claim, receiptsJSON: "[]", now: now, in: transaction)
                    }
                }
            }
            let purged = try await house.database.write { transaction in
                [
                    try ledger.purgeFailed(before: now, limit: 10, in: transaction),
                    try ledger.purgeFailed(before: now + .seconds(1), limit: 10, in: transaction),
                ]
            }
            #expect(purged == [0, 1])
            #expect(try await house.row("k1") == nil)
            #expect(try await house.status("k2") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatNobodyKnowsIsSentOnceMoreIfTheOperatorWants(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (ledger, outbox) = (OutboxLedger(), house.outbox)
            func ids() async throws -> [String: Int64] {
                let rows = try await house.database.read { try ledger.unsettled(limit: 10, in: $0) }
                return Dictionary(uniqueKeysWithValues: rows.map { ($0.key.rawValue, $0.id) })
            }
            func retry(_ id: Int64) async throws -> Outbox.Retry {
                try await house.database.write { try outbox.retry(id, in: $0) }
            }
            let limited = house.dispatcher(adapters: [LimitedChannel(house.channel)])
            house.channel.script(.workThenAnswer(.unknown(code: "timeout", description: "No answer.")))
            try await house.post("one", key: "k")
            try await house.settle(limited)
            house.channel.script(.answer(.permanent(code: "channel_not_found", description: "The channel is gone.")))
            try await house.post("two", key: "l")
            try await house.settle(limited)
            let found = try await ids()
            let (unknown, failed) = (try #require(found["k"]), try #require(found["l"]))
            #expect(house.channel.calls == ["post k#1", "post l#1"])
            // What it said that failed is not kept.
            #expect(try await retry(failed) == .empty)
            #expect(try await retry(failed + 1) == .absent)
            #expect(try await retry(unknown) == .queued)
            #expect(try await retry(unknown) == .absent)
            try await house.settle(limited)
            #expect(house.channel.calls == ["post k#1", "post l#1", "post k#1"])
            #expect(try await house.status("k") == .sent)
            #expect(try await house.database.write { try ledger.forget(failed, in: $0) })
            #expect(try await ids().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatANewerChangeFollowedIsNotSentOnceMore(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (store, outbox, now) = (house.store, house.outbox, house.time.now())
            try await house.post("one", key: "k")
            try await house.settle(house.dispatcher())
            try await house.edit("k", body: "two", key: "e1", coalesceKey: "k")
            try await house.database.run(
                "update outbox set status = 4, available_at = \(OutboxStore.never) where outbox_key = 'e1'"
            )
            let row = try await house.database.run("select outbox_id from outbox where outbox_key = 'e1'").first
            let id = try #require(row).integer("outbox_id")
            func retry() async throws -> Outbox.Retry {
                try await house.database.write { try outbox.retry(id, in: $0) }
            }
            try await house.edit("k", body: "three", key: "e2", coalesceKey: "k")
            #expect(try await retry() == .overtaken)
            let claimed = try #require(try await house.claim("x").first)
            #expect(claimed.payloadJSON.contains("three"))
            #expect(try await retry() == .overtaken)
            try await house.database.write {
                try store.markSent(claimed.claim, receiptsJSON: "[]", now: now, in: $0)
            }
            #expect(try await retry() == .overtaken)
        }
    }
}
