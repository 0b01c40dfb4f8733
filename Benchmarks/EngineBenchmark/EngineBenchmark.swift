import CoreTypes
import Debates
import Foundation
import Logging
import Persistence
import Synchronization

/// Measures debates a second with three instant agents and two rounds, and prints one JSON line.
///
/// In memory, in memory with the journal's bytes and hashes made and thrown away, and journaled on the Postgres of
/// `DATABASE_URL` by the gateway's own writer.
///
///     EngineBenchmark [SECONDS]
@main
struct EngineBenchmark {
    static func main() async throws {
        let seconds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8
        guard let url = ProcessInfo.processInfo.environment["DATABASE_URL"] else {
            print("DATABASE_URL is needed.")
            exit(64)
        }
        let memory = try await inMemory(for: .seconds(seconds), encoded: false)
        let encoded = try await inMemory(for: .seconds(seconds), encoded: true)
        let journaled = try await journaled(for: .seconds(seconds), url: Secret(url))
        print(#"{"memory":\#(memory),"encoded":\#(encoded),"journaled":\#(journaled)}"#)
    }

    /// As many at once as there are cores: instant agents never wait.
    private static func inMemory(for duration: Duration, encoded: Bool) async throws -> Double {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return try await rate(for: duration, atOnce: cores) { number in
            _ = try await debate(number, journal: ForgetfulJournal(wantsEncoding: encoded))
            return true
        }
    }

    /// Many at once: each waits for the disk at its end, and one commit serves many.
    private static func journaled(for duration: Duration, url: Secret) async throws -> Double {
        var logger = Logger(label: "benchmark")
        logger.logLevel = .error
        let database = try openDatabase(.postgres(url: url), logger: logger)
        try await Migrator(database).apply()
        let claimed = 400_000
        try await claimJobs(claimed, database)
        let writer = Persistence.JournalWriter(database)
        let result = try await withThrowingTaskGroup(of: Double?.self) { group in
            // As the gateway has it: commits are announced to the other processes, many at a time.
            group.addTask {
                await database.runWakeUps()
                return nil
            }
            group.addTask {
                await writer.run()
                return nil
            }
            group.addTask {
                try await rate(for: duration, atOnce: 1024) { number in
                    guard number <= claimed else { return false }
                    let journal = ClaimedJournal(number: number, writer: writer)
                    let outcome = try await debate(number, journal: journal)
                    try journal.append(outcome.finalEntries, lines: outcome.finalLines)
                    try await journal.flush()
                    return true
                }
            }
            var measured = 0.0
            while let rate = try await group.next() {
                guard let rate else { continue }
                measured = rate
                group.cancelAll()
            }
            return measured
        }
        await database.close()
        return result
    }

    /// What a worker has done before it debates: each debate has a job whose claim allows it to write.
    private static func claimJobs(_ count: Int, _ database: any Database) async throws {
        try await database.run(
            """
            insert into job_queue (
                workspace_id, id, job_type, payload_json, status, run_at, worker_id, lease_until, fence, created_at,
                updated_at
            )
            select 'local', 'debate-' || number, 'debate', '{}', 'processing', 0, 'benchmark', 9223372036854775807, 1, 0, 0
            from generate_series(1, \(count)) as number
            """
        )
        try await database.run("analyze job_queue")
    }

    private static func debate(_ number: Int, journal: any DebateJournal) async throws -> DebateOutcome {
        var rules = DebateProtocol()
        rules.rounds = 2
        rules.consensus = .majority
        let description = DebateDescription(
            id: DebateID("debate-\(number)"),
            workspace: .local,
            task: "Should we migrate to microservices?",
            requestedBy: "benchmark",
            settings: rules
        )
        let arena = Arena(
            description: description,
            panel: InstantAgent.panel,
            journal: journal,
            inputs: NoInputs(),
            time: SystemTime()
        )
        let outcome = try await arena.run()
        guard outcome.result.roundsUsed == 2, outcome.result.consensusReached else {
            throw BenchmarkFailure(description: "A debate took another course than the one that is measured.")
        }
        return outcome
    }

    private static func rate(
        for duration: Duration,
        atOnce: Int,
        _ work: @escaping @Sendable (Int) async throws -> Bool
    ) async throws -> Double {
        let counter = Counter()
        let start = ContinuousClock.now
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<atOnce {
                group.addTask {
                    var done = 0
                    while ContinuousClock.now - start < duration {
                        guard try await work(counter.next()) else { break }
                        done += 1
                    }
                    return done
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(done) / (ContinuousClock.now - start).inSeconds
    }
}

/// Numbers from 1 on, each given once.
private final class Counter: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
}
