import CoreTypes
import DatabaseSupport
import Testing

@testable import Persistence

/// What is asked often among much that is over is found by an index.
@Suite struct QueryPlanTests {
    @Test(arguments: DatabaseEngine.allCases)
    func debatesThatAreNotOverHaveAnIndex(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await test.database.run(
                """
                insert into debates (workspace_id, debate_id, task, status, platform, origin_key, conversation_key,
                    address_json, settings_json, requested_by, created_at, updated_at)
                with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 2000)
                select 'w', 'd' || n, '', case n % 500 when 0 then 'running' else 'completed' end, 'p', 'o' || n, '', '{}',
                    '{}', 'u', 0, 0 from numbers
                """
            )
            try await test.database.run("analyze")
            let conditions = [DebateStanding.active, .created, .running].map(\.condition)
            for condition in conditions + [DebateStanding.isRunning] {
                let plan = try await plan(
                    "select * from debates where workspace_id = \("w") and \(condition) order by debate_number desc",
                    test.database
                )
                #expect(plan.contains("debates_open"), "\(plan)")
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatSomebodyAskedLatelyHasAnIndex(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await test.database.run(
                """
                insert into debates (workspace_id, debate_id, task, status, platform, origin_key, conversation_key,
                    address_json, settings_json, requested_by, created_at, updated_at)
                with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 2000)
                select 'w', 'd' || n, '', 'completed', 'p', 'o' || n, '', '{}', '{}', 'u' || (n % 500), n, n
                from numbers
                """
            )
            try await test.database.run("analyze")
            let plan = try await plan(
                """
                select count(*) as total from debates
                where workspace_id = \("w") and requested_by = \("u7") and created_at >= \(1900)
                """,
                test.database
            )
            #expect(plan.contains("debates_requester"), "\(plan)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func eventsThatAreDoneHaveAnIndexByTheirAge(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let nothing: SQL = engine == .postgres ? "cast('' as bytea)" : "x''"
            try await test.database.run(
                """
                insert into inbox (workspace_id, event_key, platform, shape, conversation_key, body, status,
                    available_at, received_at)
                with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 2000)
                select 'w', 'e' || n, 'p', 's', '', \(nothing), case n % 500 when 0 then 0 else 1 end, n, n from numbers
                """
            )
            try await test.database.run("analyze")
            let plan = try await plan(
                "select workspace_id, event_key from inbox where status = 1 and received_at < \(20) limit 10",
                test.database
            )
            #expect(plan.contains("inbox_over"), "\(plan)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatIsOverIsFoundByItsAge(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let moment = Timestamp(rawValue: 1)
            let sent = try await test.plan { _ = try OutboxLedger().purgeSent(before: moment, limit: 9, in: $0) }
            #expect(sent.contains("outbox_sent") && sent.contains("outbox_failed"), "\(sent)")
            let failed = try await test.plan { _ = try OutboxLedger().purgeFailed(before: moment, limit: 9, in: $0) }
            #expect(failed.contains("outbox_failed"), "\(failed)")
            let jobs = try await test.plan { _ = try JobQueue().prune(endedBefore: moment, limit: 9, in: $0) }
            #expect(jobs.contains("job_queue_over"), "\(jobs)")
            let tokens = try await test.plan {
                _ = try ButtonTokenStore().prune(expiredBefore: moment, limit: 9, in: $0)
            }
            #expect(tokens.contains("button_tokens_over"), "\(tokens)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatWasAskedIsFoundByPersonChannelAndConversation(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let workspace = WorkspaceID("w")
            let lists = try await test.plan {
                _ = try DebateStore().visible(workspace: workspace, channel: "C1", person: "U1", limit: 9, in: $0)
            }
            #expect(lists.contains("debates_requester") && lists.contains("debates_channel"), "\(lists)")
            let thread = try await test.plan {
                _ = try $0.query(
                    """
                    select * from debates where workspace_id = \(workspace) and conversation_key = \("k")
                        and \(DebateStanding.active.condition)
                    order by debate_number desc limit 1
                    """
                )
            }
            #expect(thread.contains("debates_open_conversation"), "\(thread)")
        }
    }

    private func plan(_ statement: SQL, _ database: any Database) async throws -> String {
        let rows =
            switch database.dialect {
            case .postgres: try await database.run("explain \(statement)")
            case .sqlite: try await database.run("explain query plan \(statement)")
            }
        return rows.map { "\($0.values)" }.joined(separator: "\n")
    }
}
