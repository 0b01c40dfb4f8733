import CoreTypes
import Logging
package import Persistence

/// Requests of the gateway itself, for which the operator has named people who may be out of reach.
extension ApprovalDesk {
    /// Makes a request that cannot wait for better rules: where nobody could decide it by those it has, as when whoever
    /// asked is the only one named, or somebody cannot be asked, the operators may as well.
    /// - Throws: `ApprovalError`, `DatabaseError`.
    package func openDecidable(_ draft: ApprovalDraft, in transaction: borrowing Transaction) throws -> ApprovalRecord {
        let operators = Approver.role(ApprovalPolicy.operators)
        guard !draft.policy.approvers.contains(operators) else { return try open(draft, in: transaction) }
        var decidable = draft
        decidable.policy.approvers.append(operators)
        let lost = try unreachable(draft.policy.everybody, for: draft.workspace, in: transaction)
        guard lost.isEmpty else {
            logger.warning(
                "Not all who are named can be asked to decide, so the operators may as well.",
                metadata: [
                    "request": "\(draft.originKey)", "workspace": "\(draft.workspace)",
                    "approvers": "\(lost.map(\.text).joined(separator: ", "))",
                ]
            )
            return try open(decidable, in: transaction)
        }
        do {
            return try open(draft, in: transaction)
        } catch let error as ApprovalError where error.reason == .invalid {
            return try open(decidable, in: transaction)
        }
    }

    /// Those among some approvers who cannot be asked on behalf of a workspace: their platform is not mounted, or it
    /// cannot be told in which of its workspaces they are.
    /// - Throws: `DatabaseError`.
    func unreachable(
        _ approvers: [Approver],
        for workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [Approver] {
        var lost: [Approver] = []
        for approver in approvers {
            guard let platform = approver.platform else { continue }
            let place = try people.place(of: approver, for: workspace, in: transaction)
            if place == nil || !course.copies.reaches(platform) { lost.append(approver) }
        }
        return lost
    }
}
