package import CoreTypes
package import Persistence

/// Where everything that is to be said is put, in the same transaction as the state change that causes it.
///
/// After the commit, `database.notify(.outbox)` makes the dispatchers look at once. A key that was enqueued before
/// changes nothing: keys are made of what caused them, so that a piece of work that is done again after a crash says
/// nothing twice.
package struct Outbox: Sendable {
    /// How long a platform lets a form be opened after the click (Slack, Discord: 3 seconds).
    static let formLifetime = Duration.seconds(3)

    private let store = OutboxStore()
    let time: any TimeSource

    /// Makes the front of the outbox.
    package init(time: any TimeSource = SystemTime()) {
        self.time = time
    }

    /// Posts a message.
    /// - Parameters:
    ///   - destination: what is posted in order; nil for the address's thread, or its channel.
    ///   - context: comes back in `DeliveredMessage` or `UndeliverableMessage`.
    /// - Throws: `DatabaseError`.
    package func post(
        _ post: Post,
        to address: Address,
        key: OutboxKey,
        destination: String? = nil,
        context: JSONValue = .object([:]),
        in transaction: borrowing Transaction
    ) throws {
        let thread = address.thread ?? address.threadOpenedBy?.rawValue ?? ""
        try enqueue(
            .post,
            payload: post,
            to: address,
            key: key,
            destination: destination ?? "\(address.place):\(thread)",
            context: context,
            in: transaction
        )
    }

    /// Changes a message that was posted under the key `target`; waits until that one is sent.
    /// - Parameters:
    ///   - address: where the message is; used for the parts that the message does not have yet.
    ///   - coalesceKey: while an edit with this key is still queued, this one takes its place; give none to an edit
    ///     that must be seen.
    ///   - destination: what is changed in order; nil for the message itself.
    /// - Throws: `DatabaseError`.
    package func edit(
        target: OutboxKey,
        post: Post,
        address: Address,
        key: OutboxKey,
        coalesceKey: String? = nil,
        destination: String? = nil,
        context: JSONValue = .object([:]),
        in transaction: borrowing Transaction
    ) throws {
        try enqueue(
            .edit,
            payload: post,
            to: address,
            key: key,
            destination: destination ?? "\(address.place):edit:\(target)",
            target: target,
            coalesceKey: coalesceKey,
            context: context,
            in: transaction
        )
    }

    /// Answers `address.person` alone, in the channel; waits behind nothing.
    ///
    /// An answer that has no way but its response URL is given up when that ends.
    /// - Throws: `DatabaseError`.
    package func ephemeral(
        _ post: Post,
        to address: Address,
        key: OutboxKey,
        context: JSONValue = .object([:]),
        in transaction: borrowing Transaction
    ) throws {
        try enqueue(
            .ephemeral,
            payload: post,
            to: address,
            key: key,
            destination: "\(address.place):once:\(key)",
            context: context,
            expiresAt: address.responseURL == nil || address.person != nil ? nil : address.responseURLExpires,
            in: transaction
        )
    }

    /// Opens a form by `address.trigger`; waits behind nothing, and is given up after three seconds.
    /// - Throws: `DatabaseError`.
    package func open(
        _ form: Form,
        at address: Address,
        key: OutboxKey,
        context: JSONValue = .object([:]),
        in transaction: borrowing Transaction
    ) throws {
        try enqueue(
            .form,
            payload: form,
            to: address,
            key: key,
            destination: "\(address.place):once:\(key)",
            context: context,
            expiresAt: time.now() + Self.formLifetime,
            in: transaction
        )
    }

    /// The platform's id of the first message that was posted under a key; nil while there is none.
    /// - Throws: `DatabaseError`.
    package func messageID(
        of key: OutboxKey,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> String? {
        guard let row = try store.resolve(key, workspace: workspace, in: transaction) else { return nil }
        return try PartReceipt.list(from: row.receiptsJSON).messageIDs.first
    }

    private func enqueue(
        _ operation: SendOperation,
        payload: some Encodable,
        to address: Address,
        key: OutboxKey,
        destination: String,
        target: OutboxKey? = nil,
        coalesceKey: String? = nil,
        context: JSONValue,
        expiresAt: Timestamp? = nil,
        in transaction: borrowing Transaction
    ) throws {
        let now = time.now()
        let row = NewOutboxRow(
            workspace: address.workspace,
            key: key,
            platform: address.platform,
            destination: destination,
            operation: operation.rawValue,
            addressJSON: try StoredJSON.write(address),
            payloadJSON: try StoredJSON.write(payload),
            contextJSON: context.text,
            targetKey: target,
            coalesceKey: coalesceKey,
            availableAt: now,
            expiresAt: expiresAt
        )
        try store.enqueue(row, now: now, in: transaction)
    }
}

extension Address {
    fileprivate var place: String { "\(platform):\(workspace):\(channel)" }
}
