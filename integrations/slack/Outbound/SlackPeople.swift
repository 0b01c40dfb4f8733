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
    private let names = Mutex<[Person: String]>([:])

    init(api: SlackAPI) {
        self.api = api
    }

    /// The name of whoever wrote a message; an id where Slack does not tell it.
    func name(of message: JSONValue, workspace: WorkspaceID, token: Secret) async -> String {
        if let name = message["username"]?.string ?? message["bot_profile"]?["name"]?.string { return name }
        guard let id = message["user"]?.string else { return message["bot_id"]?.string ?? "somebody" }
        let person = Person(workspace: workspace, id: id)
        if let known = names.withLock({ $0[person] }) { return known }
        guard let user = try? await api.call("users.info", token: token, fields: ["user": id]).body["user"] else {
            return id
        }
        let candidates = [user["profile"]?["display_name"], user["real_name"], user["name"]]
        let name = candidates.compactMap { $0?.string }.first { !$0.isEmpty } ?? id
        names.withLock { names in
            if names.count >= Self.capacity { names = [:] }
            names[person] = name
        }
        return name
    }
}
