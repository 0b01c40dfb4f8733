import CoreTypes
import Synchronization

/// The names of people, remembered for a while: they are for reading alone, never for deciding who somebody is.
final class SlackPeople: Sendable {
    /// How many names are remembered; then all are forgotten and asked for again.
    private static let capacity = 2000

    private struct Person: Hashable {
        let workspace: WorkspaceID
        let id: String
    }

    private let api: SlackAPI
    /// Names are only for reading: where Slack is away, nobody waits for more than one of them.
    private static let rest: Duration = .seconds(60)
    private let restsUntil = Mutex<Timestamp?>(nil)
    private let names = Mutex<[Person: String]>([:])

    init(api: SlackAPI) {
        self.api = api
    }

    /// The name of whoever wrote a message; an id where Slack does not tell it.
    func name(of message: JSONValue, workspace: WorkspaceID, token: Secret) async -> String {
        if let name = message["username"]?.string ?? message["bot_profile"]?["name"]?.string { return name }
        guard let id = message["user"]?.string else { return message["bot_id"]?.string ?? "somebody" }
        return await name(of: id, workspace: workspace, token: token) ?? id
    }

    /// The name of a person; nil where Slack does not tell it.
    func name(of id: String, workspace: WorkspaceID, token: Secret) async -> String? {
        let person = Person(workspace: workspace, id: id)
        if let known = names.withLock({ $0[person] }) { return known }
        if let moment = restsUntil.withLock({ $0 }), api.time.now() < moment { return nil }
        let user: JSONValue?
        do throws(SlackFailure) {
            user = try await api.call("users.info", token: token, fields: ["user": id]).body["user"]
        } catch {
            if error.isRetryable { restsUntil.withLock { $0 = api.time.now() + Self.rest } }
            return nil
        }
        let candidates = [user?["profile"]?["display_name"], user?["real_name"], user?["name"]]
        guard let name = candidates.compactMap({ $0?.string }).first(where: { !$0.isEmpty }) else { return nil }
        names.withLock { names in
            if names.count >= Self.capacity { names = [:] }
            names[person] = name
        }
        return name
    }
}
