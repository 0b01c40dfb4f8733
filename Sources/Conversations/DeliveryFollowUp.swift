package import Channels
package import CoreTypes
import Persistence

/// What follows when a message of ours has arrived, or never will: in the same transaction that says so.
package struct DeliveryFollowUp: Sendable {
    private let outbox: Outbox
    private let time: any TimeSource
    private let identifiers: any IdentifierSource
    private let debates = DebateStore()
    private let conversations = ConversationStore()
    private let others: DeliveryHooks

    /// Makes the follow-up.
    /// - Parameter others: what other rooms do about their own messages, in the same transaction.
    package init(
        outbox: Outbox,
        time: any TimeSource,
        identifiers: any IdentifierSource,
        others: DeliveryHooks = DeliveryHooks()
    ) {
        self.others = others
        self.outbox = outbox
        self.time = time
        self.identifiers = identifiers
    }

    /// The two hooks that the dispatcher calls.
    package var hooks: DeliveryHooks {
        DeliveryHooks(
            delivered: {
                try handleDelivered($0, in: $1)
                try others.delivered($0, $1)
            },
            undeliverable: {
                try handleUndeliverable($0, in: $1)
                try others.undeliverable($0, $1)
            }
        )
    }

    private func handleDelivered(_ message: DeliveredMessage, in transaction: borrowing Transaction) throws {
        // The start message of a command opens a thread, and only now it is known which.
        guard message.operation == .post, let context = DeliveryContext(json: message.context), context.role == .start,
            let id = context.debate, message.address.thread == nil, let place = message.place
        else { return }
        var address = message.address
        address.channel = place.channel
        address.thread = place.messageID
        let conversation = "\(message.platform):\(place.channel):\(place.messageID)"
        try debates.move(id, toConversation: conversation, workspace: message.workspace, in: transaction)
        try conversations.bind(
            conversation,
            platform: message.platform,
            to: id,
            address: address.json,
            workspace: message.workspace,
            now: time.now(),
            in: transaction
        )
    }

    /// A verdict that cannot be posted where it was asked for is at least told to the person who asked.
    private func handleUndeliverable(_ message: UndeliverableMessage, in transaction: borrowing Transaction) throws {
        guard let context = DeliveryContext(json: message.context) else { return }
        if context.role == .quickAnswer { return try passOn(message, in: transaction) }
        if context.role == .form { return try say(context.otherwise, insteadOf: message, in: transaction) }
        guard context.role == .start || context.role == .verdict,
            let id = context.debate,
            let debate = try debates.find(id, workspace: message.workspace, in: transaction),
            var address = Address(json: debate.address)
        else { return }
        address.person = debate.requestedBy
        let isStart = context.role == .start
        // Where a post fails, a mention may not be heard either.
        let text = """
            \(isStart ? "The start message" : "The verdict") of debate #\(debate.number) could not be posted: \
            \(message.note.message) \(isStart ? "The debate itself goes on; " : "")\
            `\(InboundEvent.slashPrefix)verdict \(debate.number)` shows its outcome.
            """
        try outbox.ephemeral(
            Post(body: text, fallbackText: text),
            to: address,
            key: OutboxKey(identifiers.next()),
            context: DeliveryContext(role: .answer, debate: id).json,
            in: transaction
        )
    }

    /// Every click gets its answer: where the form that it asks for cannot be shown, the person is told what to do.
    private func say(
        _ post: Post?,
        insteadOf message: UndeliverableMessage,
        in transaction: borrowing Transaction
    ) throws {
        guard let post, var address = message.address, address.person != nil else { return }
        address.trigger = nil
        try outbox.ephemeral(
            post,
            to: address,
            key: OutboxKey("\(message.key)/otherwise"),
            context: DeliveryContext(role: .answer, debate: nil).json,
            in: transaction
        )
    }

    /// Who asked for a quick answer learns that it cannot be posted, and gets it alone when it is there.
    private func passOn(_ message: UndeliverableMessage, in transaction: borrowing Transaction) throws {
        guard var address = message.address, address.person != nil else { return }
        // Nobody sees what is for them alone in the thread of a message that has no replies.
        address.threadOpenedBy = nil
        let post: Post
        switch SendOperation(rawValue: message.operation) {
        case .post:
            let text = """
                The answer cannot be posted here: \(message.note.message) You will get it here, and nobody else will \
                see it.
                """
            post = Post(body: text, fallbackText: text)
        case .edit:
            guard let answer = message.post else { return }
            post = answer
        default: return
        }
        try outbox.ephemeral(
            post,
            to: address,
            key: OutboxKey("\(message.key)/private"),
            context: DeliveryContext(role: .answer, debate: nil).json,
            in: transaction
        )
    }
}
