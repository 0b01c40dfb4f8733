import Channels
import CoreTypes
import Persistence

/// Posts the copies of prompts and keeps all of them true.
struct ApprovalCopies: Sendable {
    let outbox: Outbox
    let posts: ApprovalPosts
    let platforms: ApprovalDesk.Platforms
    let tokens: ApprovalTokenStore
    let identifiers: any IdentifierSource
    private let prompts = ApprovalPromptStore()

    init(
        outbox: Outbox,
        posts: ApprovalPosts,
        platforms: ApprovalDesk.Platforms,
        tokens: ApprovalTokenStore,
        identifiers: any IdentifierSource
    ) {
        self.outbox = outbox
        self.posts = posts
        self.platforms = platforms
        self.tokens = tokens
        self.identifiers = identifiers
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
        let present = try prompts.list(of: record.id, workspace: record.workspace, in: transaction)
        let known = Set(present.map { "\($0.platform) \($0.recipient)" })
        for recipient in recipients where !known.contains("\(recipient.address.platform) \(recipient.name)") {
            try post(record, to: recipient, reminderOf: nil, now: now, in: transaction)
        }
    }

    /// Posts the prompt once more wherever nobody has answered yet.
    /// - Returns: how many were reminded.
    /// - Throws: `DatabaseError`.
    func remind(
        _ record: ApprovalRecord,
        answeredBy decisions: [ApprovalDecision],
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Int {
        let done = Set(decisions.flatMap { [$0.identity, $0.seat, $0.actor] })
        let open = try prompts.list(of: record.id, workspace: record.workspace, in: transaction)
            .filter { $0.state == .open && $0.reminderOf == nil && !done.contains($0.recipient) }
        for prompt in open {
            guard let address = Address(prompt: prompt.address) else { continue }
            let recipient = ApprovalRecipient(
                name: prompt.recipient,
                boundTo: prompt.address["bound_to"]?.string ?? prompt.recipient,
                address: address
            )
            try post(record, to: recipient, reminderOf: prompt.id, now: now, in: transaction)
        }
        return open.count
    }

    /// Changes every copy to where the request stands now, or answers it where it cannot be changed.
    /// - Parameter isEdited: whether what is decided about is another text now, so that old links no longer count.
    /// - Throws: `DatabaseError`.
    func update(
        _ record: ApprovalRecord,
        isEdited: Bool,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let isOpen = record.status == .pending
        for prompt in try prompts.list(of: record.id, workspace: record.workspace, in: transaction)
        where prompt.state != .failed {
            guard let address = Address(prompt: prompt.address) else { continue }
            let key = OutboxKey("\(prompt.outboxKey)/v\(record.version)")
            guard platforms.editing.contains(prompt.platform) else {
                // A letter for each answer would be a nuisance; one for the end is not.
                if !isOpen || isEdited, prompt.reminderOf == nil {
                    try outbox.post(
                        isOpen
                            ? try self.prompt(
                                record,
                                prompt.id,
                                platform: prompt.platform,
                                boundTo: prompt.address["bound_to"]?.string ?? prompt.recipient,
                                reminder: false,
                                now: now,
                                in: transaction
                            ) : posts.outcome(record),
                        to: address,
                        key: key,
                        context: context(prompt, role: "outcome"),
                        in: transaction
                    )
                }
                continue
            }
            let post =
                isOpen
                ? try self.prompt(
                    record,
                    prompt.id,
                    platform: prompt.platform,
                    boundTo: prompt.address["bound_to"]?.string ?? prompt.recipient,
                    reminder: prompt.reminderOf != nil,
                    now: now,
                    in: transaction
                )
                : posts.closed(record)
            try outbox.edit(
                target: OutboxKey(prompt.outboxKey),
                post: post,
                address: address,
                key: key,
                coalesceKey: "\(prompt.outboxKey)/state",
                context: context(prompt, role: "update"),
                in: transaction
            )
        }
        try prompts.show(
            record.outcomeLine,
            version: record.version,
            state: isOpen ? .open : .closed,
            onCopiesOf: record.id,
            workspace: record.workspace,
            now: now,
            in: transaction
        )
    }

    private func post(
        _ record: ApprovalRecord,
        to recipient: ApprovalRecipient,
        reminderOf: String?,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let platform = recipient.address.platform
        let isReachable =
            platforms.reachable.contains(platform) && (platform != Self.mail || posts.publicURL != nil)
        var place = recipient.address.promptJSON
        place["bound_to"] = .string(recipient.boundTo)
        let prompt = ApprovalPrompt(
            id: identifiers.next(),
            request: record.id,
            platform: platform,
            recipient: recipient.name,
            address: place,
            conversationKey: recipient.address.thread.map { "\(platform):\(recipient.address.channel):\($0)" },
            reminderOf: reminderOf,
            state: isReachable ? .open : .failed,
            shown: isReachable ? record.outcomeLine : "",
            shownVersion: record.version
        )
        try prompts.insert(prompt, workspace: record.workspace, now: now, in: transaction)
        guard isReachable else { return }
        let post = try self.prompt(
            record,
            prompt.id,
            platform: platform,
            boundTo: recipient.boundTo,
            reminder: reminderOf != nil,
            now: now,
            in: transaction
        )
        try outbox.post(
            post,
            to: recipient.address,
            key: OutboxKey(prompt.outboxKey),
            context: context(prompt, role: "prompt"),
            in: transaction
        )
    }

    /// The prompt with tokens of its own, bound to whoever gets this copy and to what it shows.
    private func prompt(
        _ record: ApprovalRecord,
        _ prompt: String,
        platform: String,
        boundTo: String,
        reminder: Bool,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Post {
        func issue(_ option: String?, in transaction: borrowing Transaction) throws -> String {
            try tokens.issue(for: record, prompt: prompt, option: option, boundTo: boundTo, now: now, in: transaction)
        }
        if platform == Self.mail {
            let token = try issue(nil, in: transaction)
            return posts.prompt(record, tokens: [], linkToken: token, reminder: reminder)
        }
        var buttons: [(option: ApprovalOption, token: String)] = []
        for option in record.policy.options { buttons.append((option, try issue(option.id, in: transaction))) }
        return posts.prompt(record, tokens: buttons, linkToken: nil, reminder: reminder)
    }

    private func context(_ prompt: ApprovalPrompt, role: String) -> JSONValue {
        ["approval_prompt": .string(prompt.id), "approval_role": .string(role)]
    }
}

extension Address {
    /// The address as it stands beside a prompt.
    var promptJSON: JSONValue {
        .record([
            "platform": .string(platform),
            "workspace": .string(workspace.rawValue),
            "channel": .string(channel),
            "thread": thread.map { .string($0) },
            "threadOpenedBy": threadOpenedBy.map { .string($0.rawValue) },
            "person": person.map { .string($0) },
        ])
    }

    /// Reads what `promptJSON` wrote.
    init?(prompt json: JSONValue) {
        guard let platform = json["platform"]?.string, let workspace = json["workspace"]?.string,
            let channel = json["channel"]?.string
        else { return nil }
        self.init(
            platform: platform,
            workspace: WorkspaceID(workspace),
            channel: channel,
            thread: json["thread"]?.string,
            threadOpenedBy: json["threadOpenedBy"]?.string.map { OutboxKey($0) },
            person: json["person"]?.string
        )
    }
}
