package import Channels
package import CoreTypes
package import Persistence

/// What follows when a copy of a prompt has arrived, or never will.
package struct ApprovalDelivery: Sendable {
    private let prompts = ApprovalPromptStore()
    private let time: any TimeSource

    /// Makes the follow-up.
    package init(time: any TimeSource) {
        self.time = time
    }

    /// Notes the thread in which a copy can be answered with a number.
    /// - Throws: `DatabaseError`.
    package func delivered(_ message: DeliveredMessage, in transaction: borrowing Transaction) throws {
        guard message.operation == .post, message.context["approval_role"]?.string == "prompt",
            let prompt = message.context["approval_prompt"]?.string, let id = message.messageIDs.first, !id.isEmpty
        else { return }
        // A message to a person comes out in a direct channel, which the id then names.
        let place =
            message.address.thread.map { "\(message.address.channel):\($0)" }
            ?? (id.contains(":") ? id : "\(message.address.channel):\(id)")
        try prompts.bind(
            prompt,
            to: "\(message.platform):\(place)",
            workspace: message.workspace,
            in: transaction
        )
    }

    /// Notes that a copy will never be there.
    /// - Throws: `DatabaseError`.
    package func undeliverable(_ message: UndeliverableMessage, in transaction: borrowing Transaction) throws {
        guard message.context["approval_role"]?.string == "prompt",
            let prompt = message.context["approval_prompt"]?.string
        else { return }
        try prompts.fail(prompt, workspace: message.workspace, now: time.now(), in: transaction)
    }
}
