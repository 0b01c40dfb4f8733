package import Persistence

extension Outbox {
    /// What an operator should know about the outbox.
    /// - Parameter limit: the most kinds of trouble that are told.
    /// - Throws: `DatabaseError`.
    package func findings(limit: Int = 10, in transaction: borrowing Transaction) throws -> [Finding] {
        let ledger = OutboxLedger()
        let counts = try ledger.counts(in: transaction)
        let summary = OutboxStatus.allCases.map { "\(counts[$0] ?? 0) \($0.label)" }.joined(separator: ", ")
        return [Finding(.fine, "Outbox", "\(summary).")]
            + (try ledger.listTroubles(limit: limit, in: transaction).map { trouble in
                Finding(
                    trouble.status == .queued ? .warning : .problem,
                    "Outbox",
                    "\(trouble.count) \(trouble.status.label) on \(trouble.platform): \(trouble.errorCode), "
                        + "\(Self.sentence(trouble.errorMessage)) The newest is the \(trouble.operation) \(trouble.key) of "
                        + "\(trouble.workspace).",
                    remedy: Self.remedy(for: trouble)
                )
            })
    }

    private static func sentence(_ text: String) -> String { text.hasSuffix(".") ? text : "\(text)." }

    private static func remedy(for trouble: OutboxTrouble) -> String {
        switch (trouble.status, trouble.errorCode) {
        case (.queued, OutboxStore.authentication):
            "Renew the credentials of \(trouble.workspace) on \(trouble.platform)."
        case (.queued, "not_mounted"): "Set up \(trouble.platform), or remove what is queued for it."
        case (.unknown, _):
            "Look in the channel whether the message is there. What is not sent again by itself, `aragora outbox list` "
                + "shows, to forget or to retry."
        case (.failed, _):
            "Mend the cause. The message is not sent again by itself; `aragora outbox list` shows it, to forget."
        default: ""
        }
    }
}
