import Channels
package import CoreTypes
package import Persistence

/// One copy of a prompt.
package struct ApprovalPrompt: Sendable {
    /// How far a copy has come; the raw values are those of the column `state`.
    package enum State: String, Sendable {
        case open
        /// It says how the request ended.
        case closed
        /// It could not be posted.
        case failed
    }

    package let id: String
    /// Grows with each copy of the installation; what its buttons and links name it by.
    package let number: Int64
    /// Where the copy is: the request's own workspace, or the one in which the platform is connected.
    package let workspace: WorkspaceID
    package let request: ApprovalID
    package let platform: String
    /// Whose copy it is: a person's id, or `channel:…`.
    package let recipient: String
    /// Whose answer its buttons and its link stand for: a person's one id, or the channel.
    package let boundTo: String
    package let address: JSONValue
    /// The thread in which it can be answered with a number, once it is known.
    package var conversationKey: String?
    /// The copy of which this is the reminder.
    package let reminderOf: String?
    package var state: State
    /// The line about where the request stands that the copy shows; empty until it has arrived.
    package var shown: String
    /// The hash of what is decided, as the copy shows it; empty until it has arrived.
    package var shownHash: String
    /// When it was last noted what the copy shows.
    package let updatedAt: Timestamp

    /// The name of its message in the outbox.
    var outboxKey: String { "approval/\(request)/\(id)" }
}

