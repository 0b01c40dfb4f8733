package import Channels
package import CoreTypes
package import Persistence

/// What follows when a copy of a prompt has arrived or was changed, or never will be.
package struct ApprovalDelivery: Sendable {
    /// The part that a message plays for a copy.
    enum Role: String {
        /// It is the copy.
        case prompt
        /// It changes the copy.
        case update
        /// It says beside the copy how the request ended.
        case outcome
    }

    private let prompts = ApprovalPromptStore()
    private let requests = ApprovalRequestStore()
    private let outbox: Outbox
    private let posts: ApprovalPosts
    private let time: any TimeSource

    /// Makes the follow-up.
    package init(outbox: Outbox, posts: ApprovalPosts, time: any TimeSource) {
        self.outbox = outbox
        self.posts = posts
        self.time = time
    }

    /// What a message about a copy carries, so that it is known what people see once it is there.
    ///
    /// What says beside a copy how it ended says so for its reminders too, which stand in the same place.
    /// - Parameter isRenewed: whether another text is decided now than was asked about.
    static func context(
        _ prompt: ApprovalPrompt,
        _ role: Role,
        _ record: ApprovalRecord,
        isRenewed: Bool = false
    ) -> JSONValue {
        [
            "approval_prompt": .string(role == .outcome ? prompt.reminderOf ?? prompt.id : prompt.id),
            "approval_role": .string(role.rawValue),
            "shown": .string(record.outcomeLine),
            "is_open": .bool(record.status == .pending),
            "is_renewed": .bool(isRenewed),
            "operation_hash": .string(record.operationHash),
        ]
    }

    /// Notes what a copy shows, and the thread in which it can be answered with a number.
    /// - Throws: `DatabaseError`.
    package func delivered(_ message: DeliveredMessage, in transaction: borrowing Transaction) throws {
        guard let prompt = message.context["approval_prompt"]?.string, let role = Self.role(message.context) else {
            return
        }
        try prompts.show(
            message.context["shown"]?.string ?? "",
            hash: message.context["operation_hash"]?.string,
            state: message.context["is_open"]?.bool == true ? .open : .closed,
            on: prompt,
            alsoReminders: role == .outcome,
            workspace: message.workspace,
            now: time.now(),
            in: transaction
        )
        guard role == .prompt, message.operation == .post else { return }
        let channel = message.address.channel
        // A message to a person comes out in a direct channel, which the id then names.
        let places =
            message.address.thread.map { ["\(channel):\($0)"] }
            ?? message.messageIDs.filter { !$0.isEmpty }.map { $0.contains(":") ? $0 : "\(channel):\($0)" }
        try prompts.bind(
            prompt,
            to: places.map { "\(message.platform):\($0)" },
            workspace: message.workspace,
            in: transaction
        )
    }

    /// Notes that a copy will never be there, or says beside it what it cannot be made to say.
    /// - Throws: `DatabaseError`.
    package func undeliverable(_ message: UndeliverableMessage, in transaction: borrowing Transaction) throws {
        guard let id = message.context["approval_prompt"]?.string else { return }
        switch Self.role(message.context) {
        case .prompt: try prompts.fail(id, workspace: message.workspace, now: time.now(), in: transaction)
        case .update: try answer(message, copy: id, in: transaction)
        case .outcome, nil: return
        }
    }

    /// A copy that cannot be changed is answered: with the end, once, or with what is decided now instead.
    private func answer(_ message: UndeliverableMessage, copy id: String, in transaction: borrowing Transaction) throws
    {
        guard let prompt = try prompts.find(id, workspace: message.workspace, in: transaction),
            prompt.state != .failed, let address = message.address,
            let record = try requests.find(prompt.request, in: transaction)
        else { return }
        if record.status != .pending {
            try outbox.post(
                posts.outcome(record),
                to: address,
                // Once, however many of the messages there cannot be changed.
                key: OutboxKey("approval/\(record.id)/\(prompt.reminderOf ?? prompt.id)/reply"),
                context: Self.context(prompt, .outcome, record),
                in: transaction
            )
        } else if message.context["is_renewed"]?.bool == true, let post = message.post {
            try outbox.post(
                post,
                to: address,
                key: OutboxKey("\(prompt.outboxKey)/again/\(record.shortHash)"),
                context: Self.context(prompt, .prompt, record),
                in: transaction
            )
        }
    }

    private static func role(_ context: JSONValue) -> Role? {
        context["approval_role"]?.string.flatMap(Role.init(rawValue:))
    }
}
