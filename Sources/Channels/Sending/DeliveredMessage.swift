package import CoreTypes
package import Persistence

/// A message that is there, as the hook learns of it.
package struct DeliveredMessage: Sendable {
    package let workspace: WorkspaceID
    package let key: OutboxKey
    package let platform: String
    package let operation: SendOperation
    /// Where it went, with the thread that it was found to belong to.
    package let address: Address
    /// What was given when it was enqueued.
    package let context: JSONValue
    /// The platform's ids, one for each part; empty where the platform gives none.
    package let messageIDs: [String]
    /// Where its first part stands; nil where the platform gives it no id.
    package let place: MessagePlace?
}

/// A message that will never be there, as the hook learns of it.
package struct UndeliverableMessage: Sendable {
    package let workspace: WorkspaceID
    package let key: OutboxKey
    package let platform: String
    /// The column `operation`.
    package let operation: String
    /// Where it was to go, and what it says; nil where that cannot be read, or where it is no post.
    package let address: Address?
    package let post: Post?
    package let context: JSONValue
    /// Why; both texts are safe to show.
    package let note: OutboxNote
}

/// What happens, in the same transaction, when a message has come to its end.
///
/// A hook must not throw for what it can foresee: an error takes the transaction back, and the end is written again
/// later, at most as often as a send is tried; then it is written without the hook.
package struct DeliveryHooks: Sendable {
    package var delivered: @Sendable (DeliveredMessage, borrowing Transaction) throws -> Void
    package var undeliverable: @Sendable (UndeliverableMessage, borrowing Transaction) throws -> Void

    /// Collects hooks; those that are left out do nothing.
    package init(
        delivered: @escaping @Sendable (DeliveredMessage, borrowing Transaction) throws -> Void = { _, _ in },
        undeliverable: @escaping @Sendable (UndeliverableMessage, borrowing Transaction) throws -> Void = { _, _ in }
    ) {
        self.delivered = delivered
        self.undeliverable = undeliverable
    }
}
