import CoreTypes
import Persistence

/// How people are called: what their platform said when they pressed a button or filled in a form.
extension ApproverDirectory {
    /// Notes a name, where it is one.
    /// - Throws: `DatabaseError`.
    func learn(_ actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        guard !actor.isNameless, try name(of: [actor.identity], workspace: workspace, in: transaction) != actor.name
        else { return }
        try transaction.execute(
            """
            insert into approver_names (workspace_id, identity, name)
            values (\(workspace), \(actor.identity), \(actor.name))
            on conflict (workspace_id, identity) do update set name = excluded.name
            """
        )
    }

    /// What somebody is called under one of their ids; nil where no platform has said it.
    /// - Throws: `DatabaseError`.
    func name(of ids: Set<String>, workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> String? {
        try transaction.query(
            """
            select name from approver_names
            where workspace_id = \(workspace) and identity in (\(list: ids.sorted())) order by identity limit 1
            """
        ).first?.text("name")
    }
}
