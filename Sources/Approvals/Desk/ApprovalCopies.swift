import Channels
import CoreTypes
import Logging
import Persistence

/// Posts the copies of prompts and keeps all of them true.
struct ApprovalCopies: Sendable {
    let outbox: Outbox
    let posts: ApprovalPosts
    let platforms: ApprovalDesk.Platforms
    let tokens: ApprovalTokens
    let identifiers: any IdentifierSource
    let logger: Logger
    private let prompts = ApprovalPromptStore()

    init(
        outbox: Outbox,
        posts: ApprovalPosts,
        platforms: ApprovalDesk.Platforms,
        tokens: ApprovalTokens,
        identifiers: any IdentifierSource,
        logger: Logger
    ) {
        self.outbox = outbox
        self.posts = posts
        self.platforms = platforms
        self.tokens = tokens
        self.identifiers = identifiers
        self.logger = logger
    }

    /// Mail cannot be changed and has no buttons: it carries a link.
    static let mail = "email"

    /// Posts a copy to each recipient that has none yet.
    /// - Throws: `DatabaseError`.
    func post(
        _ record: ApprovalRecord,
        to recipients: [ApprovalRecipient],
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let present = try prompts.list(of: record.id, in: transaction)
        let known = Set(present.map { "\($0.workspace) \($0.platform) \($0.recipient)" })
        for recipient in recipients {
            let (workspace, platform) = (recipient.address.workspace, recipient.address.platform)
            guard !known.contains("\(workspace) \(platform) \(recipient.name)") else { continue }
            try post(record, to: recipient, reminderOf: nil, now: now, in: transaction)
        }
    }

    /// Posts a copy once more.
    /// - Returns: false where nobody can tell any more where it was posted.
    /// - Throws: `DatabaseError`.
    func remind(
        _ record: ApprovalRecord,
        _ prompt: ApprovalPrompt,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        guard let address = Address(json: prompt.address) else { return false }
        let recipient = ApprovalRecipient(
            name: prompt.recipient,
            boundTo: prompt.boundTo,
            address: address,
            isPlaced: true
        )
        try post(record, to: recipient, reminderOf: prompt.id, now: now, in: transaction)
        return true
    }

    /// Changes every copy to where the request stands now, or answers it where it cannot be changed.
    /// - Parameters:
    ///   - isEdited: whether what is decided about is another text from now on, so that old links no longer count.
    ///   - isRenewed: whether it is another text than was asked about, from now on or since an earlier answer.
    /// - Throws: `DatabaseError`.
    func update(
        _ record: ApprovalRecord,
        isEdited: Bool,
        isRenewed: Bool,
        in transaction: borrowing Transaction
    ) throws {
        let isOpen = record.status == .pending
        for prompt in try prompts.list(of: record.id, in: transaction)
        where prompt.state != .failed {
            guard let address = Address(json: prompt.address) else { continue }
            let key = OutboxKey("\(prompt.outboxKey)/v\(record.version)")
            if platforms.editing.contains(prompt.platform) {
                try outbox.edit(
                    target: OutboxKey(prompt.outboxKey),
                    post: isOpen ? self.prompt(record, prompt) : posts.closed(record),
                    address: address,
                    key: key,
                    coalesceKey: "\(prompt.outboxKey)/state",
                    context: ApprovalDelivery.context(prompt, .update, record, isRenewed: isRenewed),
                    in: transaction
                )
            } else if !isOpen || isEdited, prompt.reminderOf == nil {
                // A letter for each answer would be a nuisance; one for the end is not.
                try outbox.post(
                    isOpen ? self.prompt(record, prompt) : posts.outcome(record),
                    to: address,
                    key: key,
                    context: ApprovalDelivery.context(prompt, .outcome, record),
                    in: transaction
                )
            }
        }
    }

    /// Whether anything can be said on a platform: a letter without a link would be of no use.
    func reaches(_ platform: String) -> Bool {
        platforms.reachable.contains(platform) && (platform != Self.mail || posts.publicURL != nil)
    }

    private func post(
        _ record: ApprovalRecord,
        to recipient: ApprovalRecipient,
        reminderOf: String?,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let platform = recipient.address.platform
        let isReachable = recipient.isPlaced && reaches(platform)
        let prompt = try prompts.insert(
            id: identifiers.next(),
            of: record.id,
            to: recipient,
            reminderOf: reminderOf,
            state: isReachable ? .open : .failed,
            now: now,
            in: transaction
        )
        if !recipient.isPlaced {
            logger.warning(
                """
                It cannot be told in which workspace somebody is asked to decide: name them in full, such as \
                slack:T012:U012.
                """,
                metadata: ["request": "\(record.number)", "approver": "\(recipient.name)"]
            )
        }
        guard isReachable else { return }
        try outbox.post(
            self.prompt(record, prompt),
            to: recipient.address,
            key: OutboxKey(prompt.outboxKey),
            context: ApprovalDelivery.context(prompt, .prompt, record),
            in: transaction
        )
    }

    /// The prompt with the tokens of this copy, which hold for what it shows.
    private func prompt(_ record: ApprovalRecord, _ prompt: ApprovalPrompt) -> Post {
        func token(_ option: Int?) -> String {
            tokens.token(
                for: prompt,
                option: option,
                operationHash: record.operationHash,
                workspace: record.workspace
            )
        }
        let isReminder = prompt.reminderOf != nil
        if prompt.platform == Self.mail {
            return posts.prompt(record, tokens: [], linkToken: token(nil), reminder: isReminder)
        }
        let buttons = record.policy.options.enumerated().map { (option: $1, token: token($0)) }
        return posts.prompt(record, tokens: buttons, linkToken: nil, reminder: isReminder)
    }
}
