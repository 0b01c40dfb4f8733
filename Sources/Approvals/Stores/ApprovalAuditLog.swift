package import CoreTypes
import Crypto
package import Persistence

/// The table `governance_artifacts`: everything that people and time decided, each entry chained to the one before it.
///
/// An entry's hash is SHA-256 over its canonical JSON, which holds the workspace, the sequence number and the hash of
/// the entry before; so a change, a gap or another order shows. The head of each chain stands in `governance_heads`, so
/// that a missing end shows too.
package struct ApprovalAuditLog: Sendable {
    /// One entry of the log.
    package struct Entry: Sendable {
        package let sequence: Int64
        package let subject: String
        package let type: String
        /// The canonical JSON that is hashed.
        package let document: JSONValue
        package let hash: String
        package let at: Timestamp
    }

    /// The hash that the first entry of a workspace follows.
    static let origin = String(repeating: "0", count: 64)

    /// Makes the log.
    package init() {}

    /// Keeps the end of a workspace's log as it is until the transaction ends, so that its entries are one sequence.
    ///
    /// Whoever is going to change a request holds it before they look at the request: that is what keeps two answers
    /// from being taken in at once, and as everybody takes it first, two answers never wait for each other.
    /// - Throws: `DatabaseError`.
    @discardableResult
    func hold(_ workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> (sequence: Int64, hash: String)
    {
        try transaction.execute(
            """
            insert into governance_heads (workspace_id, sequence, hash) values (\(workspace), 0, \(Self.origin))
            on conflict do nothing
            """
        )
        let head = try transaction.query(
            """
            select sequence, hash from governance_heads where workspace_id = \(workspace)
            \(raw: transaction.dialect.forUpdate)
            """
        ).first
        guard let head else { throw DatabaseError(.other, "The audit log has no head.") }
        return (try head.integer("sequence"), try head.text("hash"))
    }

    /// Adds an entry.
    /// - Throws: `DatabaseError`.
    func append(
        _ type: String,
        subject: String,
        data: JSONValue,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let (last, previous) = try hold(workspace, in: transaction)
        let sequence = last + 1
        let document: JSONValue = [
            "at": .string(now.iso8601), "data": data, "previous": .string(previous), "sequence": .integer(sequence),
            "subject": .string(subject), "type": .string(type), "workspace": .string(workspace.rawValue),
        ]
        let hash = hexadecimal(SHA256.hash(data: document.bytes))
        try transaction.execute(
            """
            insert into governance_artifacts (workspace_id, sequence, subject_id, artifact_type, entry_json,
                previous_hash, hash, created_at)
            values (\(workspace), \(sequence), \(subject), \(type), \(document), \(previous), \(hash), \(now))
            """
        )
        try transaction.execute(
            "update governance_heads set sequence = \(sequence), hash = \(hash) where workspace_id = \(workspace)"
        )
    }

    /// What was asked, as the log says: the entry with which a request began; nil where there is none.
    /// - Throws: `DatabaseError`.
    func request(_ id: ApprovalID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> JSONValue? {
        try transaction.query(
            """
            select entry_json from governance_artifacts
            where workspace_id = \(workspace) and subject_id = \(id) and artifact_type = 'requested'
            order by sequence limit 1
            """
        ).first.flatMap { try $0.json("entry_json")["data"] }
    }

    /// The entries about one request or delegation, oldest first.
    /// - Throws: `DatabaseError`.
    package func entries(
        about subject: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [Entry] {
        try transaction.query(
            """
            select * from governance_artifacts where workspace_id = \(workspace) and subject_id = \(subject)
            order by sequence
            """
        ).map { try Self.entry($0) }
    }

    static func entry(_ row: Row) throws -> Entry {
        Entry(
            sequence: try row.integer("sequence"),
            subject: try row.text("subject_id"),
            type: try row.text("artifact_type"),
            document: try row.json("entry_json"),
            hash: try row.text("hash"),
            at: try row.timestamp("created_at")
        )
    }
}
