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
    package let request: ApprovalID
    package let platform: String
    /// Whose copy it is: a person's id, or `channel:…`.
    package let recipient: String
    package let address: JSONValue
    /// The thread in which it can be answered with a number, once it is known.
    package var conversationKey: String?
    /// The copy of which this is the reminder.
    package let reminderOf: String?
    package var state: State
    /// The line about where the request stands that the copy shows.
    package var shown: String
    package var shownVersion: Int64

    /// The name of its message in the outbox.
    var outboxKey: String { "approval/\(request)/\(id)" }
}

/// The table `approval_prompts`.
package struct ApprovalPromptStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Adds a copy.
    /// - Throws: `DatabaseError`.
    func insert(
        _ prompt: ApprovalPrompt,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            insert into approval_prompts (workspace_id, prompt_id, request_id, platform, recipient, address_json,
                conversation_key, reminder_of, state, shown, shown_version, created_at, updated_at)
            values (\(workspace), \(prompt.id), \(prompt.request), \(prompt.platform), \(prompt.recipient),
                \(prompt.address), \(prompt.conversationKey), \(prompt.reminderOf), \(prompt.state.rawValue),
                \(prompt.shown), \(prompt.shownVersion), \(now), \(now))
            """
        )
    }

    /// The copies of a request, in the order of their making.
    /// - Throws: `DatabaseError`.
    package func list(
        of request: ApprovalID,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalPrompt] {
        try prompts(
            "select * from approval_prompts where workspace_id = \(workspace) and request_id = \(request) order by prompt_id",
            in: transaction
        )
    }

    /// Open copies in a thread.
    /// - Throws: `DatabaseError`.
    func open(
        inConversation key: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalPrompt] {
        try prompts(
            """
            select * from approval_prompts
            where workspace_id = \(workspace) and conversation_key = \(key) and state = 'open' order by prompt_id
            """,
            in: transaction
        )
    }

    /// Open copies that were sent to somebody.
    /// - Throws: `DatabaseError`.
    func open(
        to recipient: String,
        platform: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> [ApprovalPrompt] {
        try prompts(
            """
            select * from approval_prompts
            where workspace_id = \(workspace) and recipient = \(recipient) and platform = \(platform)
                and state = 'open'
            order by prompt_id
            """,
            in: transaction
        )
    }

    /// The newest copy in a thread, whatever it says.
    /// - Throws: `DatabaseError`.
    func newest(
        inConversation key: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> ApprovalPrompt? {
        try prompts(
            """
            select * from approval_prompts
            where workspace_id = \(workspace) and conversation_key = \(key) and state <> 'failed'
            order by created_at desc, prompt_id desc limit 1
            """,
            in: transaction
        ).first
    }

    /// The newest copy that was sent to somebody, whatever it says.
    /// - Throws: `DatabaseError`.
    func newest(
        to recipient: String,
        platform: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> ApprovalPrompt? {
        try prompts(
            """
            select * from approval_prompts
            where workspace_id = \(workspace) and recipient = \(recipient) and platform = \(platform)
                and state <> 'failed'
            order by created_at desc, prompt_id desc limit 1
            """,
            in: transaction
        ).first
    }

    /// Writes down what all copies of a request show now.
    /// - Throws: `DatabaseError`.
    func show(
        _ line: String,
        version: Int64,
        state: ApprovalPrompt.State,
        onCopiesOf request: ApprovalID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update approval_prompts set shown = \(line), shown_version = \(version), updated_at = \(now),
                state = case when state = 'failed' then 'failed' else \(state.rawValue) end
            where workspace_id = \(workspace) and request_id = \(request)
            """
        )
    }

    /// Notes in which thread a copy can be answered.
    /// - Throws: `DatabaseError`.
    func bind(
        _ prompt: String,
        to conversationKey: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update approval_prompts set conversation_key = \(conversationKey)
            where workspace_id = \(workspace) and prompt_id = \(prompt)
            """
        )
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
            let word = try row.text("state")
            guard let state = ApprovalPrompt.State(rawValue: word) else {
                throw DatabaseError(.decoding, "The state \(word) of a prompt is unknown.")
            }
            return ApprovalPrompt(
                id: try row.text("prompt_id"),
                request: try row.id("request_id"),
                platform: try row.text("platform"),
                recipient: try row.text("recipient"),
                address: try row.json("address_json"),
                conversationKey: try row.textOrNil("conversation_key"),
                reminderOf: try row.textOrNil("reminder_of"),
                state: state,
                shown: try row.text("shown"),
                shownVersion: try row.integer("shown_version")
            )
        }
    }
}
