package import CoreTypes
package import Persistence

/// For whom requests wait.
extension ApprovalDesk {
    /// The pending requests, of a workspace or asked about there, that somebody may decide now.
    /// - Throws: `DatabaseError`.
    package func waiting(
        for actor: ApprovalActor,
        workspace: WorkspaceID,
        limit: Int = 20,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalRecord] {
        var pending = try requests.list(workspace: workspace, status: .pending, limit: 500, in: transaction).items
        pending += try requests.pendingElsewhere(askedIn: workspace, limit: 500, in: transaction)
        return try answerable(by: actor, among: pending, limit: limit, in: transaction)
    }

    /// Those among some requests to which somebody's answer would count now.
    /// - Throws: `DatabaseError`.
    func answerable(
        by actor: ApprovalActor,
        among records: [ApprovalRecord],
        limit: Int = .max,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalRecord] {
        let now = time.now()
        var attempts: [WorkspaceID: ApprovalMachine.Attempt] = [:]
        var found: [ApprovalRecord] = []
        for record in records where record.status == .pending && found.count < limit {
            let place = record.workspace
            let attempt = try attempts[place] ?? attempt(of: actor, workspace: place, in: transaction)
            attempts[place] = attempt
            let answers = try requests.decisions(of: record.id, workspace: place, in: transaction)
            if machine(record, answers).isWaiting(for: attempt, now: now) { found.append(record) }
        }
        return found
    }
}
