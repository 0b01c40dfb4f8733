package import CoreTypes

/// How far an effect on the outside world has come; the raw values are those of the column `status`.
package enum OutboxStatus: Int64, Sendable, CaseIterable {
    /// Waits for its moment and its turn.
    case queued = 0
    /// Claimed; bytes may have left.
    case sending = 1
    case sent = 2
    case failed = 3
    /// Bytes left and nobody knows what became of them. Either it is to be reconciled, or, with
    /// `OutboxStore.never` as its moment, it never can be.
    case unknown = 4

    /// The word for metrics and people.
    package var label: String {
        switch self {
        case .queued: "queued"
        case .sending: "sending"
        case .sent: "sent"
        case .failed: "failed"
        case .unknown: "unknown"
        }
    }
}

extension OutboxStatus {
    init(column value: Int64) throws {
        guard let status = OutboxStatus(rawValue: value) else {
            throw DatabaseError(.decoding, "The outbox has a status that is not known: \(value).")
        }
        self = status
    }
}

/// An effect to be enqueued.
///
/// JSON is text here: what it means is known on the floor above.
package struct NewOutboxRow: Sendable {
    package var workspace: WorkspaceID
    package var key: OutboxKey
    package var platform: String
    /// Rows of one destination are sent one after the other, in the order in which they were enqueued.
    package var destination: String
    package var operation: String
    package var addressJSON: String
    package var payloadJSON: String
    package var contextJSON: String
    /// The row whose message is changed.
    package var targetKey: OutboxKey?
    /// While a row with this key is still queued, a new one replaces its content instead of queueing behind it.
    package var coalesceKey: String?
    package var availableAt: Timestamp
    /// From this moment on nobody wants it any more.
    package var expiresAt: Timestamp?

    /// Describes an effect.
    package init(
        workspace: WorkspaceID,
        key: OutboxKey,
        platform: String,
        destination: String,
        operation: String,
        addressJSON: String,
        payloadJSON: String,
        contextJSON: String = "{}",
        targetKey: OutboxKey? = nil,
        coalesceKey: String? = nil,
        availableAt: Timestamp,
        expiresAt: Timestamp? = nil
    ) {
        self.workspace = workspace
        self.key = key
        self.platform = platform
        self.destination = destination
        self.operation = operation
        self.addressJSON = addressJSON
        self.payloadJSON = payloadJSON
        self.contextJSON = contextJSON
        self.targetKey = targetKey
        self.coalesceKey = coalesceKey
        self.availableAt = availableAt
        self.expiresAt = expiresAt
    }
}

/// The right to change a row until somebody else claims it.
package struct OutboxClaim: Sendable, Hashable {
    package let workspace: WorkspaceID
    package let key: OutboxKey
    package let owner: String
    package let fence: Int64

    /// Describes a claim.
    package init(workspace: WorkspaceID, key: OutboxKey, owner: String, fence: Int64) {
        self.workspace = workspace
        self.key = key
        self.owner = owner
        self.fence = fence
    }
}

/// A row that was claimed.
package struct ClaimedOutboxRow: Sendable {
    package let claim: OutboxClaim
    package let platform: String
    package let operation: String
    package let addressJSON: String
    package let payloadJSON: String
    package let contextJSON: String
    package let targetKey: OutboxKey?
    /// What was rendered at the first claim; a retry sends the very same.
    package let partsJSON: String?
    /// What became of each part so far.
    package let receiptsJSON: String
    package let attempts: Int
    package let expiresAt: Timestamp?

    init(_ row: Row, owner: String) throws {
        claim = OutboxClaim(
            workspace: try row.id("workspace_id"),
            key: try row.id("outbox_key"),
            owner: owner,
            fence: try row.integer("fence") + 1
        )
        platform = try row.text("platform")
        operation = try row.text("operation")
        addressJSON = try row.text("address_json")
        payloadJSON = try row.text("payload_json")
        contextJSON = try row.text("context_json")
        targetKey = try row.textOrNil("target_key").map { OutboxKey($0) }
        partsJSON = try row.textOrNil("parts_json")
        receiptsJSON = try row.text("receipts_json")
        attempts = Int(try row.integer("attempts"))
        expiresAt = try row.timestampOrNil("expires_at")
    }
}

/// What has become of a row that another one depends on.
package struct ResolvedOutboxRow: Sendable {
    package let status: OutboxStatus
    package let receiptsJSON: String
    /// Whether something may still come of it.
    package let isOpen: Bool
}

/// Rows of the outbox that are in the same trouble, with the newest of them.
package struct OutboxTrouble: Sendable {
    /// How many rows there are.
    package let count: Int
    package let workspace: WorkspaceID
    package let key: OutboxKey
    package let platform: String
    package let operation: String
    package let status: OutboxStatus
    package let errorCode: String
    package let errorMessage: String
    package let updatedAt: Timestamp
}

/// Why a row is where it is; both texts are safe to show.
package struct OutboxNote: Sendable, Hashable {
    package let code: String
    package let message: String

    /// Pairs a code with a sentence.
    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
