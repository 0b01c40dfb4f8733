import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Persistence
import Testing

/// Whoever waits for a debate's row has not locked its job yet, so that nobody who has the debate waits for them.
///
/// SQLite has one writer, and so no order.
@Suite(.timeLimit(.minutes(5))) struct LockOrderTests {
    /// Begins something while somebody holds a debate's row.
    /// - Returns: how many jobs nobody has locked, once that row is waited for.
    private func freeJobs(
        _ house: ConversationHouse,
        whileHeld debate: DebateID,
        _ begin: @Sendable () async throws -> Void
    ) async throws -> Int {
        let workspace = house.workspace
        let result = try await blocking(on: house.database) { transaction in
            _ = try DebateStore().hold(debate, workspace: workspace, in: transaction)
        } while: {
            try await begin()
            try await house.claimed {
                let isWaiting: SQL = "datname = current_database() and wait_event_type = 'Lock'"
                return try await house.count("pg_stat_activity", where: isWaiting) > 0
            }
            return try await house.database.run("select id from job_queue for update skip locked").count
        }
        return result.outside
    }

    /// Lets a process come upon the job of a new debate while somebody holds the debate.
    /// - Parameter due: what makes the job due.
    private func workOff(_ house: ConversationHouse, due: SQL) async throws {
        try await house.receive(house.mention("Tabs or spaces?", "1"))
        let debate = try await house.debate()
        _ = try await house.database.run("update job_queue set run_at = run_at + 3600000")
        try await house.alongside([house.worker().run]) {
            let free = try await freeJobs(house, whileHeld: debate.id) { _ = try await house.database.run(due) }
            #expect(free == 1)
            try await house.claimed { try await house.openJobs() == 0 }
        }
    }

    @Test func whoBeginsADebateLocksItBeforeItsJob() async throws {
        try await ConversationHouse.with(.postgres) { house in
            try await workOff(house, due: "update job_queue set run_at = 0")
            #expect(try await house.debate().status == .completed)
        }
    }

    @Test func whoGivesADebateUpLocksItBeforeItsJob() async throws {
        try await ConversationHouse.with(.postgres) { house in
            try await workOff(house, due: "update job_queue set run_at = 0, attempts = max_attempts")
            #expect(try await house.debate().status == .failed)
        }
    }

    @Test func theRemovalOfTheAppLocksAllDebatesBeforeTheFirstJob() async throws {
        try await ConversationHouse.with(.postgres) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"), house.mention("How wide?", "2"))
            let last = try #require(try await house.debates().map(\.id).max())
            let removal = house.event(.uninstalled(reason: "app_uninstalled"), "removal")
            try await house.alongside([house.inboxWorker().run]) {
                let free = try await freeJobs(house, whileHeld: last) { try await house.store([removal]) }
                #expect(free == 2)
                try await house.polled { try await house.count("job_queue", where: "cancel_requested") == 2 }
            }
            #expect(try await house.debates().allSatisfy { $0.fact("unreachable")?.bool == true })
        }
    }
}
