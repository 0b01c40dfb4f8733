import CoreTypes
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import aragora

/// What answers in time about something that hangs.
@Suite("Shared checks", .timeLimit(.minutes(1)))
struct SharedCheckTests {
    @Test("One that hangs is given up, and no other is begun beside it")
    func hanging() async throws {
        let time = ManualTime()
        let begun = Mutex(0)
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let check = SharedCheck<Int>(limit: .seconds(5), time: time) {
            begun.withLock { $0 += 1 }
            for await _ in gate {}
            return 7
        }
        for _ in 0..<2 {
            async let answer = check.run()
            await time.waitForSleepers()
            time.advance(by: .seconds(5))
            do {
                _ = try await answer
                Issue.record("It hangs.")
            } catch let error as DatabaseError {
                #expect(error.reason == .timeout && error.isRetryable)
            }
        }
        #expect(begun.withLock { $0 } == 1)
        opened.finish()
        #expect(try await check.run() == 7)
    }

    @Test("What it throws is told")
    func throwing() async throws {
        let check = SharedCheck<Void>(limit: .seconds(5), time: ManualTime()) {
            throw DatabaseError(.full, "No room.")
        }
        let error = await #expect(throws: DatabaseError.self) { try await check.run() }
        #expect(error?.reason == .full)
    }
}
