import CoreTypes
import Persistence

/// Who uses the API.
enum Caller: Sendable {
    /// A program on the same machine, where no token is configured.
    case localProgram
    /// Somebody who holds the API token.
    case tokenHolder
    /// A program with a key of its own, which sees one workspace.
    case keyHolder(APIKey)

    /// Names the caller in what it makes.
    var rawValue: String {
        switch self {
        case .localProgram: "local"
        case .tokenHolder: "api"
        case .keyHolder(let key): "key:\(key.id)"
        }
    }

    /// How people read who it was: a program is called as its key is.
    var displayName: String {
        guard case .keyHolder(let key) = self else { return "the operator" }
        return key.name.isEmpty ? "a program" : String(key.name.prefix(200))
    }

    /// The one workspace that the caller sees; nil for the operator, who sees all.
    var workspace: WorkspaceID? {
        if case .keyHolder(let key) = self { key.workspace } else { nil }
    }

    /// The one workspace that a call is about: the caller's own, or the one that the operator names; nil for all.
    func workspace(in query: QueryParameters) -> WorkspaceID? {
        workspace ?? query["workspace"].map { WorkspaceID($0) }
    }
}
