import CoreTypes
import HTTPTypes
import Hummingbird
import Persistence

/// Decides what a program with a key of its own may do: what the key's scopes name, and nothing else.
struct KeyPolicy: Sendable {
    let keys: any KeyAuthority

    /// Where a request shows a key, and which.
    static func key(shownIn request: Request) -> Secret? {
        if let key = request.headers[.apiKey], key.hasPrefix(APIKeyStore.prefix) { return Secret(key) }
        guard let value = request.headers[.authorization] else { return nil }
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer", words[1].hasPrefix(APIKeyStore.prefix) else {
            return nil
        }
        return Secret(String(words[1]))
    }

    /// What a request asks of a key.
    private enum Demand {
        case nothing
        case scope(APIKey.Scope)
        /// Only whoever runs the gateway may do it.
        case beingOperator
    }

    /// Says who asks.
    /// - Throws: `HTTPFailure` 401 for a key that is none, 403 for one that does not open this.
    func authorize(_ key: Secret, _ request: Request) async throws -> Caller {
        guard let holder = try await keys.holder(of: key) else {
            throw HTTPFailure(
                .unauthorized,
                "unauthorized",
                "This key is not valid: it has ended, was revoked or never was one. `aragora keys list` on the "
                    + "gateway's machine shows those that are, and `aragora keys create` makes another one.",
                headers: [.wwwAuthenticate: "Bearer"]
            )
        }
        switch Self.demand(of: request) {
        case .scope(let scope) where !holder.scopes.contains(scope):
            let scopes = holder.scopes.map { "`\($0.rawValue)`" }.sorted().joined(separator: ", ")
            throw HTTPFailure(
                .forbidden,
                "forbidden",
                "This needs a key with the scope `\(scope.rawValue)`; this one has \(scopes.isEmpty ? "none" : scopes). "
                    + "`aragora keys create --scopes …` on the gateway's machine makes one."
            )
        case .beingOperator:
            throw HTTPFailure(
                .forbidden,
                "forbidden",
                "No key opens this address: it is the operator's, who shows the API token (ARAGORA_API_TOKEN)."
            )
        case .nothing, .scope: return .keyHolder(holder)
        }
    }

    private static func demand(of request: Request) -> Demand {
        let isReading = [.get, .head, .options].contains(request.method)
        let parts = request.uri.path.split(separator: "/").dropFirst(2)
        switch parts.first {
        // With the original's own paths to the same: `ApprovalController` has them.
        case "approvals", "workflow-approvals",
            "decisions" where parts.dropFirst().first == "plans",
            "computer-use" where parts.dropFirst().first == "approvals":
            return .scope(isReading ? .readApprovals : .decideApprovals)
        // Publishing is the operator's, as the accounts are.
        case "debates" where parts.contains("publish"): return .beingOperator
        case "debates": return .scope(isReading ? .readDebates : .writeDebates)
        case "agents" where isReading: return .scope(.readDebates)
        case "webhooks": return .scope(isReading ? .readWebhooks : .writeWebhooks)
        // Connecting an account is the operator's.
        case "integrations" where parts.last == "connect": return .beingOperator
        // The addresses of hooks are secrets: whoever knows one may send there.
        case "integrations" where parts.contains("hooks"):
            return .scope(isReading ? .readWebhooks : .writeWebhooks)
        // Programs ask here who they are and what there is, whatever they may do.
        case "integrations" where isReading: return .nothing
        default: return .beingOperator
        }
    }
}
