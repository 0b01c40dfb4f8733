import Channels
import CoreTypes

/// How the people of a workspace are called, for whoever reads about them: what is stored are their ids.
struct PeopleNames: Sendable {
    private let channel: (any NamingChannel)?
    private let workspace: WorkspaceID

    /// - Parameter channel: the platform that the people are on; those of others are called what they are stored as.
    init(channel: (any ChannelAdapter)?, workspace: WorkspaceID) {
        self.channel = channel as? any NamingChannel
        self.workspace = workspace
    }

    /// The name of somebody; what was given where it is no id, or nobody knows it.
    func name(of person: String) async -> String {
        await channel?.names(in: "@\(person)", workspace: workspace)[person] ?? person
    }

    /// A text with names in place of the ids that it mentions.
    func named(_ text: String) async -> String {
        var text = text
        let names = await channel?.names(in: text, workspace: workspace) ?? [:]
        // The longest first: one id may begin with another one.
        for (id, name) in names.sorted(by: { ($1.key.count, $1.key) < ($0.key.count, $0.key) }) {
            text = text.replacing("@\(id)", with: "@\(name)")
        }
        return text
    }

    /// A line that says whom a text mentions; empty where nobody has to be named.
    func line(about text: String) async -> String {
        let names = await channel?.names(in: text, workspace: workspace) ?? [:]
        guard !names.isEmpty else { return "" }
        return "People: \(names.sorted { $0.key < $1.key }.map { "@\($0) is \($1)" }.joined(separator: ", "))."
    }
}
