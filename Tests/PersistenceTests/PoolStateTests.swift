import CoreTypes
import TestSupport
import Testing

@testable import Persistence

@Suite struct PoolStateTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func pool(maximum: Int = 2, idle: Duration = .seconds(60), lifetime: Duration = .seconds(600))
        -> PoolState<Int>
    {
        PoolState(limits: .init(maximum: maximum, minimumIdle: 0, idleTimeout: idle, lifetime: lifetime))
    }

    /// Leases a slot, opens `connection` in it and gives the member.
    private func open(_ connection: Int, in pool: inout PoolState<Int>) -> PoolState<Int>.Member {
        guard case .grant(.connect) = pool.lease(now: start).decision else {
            Issue.record("No slot")
            return .init(connection: connection, openedAt: start)
        }
        pool.connected()
        return .init(connection: connection, openedAt: start)
    }

    @Test func anIdleConnectionIsUsedAgain() {
        var pool = pool()
        let member = open(1, in: &pool)
        _ = pool.release(member, isReusable: true, now: start)
        guard case .grant(.use(let again)) = pool.lease(now: start).decision else {
            Issue.record("Not used again")
            return
        }
        #expect(again.connection == 1)
    }

    @Test func waitersAreServedInTheirOrder() {
        var pool = pool(maximum: 1)
        let member = open(1, in: &pool)
        for waiter in [7, 8] {
            guard case .wait = pool.enqueue(waiter: waiter, now: start).decision else {
                Issue.record("Did not wait")
                return
            }
        }
        let actions = pool.release(member, isReusable: true, now: start)
        #expect(actions.resume.map(\.waiter) == [7])
        #expect(pool.waiters == [8])
        #expect(pool.leased == 1)
    }

    @Test func aBrokenConnectionGivesItsSlotToTheNextWaiter() {
        var pool = pool(maximum: 1)
        let member = open(1, in: &pool)
        _ = pool.enqueue(waiter: 7, now: start)
        let actions = pool.release(member, isReusable: false, now: start)
        #expect(actions.close == [1])
        guard case .success(.connect)? = actions.resume.first?.with else {
            Issue.record("No slot for the waiter")
            return
        }
        #expect(pool.connecting == 1)
        #expect(pool.leased == 0)
    }

    @Test func aBrokenConnectionEndsThoseThatRest() {
        var pool = pool()
        let one = open(1, in: &pool)
        let two = open(2, in: &pool)
        _ = pool.release(one, isReusable: true, now: start)
        let actions = pool.release(two, isReusable: false, now: start)
        #expect(Set(actions.close) == [1, 2])
    }

    @Test func afterAFailedConnectCallersAreRefusedUntilThePauseIsOver() {
        var pool = pool()
        _ = pool.lease(now: start)
        _ = pool.connectFailed(DatabaseError(.connection, "down"), now: start, jitter: 0.99)
        guard case .refuse(let error) = pool.lease(now: start).decision else {
            Issue.record("Not refused")
            return
        }
        #expect(error.isRetryable)
        // Why, not only that.
        #expect(error.description == "down")
        guard case .grant(.connect) = pool.lease(now: start + .milliseconds(60)).decision else {
            Issue.record("Not tried again")
            return
        }
    }

    @Test func aFailedConnectRefusesTheWaitersOnlyWhereNobodyElseCanServeThem() {
        var pool = pool(maximum: 2)
        let member = open(1, in: &pool)
        _ = pool.lease(now: start)
        _ = pool.enqueue(waiter: 7, now: start)
        let failed = pool.connectFailed(DatabaseError(.connection, "down"), now: start, jitter: 0)
        #expect(failed.resume.isEmpty)
        let released = pool.release(member, isReusable: false, now: start)
        #expect(released.resume.map(\.waiter) == [7])
        #expect(pool.waiters.isEmpty)
    }

    @Test func idleConnectionsEndWithTheirTime() {
        var pool = pool(idle: .seconds(60))
        let one = open(1, in: &pool)
        let two = open(2, in: &pool)
        _ = pool.release(one, isReusable: true, now: start)
        _ = pool.release(two, isReusable: true, now: start + .seconds(30))
        let (decision, actions) = pool.lease(now: start + .seconds(61))
        #expect(actions.close == [1])
        guard case .grant(.use(let member)) = decision else {
            Issue.record("Nothing left")
            return
        }
        #expect(member.connection == 2)
    }

    @Test func oldConnectionsAreNotLentAgain() {
        var pool = pool(lifetime: .seconds(600))
        let member = open(1, in: &pool)
        let actions = pool.release(member, isReusable: true, now: start + .seconds(601))
        #expect(actions.close == [1])
    }

    @Test func closingRefusesWaitersAndNewCallers() {
        var pool = pool(maximum: 1)
        let member = open(1, in: &pool)
        _ = pool.enqueue(waiter: 7, now: start)
        let actions = pool.close()
        #expect(actions.resume.map(\.waiter) == [7])
        guard case .refuse(let error) = pool.lease(now: start).decision else {
            Issue.record("Not refused")
            return
        }
        #expect(error.reason == .closed)
        let released = pool.release(member, isReusable: true, now: start)
        #expect(released.close == [1])
    }

    /// Random operations never lend more connections than allowed and never lose a slot or a waiter.
    @Test(arguments: 0..<20) func theCountsStayInOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var pool = pool(maximum: 3)
        var held: [PoolState<Int>.Member] = []
        var slots = 0
        var waiting: Set<Int> = []
        var next = 0
        var now = start
        func take(_ actions: PoolState<Int>.Actions) {
            for (waiter, result) in actions.resume {
                let wasWaiting = waiting.remove(waiter) != nil
                #expect(wasWaiting)
                switch result {
                case .success(.use(let member)): held.append(member)
                case .success(.connect): slots += 1
                case .failure: break
                }
            }
        }
        for _ in 0..<500 {
            now = now + .milliseconds(Int64(generator.next() % 200))
            next += 1
            switch generator.next() % 6 {
            case 0, 1:
                switch pool.enqueue(waiter: next, now: now).decision {
                case .grant(.use(let member)): held.append(member)
                case .grant(.connect): slots += 1
                case .wait: waiting.insert(next)
                case .refuse: break
                }
            case 2 where slots > 0:
                slots -= 1
                pool.connected()
                held.append(.init(connection: next, openedAt: now))
            case 3 where slots > 0:
                slots -= 1
                take(pool.connectFailed(DatabaseError(.connection, "down"), now: now, jitter: 0))
            case 4 where !held.isEmpty:
                take(pool.release(held.removeFirst(), isReusable: generator.next() % 4 > 0, now: now))
            case 5 where !waiting.isEmpty:
                let waiter = waiting.removeFirst()
                let wasWaiting = pool.remove(waiter: waiter)
                #expect(wasWaiting)
            default: break
            }
            #expect(pool.leased == held.count)
            #expect(pool.connecting == slots)
            #expect(held.count + slots <= 3)
            #expect(Set(pool.waiters) == waiting)
            #expect(Set(held.map(\.connection)).count == held.count)
        }
    }
}
