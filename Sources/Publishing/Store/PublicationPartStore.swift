package import CoreTypes
package import Persistence

/// The table `publication_parts`: the steps of publications, and how far each one is.
package struct PublicationPartStore: Sendable {
    private let sealer: Sealer

    /// Makes the store; the sealer keeps what an upload's session would let anybody do.
    package init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// Writes the steps of a publication down; those that are there stay.
    /// - Throws: `DatabaseError`.
    package func insert(
        _ parts: [PlannedPart],
        of id: PublicationID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        for (position, part) in parts.enumerated() {
            try transaction.execute(
                """
                insert into publication_parts (workspace_id, publication_id, part_number, kind, payload_json, state,
                    updated_at)
                values (\(workspace), \(id), \(position + 1), \(part.kind), \(part.payload), 'queued', \(now))
                on conflict do nothing
                """
            )
        }
    }

    /// A publication's steps in their order.
    /// - Throws: `DatabaseError`, with the reason `sealed` where a session does not open.
    package func parts(of id: PublicationID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> [PublicationPart]
    {
        try transaction.query(
            """
            select part_number, kind, payload_json, state, sealed_progress, remote_id, attempts, error_code,
                error_message, sent_at
            from publication_parts where workspace_id = \(workspace) and publication_id = \(id) order by part_number
            """
        ).map { row in
            let number = Int(try row.integer("part_number"))
            return PublicationPart(
                number: number,
                kind: try row.text("kind"),
                payload: try row.json("payload_json"),
                state: try row.word("state", of: "a part"),
                progress: try row.blobOrNil("sealed_progress").map { try open($0, workspace, id, number) } ?? .null,
                remoteID: try row.textOrNil("remote_id"),
                attempts: Int(try row.integer("attempts")),
                errorCode: try row.textOrNil("error_code"),
                errorMessage: try row.textOrNil("error_message"),
                sentAt: try row.timestampOrNil("sent_at")
            )
        }
    }

    /// Writes a step's state.
    /// - Throws: `DatabaseError`.
    package func save(
        _ part: PublicationPart,
        of id: PublicationID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let sealed =
            part.progress == .null
            ? nil : try sealer.seal(part.progress.bytes, identity: identity(workspace, id, part.number))
        let changes = try transaction.execute(
            """
            update publication_parts set state = \(part.state.rawValue), sealed_progress = \(sealed),
                remote_id = \(part.remoteID), attempts = \(part.attempts), error_code = \(part.errorCode),
                error_message = \(part.errorMessage), sent_at = \(part.sentAt), updated_at = \(now)
            where workspace_id = \(workspace) and publication_id = \(id) and part_number = \(part.number)
            """
        )
        guard changes == 1 else { throw DatabaseError(.constraint, "A part of a publication is missing.") }
    }

    private func open(_ sealed: [UInt8], _ workspace: WorkspaceID, _ id: PublicationID, _ number: Int) throws
        -> JSONValue
    {
        let bytes = try sealer.open(sealed, identity: identity(workspace, id, number))
        guard let value = try? JSONValue(parsing: bytes) else {
            throw DatabaseError(.sealed, "The progress of a publication is damaged.")
        }
        return value
    }

    private func identity(_ workspace: WorkspaceID, _ id: PublicationID, _ number: Int) -> [String] {
        ["publication_parts", workspace.rawValue, id.rawValue, String(number)]
    }
}
