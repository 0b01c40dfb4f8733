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

    /// Says who asks.
    /// - Throws: `HTTPFailure` 401 for a key that is none, 403 for one that does not open this.
    func authorize(_ key: Secret, _ request: Request) async throws -> Caller {
        guard let holder = try await keys.holder(of: key) else {
            throw HTTPFailure(
                .unauthorized,
                "unauthorized",
                "The key is not valid.",
                headers: [.wwwAuthenticate: "Bearer"]
            )
        }
        guard Self.opens(request, holder.scopes) else {
            throw HTTPFailure(.forbidden, "forbidden", "The key's scopes do not allow this.")
        }
        return .keyHolder(holder)
    }

    private static func opens(_ request: Request, _ scopes: Set<APIKey.Scope>) -> Bool {
        let isReading = request.method == .get || request.method == .head
        let parts = request.uri.path.split(separator: "/").dropFirst(2)
        switch parts.first {
        // With the original's own paths to the same: `ApprovalController` has them.
        case "approvals", "workflow-approvals",
            "decisions" where parts.dropFirst().first == "plans",
            "computer-use" where parts.dropFirst().first == "approvals":
            return scopes.contains(isReading ? .readApprovals : .decideApprovals)
        // Publishing is the operator's, as the accounts are.
        case "debates" where parts.contains("publish"): return false
        case "debates": return scopes.contains(isReading ? .readDebates : .writeDebates)
        case "agents": return isReading && scopes.contains(.readDebates)
        case "webhooks": return scopes.contains(isReading ? .readWebhooks : .writeWebhooks)
        // Connecting an account is the operator's.
        case "integrations" where parts.last == "connect": return false
        // The addresses of hooks are secrets: whoever knows one may send there.
        case "integrations" where parts.contains("hooks"):
            return scopes.contains(isReading ? .readWebhooks : .writeWebhooks)
        // Programs ask here who they are and what there is, whatever they may do.
        case "integrations": return isReading
        default: return false
        }
    }
}
