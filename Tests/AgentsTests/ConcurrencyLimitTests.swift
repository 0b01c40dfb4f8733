import Agents
import TestSupport
import Testing

@Suite struct ConcurrencyLimitTests {
    @Test func letsOnlySoManyThrough() async throws {
        let limit = ConcurrencyLimit(2)
        let gate = ModelGate()
        let running = Shared(0)
        let most = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await limit.withPermit {
                        let now = running.change { $0 += 1 }
                        most.change { $0 = max($0, now) }
                        await gate.wait()
                        running.change { $0 -= 1 }
                    }
                }
            }
            while running.value < 2 { await Task.yield() }
            for _ in 0..<50 { await Task.yield() }
            gate.open()
            try await group.waitForAll()
        }
        #expect(most.value == 2)
        #expect(running.value == 0)
    }

    @Test func aCancelledWaiterLeavesTheLine() async throws {
        let limit = ConcurrencyLimit(1)
        let gate = ModelGate()
        let hasStarted = ModelGate()
        try await withThrowingTaskGroup(of: Void.self) { holder in
            holder.addTask {
                try await limit.withPermit {
                    hasStarted.open()
                    await gate.wait()
                }
            }
            await hasStarted.wait()
            await withThrowingTaskGroup(of: Void.self) { waiters in
                waiters.addTask { try await limit.withPermit {} }
                for _ in 0..<20 { await Task.yield() }
                waiters.cancelAll()
                await #expect(throws: CancellationError.self) { try await waiters.next() }
            }
            gate.open()
            try await holder.waitForAll()
        }
        // The place is free again.
        try await limit.withPermit {}
    }
}
