import CoreTypes
import Persistence

/// Issues the opaque tokens that buttons carry.
struct ButtonTokens: Sendable {
    let identifiers: any IdentifierSource
    let time: any TimeSource
    private let store = ButtonTokenStore()

    init(identifiers: any IdentifierSource, time: any TimeSource) {
        self.identifiers = identifiers
        self.time = time
    }

    /// A token that nobody can guess: 16 random characters (80 bits).
    func make() -> String {
        String(identifiers.next().suffix(16))
    }

    /// Makes a token and keeps what its button means.
    func issue(
        _ action: String,
        payload: JSONValue,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> String {
        let token = make()
        try keep(token, action: action, payload: payload, workspace: workspace, in: transaction)
        return token
    }

    /// Keeps what a button means.
    func keep(
        _ token: String,
        action: String,
        payload: JSONValue,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        try store.insert(
            token: token,
            action: action,
            payload: payload,
            workspace: workspace,
            now: time.now(),
            in: transaction
        )
    }
}
