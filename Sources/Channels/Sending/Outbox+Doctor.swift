package import Persistence

extension Outbox {
    /// What an operator should know about the outbox.
    /// - Parameter limit: the most rows that are named one by one.
    /// - Throws: `DatabaseError`.
    package func findings(limit: Int = 10, in transaction: borrowing Transaction) throws -> [Finding] {
        let store = OutboxStore()
        let counts = try store.counts(in: transaction)
        let summary = OutboxStatus.allCases.map { "\(counts[$0] ?? 0) \($0.label)" }.joined(separator: ", ")
        let troubled = try store.listTroubled(limit: limit, in: transaction)
        return [Finding(.fine, "Outbox", "\(summary).")]
            + troubled.map { row in
                Finding(
                    row.status == .queued ? .warning : .problem,
                    "Outbox \(row.key)",
                    "\(row.platform) \(row.operation) is \(row.status.label): \(row.errorCode), \(row.errorMessage)",
                    remedy: Self.remedy(for: row)
                )
            }
    }

    private static func remedy(for row: TroubledOutboxRow) -> String {
        switch (row.status, row.errorCode) {
        case (.queued, OutboxStore.authentication): "Renew the credentials of \(row.workspace) on \(row.platform)."
        case (.queued, "not_mounted"): "Set up \(row.platform), or remove what is queued for it."
        case (.unknown, _): "Look in the channel whether the message is there; it is not sent again by itself."
        case (.failed, _): "Mend the cause; the message is not sent again by itself."
        default: ""
        }
    }
}