/// The table `approval_prompts`.
package struct ApprovalPromptStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Adds a copy.
    /// - Returns: the copy with its number.
    /// - Throws: `DatabaseError`.
    func insert(
        id: String,
        of request: ApprovalID,
        to recipient: ApprovalRecipient,
        reminderOf: String?,
        state: ApprovalPrompt.State,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> ApprovalPrompt {
        let address = recipient.address
        let conversation = address.thread.map { "\(address.platform):\(address.channel):\($0)" }
        let added = try prompts(
            """
            insert into approval_prompts (workspace_id, prompt_id, request_id, platform, recipient, bound_to,
                address_json, conversation_key, reminder_of, state, created_at, updated_at)
            values (\(address.workspace), \(id), \(request), \(address.platform), \(recipient.name),
                \(recipient.boundTo), \(address.json), \(conversation), \(reminderOf), \(state.rawValue), \(now),
                \(now))
            returning *
            """,
            in: transaction
        ).first
        guard let added else { throw DatabaseError(.other, "The prompt was not kept.") }
        return added
    }

    /// The copy with a number, whichever workspace has it: for tokens, which prove more than a workspace would.
    /// - Throws: `DatabaseError`.
    func find(number: Int64, in transaction: borrowing Transaction) throws -> ApprovalPrompt? {
        try prompts("select * from approval_prompts where prompt_number = \(number)", in: transaction).first
    }

    /// A copy.
    /// - Throws: `DatabaseError`.
    func find(_ id: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> ApprovalPrompt? {
        try prompts(
            "select * from approval_prompts where workspace_id = \(workspace) and prompt_id = \(id)",
            in: transaction
        ).first
    }

    /// The copies of a request, in the order of their making.
    /// - Throws: `DatabaseError`.
    package func list(of request: ApprovalID, in transaction: borrowing Transaction) throws -> [ApprovalPrompt] {
        try prompts("select * from approval_prompts where request_id = \(request) order by prompt_id", in: transaction)
    }

    /// Where something was written to which copies may belong.
    enum Place: Sendable {
        /// A thread.
        case conversation(String)
        /// What a person of a platform writes to us directly, beside all threads.
        case person(String, platform: String)
    }

    /// The copies in a place that have arrived, the newest first, whatever they say.
    /// - Parameter limit: how many at most.
    /// - Throws: `DatabaseError`.
    func newest(
        in place: Place,
        workspace: WorkspaceID,
        limit: Int,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalPrompt] {
        try prompts(
            """
            select * from approval_prompts
            where workspace_id = \(workspace) and \(Self.isIn(place, workspace)) and state <> 'failed'
                and shown_hash <> ''
            order by created_at desc, prompt_number desc limit \(limit)
            """,
            in: transaction
        )
    }

    /// The open copies in a place that have arrived, the newest first.
    /// - Throws: `DatabaseError`.
    func open(
        in place: Place,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalPrompt] {
        try prompts(
            """
            select * from approval_prompts
            where workspace_id = \(workspace) and \(Self.isIn(place, workspace)) and state = 'open'
                and shown_hash <> ''
            order by created_at desc, prompt_number desc
            """,
            in: transaction
        )
    }

    /// Writes down what a copy shows now that it is there.
    /// - Parameters:
    ///   - hash: of what is decided; nil where it says nothing of that.
    ///   - alsoReminders: whether its reminders, which stand in the same place, say it with it.
    /// - Throws: `DatabaseError`.
    func show(
        _ line: String,
        hash: String?,
        state: ApprovalPrompt.State,
        on prompt: String,
        alsoReminders: Bool,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        let hashed: SQL = hash.map { ", shown_hash = \($0)" } ?? ""
        // A copy and its reminders are found by their request, for which there is an index.
        let copies: SQL =
            alsoReminders
            ? """
            (prompt_id = \(prompt) or reminder_of = \(prompt)) and request_id = (
                select request_id from approval_prompts where workspace_id = \(workspace) and prompt_id = \(prompt)
            )
            """
            : "prompt_id = \(prompt)"
        try transaction.execute(
            """
            update approval_prompts set shown = \(line), updated_at = \(now), state = \(state.rawValue) \(hashed)
            where workspace_id = \(workspace) and \(copies) and state <> 'failed'
            """
        )
    }

    /// Notes in which threads a copy can be answered: the first message's, and those of the others of a long one.
    /// - Throws: `DatabaseError`.
    func bind(
        _ prompt: String,
        to conversationKeys: [String],
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        guard let first = conversationKeys.first else { return }
        try transaction.execute(
            """
            update approval_prompts set conversation_key = \(first)
            where workspace_id = \(workspace) and prompt_id = \(prompt)
            """
        )
        for key in conversationKeys.dropFirst() {
            try transaction.execute(
                """
                insert into approval_prompt_threads (workspace_id, conversation_key, prompt_id)
                values (\(workspace), \(key), \(prompt)) on conflict do nothing
                """
            )
        }
    }

    private static func isIn(_ place: Place, _ workspace: WorkspaceID) -> SQL {
        switch place {
        case .conversation(let key):
            """
            (conversation_key = \(key) or prompt_id in (
                select prompt_id from approval_prompt_threads
                where workspace_id = \(workspace) and conversation_key = \(key)
            ))
            """
        case .person(let id, let platform): "recipient = \(id) and platform = \(platform)"
        }
    }

    /// Notes that a copy will never be there.
    /// - Throws: `DatabaseError`.
    func fail(_ prompt: String, workspace: WorkspaceID, now: Timestamp, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            update approval_prompts set state = 'failed', updated_at = \(now)
            where workspace_id = \(workspace) and prompt_id = \(prompt)
            """
        )
    }

    private func prompts(_ query: SQL, in transaction: borrowing Transaction) throws -> [ApprovalPrompt] {
        try transaction.query(query).map { row in
            ApprovalPrompt(
                id: try row.text("prompt_id"),
                number: try row.integer("prompt_number"),
                workspace: try row.id("workspace_id"),
                request: try row.id("request_id"),
                platform: try row.text("platform"),
                recipient: try row.text("recipient"),
                boundTo: try row.text("bound_to"),
                address: try row.json("address_json"),
                conversationKey: try row.textOrNil("conversation_key"),
                reminderOf: try row.textOrNil("reminder_of"),
                state: try row.word("state", of: "a prompt"),
                shown: try row.text("shown"),
                shownHash: try row.text("shown_hash"),
                updatedAt: try row.timestamp("updated_at")
            )
        }
    }
}
