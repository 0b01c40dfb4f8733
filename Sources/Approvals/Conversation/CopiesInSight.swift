import Channels
import CoreTypes
import Persistence

/// The copies of prompts that somebody had in sight where and when they wrote something.
///
/// A number answers the copy that came last there. It never decides what has not arrived, what came after it was
/// written, or what stands in another thread. Whether the copy says the same as it did then is not looked at here.
struct CopiesInSight {
    private let event: InboundEvent
    private let place: ApprovalPromptStore.Place
    /// Where the platform's ids say nothing about what came first, a thread still says what is answered.
    private let isInThread: Bool
    private let written: MessageNumber?

    /// Among how many copies the last one is looked for: they do not come in the order of their making where the
    /// platform took one of them late.
    private static let most = 20

    /// Looks around where something was written.
    /// - Throws: `DatabaseError`.
    init(_ event: InboundEvent, isDirect: Bool, in transaction: borrowing Transaction) throws {
        let thread = ApprovalPromptStore.Place.conversation(event.conversationKey)
        var isInThread = true
        if isDirect, event.address.thread == nil {
            // What is written to us directly, beside all threads, answers what stands above it.
            isInThread = try !ApprovalPromptStore().newest(
                in: thread,
                workspace: event.workspace,
                limit: 1,
                in: transaction
            ).isEmpty
        }
        let platform = event.address.platform
        let person = Approver.normalized("\(platform):\(event.actor.id)")
        place = isInThread ? thread : .person(person, platform: platform)
        if case .message(_, let id, _, _) = event.kind {
            written = MessageNumber(id, in: event.address.channel)
        } else {
            written = nil
        }
        self.isInThread = isInThread
        self.event = event
    }

    /// The copy that came last, whatever it says; nil where there is none.
    /// - Throws: `DatabaseError`.
    func last(in transaction: borrowing Transaction) throws -> ApprovalPrompt? {
        var last: (copy: ApprovalPrompt, number: MessageNumber?)?
        let copies = try ApprovalPromptStore().newest(
            in: place,
            workspace: event.workspace,
            limit: Self.most,
            in: transaction
        )
        for copy in copies {
            let number = try self.number(of: copy, in: transaction)
            guard isBefore(number) else { continue }
            if let last, !Self.precedes(last.number, number) { continue }
            last = (copy, number)
        }
        return last?.copy
    }

    /// Copies that are open yet, the newest first, some of which may have come too late to be in sight.
    /// - Throws: `DatabaseError`.
    func open(in transaction: borrowing Transaction) throws -> [ApprovalPrompt] {
        try ApprovalPromptStore().open(in: place, workspace: event.workspace, in: transaction)
    }

    /// Whether all of a copy was there when it was written.
    /// - Throws: `DatabaseError`.
    func contains(_ copy: ApprovalPrompt, in transaction: borrowing Transaction) throws -> Bool {
        isBefore(try number(of: copy, in: transaction))
    }

    private func isBefore(_ number: MessageNumber?) -> Bool {
        guard let number, let written else { return isInThread }
        return number < written
    }

    private static func precedes(_ number: MessageNumber?, _ other: MessageNumber?) -> Bool {
        guard let other else { return false }
        guard let number else { return true }
        return number < other
    }

    /// The last message of a copy: that of its thread's key, or one that is kept in the outbox for as long as sent
    /// messages are.
    private func number(of copy: ApprovalPrompt, in transaction: borrowing Transaction) throws -> MessageNumber? {
        let sent = try OutboxStore().resolve(
            OutboxKey(copy.outboxKey),
            workspace: copy.workspace,
            in: transaction
        )
        let messages = try sent.map { try PartReceipt.list(from: $0.receiptsJSON).messageIDs } ?? []
        let key = copy.conversationKey?.dropFirst("\(copy.platform):".count)
        return [messages.last, key.map { String($0) }].compactMap { id in
            id.flatMap { MessageNumber($0, in: event.address.channel) }
        }.max()
    }
}
