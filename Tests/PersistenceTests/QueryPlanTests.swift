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
    func whatIsOverHasIndexesByItsAge(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let names = ["job_queue_over", "button_tokens_over", "finding_workflows_over"]
            let table: SQL = engine == .postgres ? "pg_indexes" : "(select name as indexname from sqlite_master)"
            let found = try await test.database.run(
                "select indexname from \(table) as indexes where indexname in (\(list: names))"
            )
            #expect(found.count == names.count)
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
