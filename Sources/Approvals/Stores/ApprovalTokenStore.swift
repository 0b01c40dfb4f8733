import CoreTypes
import Crypto
import Persistence

/// The table `approval_tokens`: what a button or a link stands for, kept as a hash.
struct ApprovalTokenStore: Sendable {
    /// What a token stands for.
    struct Meaning: Sendable {
        let hash: String
        let workspace: WorkspaceID
        let request: ApprovalID
        let promptID: String
        /// The option of a button; nil for a link, whose page asks.
        let optionID: String?
        /// A person's one id, or `channel:<platform>:<channel>`.
        let boundTo: String
        /// What was shown with it.
        let operationHash: String
        let expiresAt: Timestamp
        let usedAt: Timestamp?
    }

    /// Tokens work as long as people answer old messages.
    static let lifetime = Duration.seconds(90 * 24 * 3600)

    private let identifiers: any IdentifierSource

    init(identifiers: any IdentifierSource) {
        self.identifiers = identifiers
    }

    /// Makes a token of 16 characters, 80 bits of which cannot be guessed.
    /// - Returns: the token; it is nowhere else.
    /// - Throws: `DatabaseError`.
    func issue(
        for record: ApprovalRecord,
        prompt: String,
        option: String?,
        boundTo: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> String {
        let token = String(identifiers.next().suffix(16))
        try transaction.execute(
            """
            insert into approval_tokens (token_hash, workspace_id, request_id, prompt_id, option_id, bound_to,
                operation_hash, created_at, expires_at)
            values (\(Self.hash(token)), \(record.workspace), \(record.id), \(prompt), \(option), \(boundTo),
                \(record.operationHash), \(now), \(now + Self.lifetime))
            """
        )
        return token
    }

    /// What a token stands for; nil for an unknown one.
    /// - Throws: `DatabaseError`.
    func find(_ token: String, in transaction: borrowing Transaction) throws -> Meaning? {
        guard token.utf8.count <= 20 else { return nil }
        return try transaction.query("select * from approval_tokens where token_hash = \(Self.hash(token))").first
            .map { row in
                Meaning(
                    hash: try row.text("token_hash"),
                    workspace: try row.id("workspace_id"),
                    request: try row.id("request_id"),
                    promptID: try row.text("prompt_id"),
                    optionID: try row.textOrNil("option_id"),
                    boundTo: try row.text("bound_to"),
                    operationHash: try row.text("operation_hash"),
                    expiresAt: try row.timestamp("expires_at"),
                    usedAt: try row.timestampOrNil("used_at")
                )
            }
    }

    /// Uses a token up.
    ///
    /// A channel's token is everybody's there; it is the person who can use it only once.
    /// - Throws: `DatabaseError`.
    func consume(_ meaning: Meaning, now: Timestamp, in transaction: borrowing Transaction) throws {
        guard !meaning.boundTo.hasPrefix("channel:") else { return }
        try transaction.execute("update approval_tokens set used_at = \(now) where token_hash = \(meaning.hash)")
    }

    private static func hash(_ token: String) -> String {
        hexadecimal(SHA256.hash(data: Array("aragora approval token \(token)".utf8)))
    }
}
