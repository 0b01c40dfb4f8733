import CoreTypes
import Debates
import Persistence

extension JournalStore {
    /// How many entries a debate may have; far above what 12 rounds of 10 agents write.
    private static let maximumEntries = 100_000

    /// A debate's whole journal, its hash chain checked.
    /// - Throws: `DatabaseError`; `DebateError` for a journal that was changed.
    func entries(
        of debate: DebateID,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [JournalEntry] {
        var reader = JournalReader()
        return try read(workspace: workspace, debate: debate, limit: Self.maximumEntries, in: transaction).map { row in
            let entry = try reader.read(row.bytes)
            if let head = row.head { try reader.check(head: head) }
            return entry
        }
    }

    /// What a debate's journal adds up to.
    /// - Throws: `DatabaseError`; `DebateError` for a journal that was changed.
    func projection(
        of debate: DebateID,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> DebateProjection {
        DebateProjection(try entries(of: debate, workspace: workspace, in: transaction))
    }
}
