import CoreTypes
import DatabaseSupport
import Testing

@testable import Approvals

/// What is asked often among much that is over is found by an index.
@Suite struct ApprovalPlanTests {
    private let moment = Timestamp(rawValue: 1)

    @Test(arguments: DatabaseEngine.allCases)
    func stepsThatAreOverAreFoundByTheirAge(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let steps = try await test.plan { _ = try ApprovalStepStore().prune(endedBefore: moment, limit: 9, in: $0) }
            #expect(steps.contains("finding_workflows_over"), "\(steps)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aCopyAndItsRemindersAreFoundByTheirRequest(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let copies = try await test.plan { transaction in
                try ApprovalPromptStore().show(
                    "Approved",
                    hash: "h",
                    state: .closed,
                    on: "p1",
                    alsoReminders: true,
                    workspace: WorkspaceID("w"),
                    now: moment,
                    in: transaction
                )
            }
            #expect(copies.contains("approval_prompts_request"), "\(copies)")
        }
    }
}
