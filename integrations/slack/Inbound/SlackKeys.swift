import CoreTypes

/// The keys that the inbox and the conversations are ordered by.
enum SlackKeys {
    /// The events that tell of the end of an installation.
    static let removals: Set<String> = ["app_uninstalled", "tokens_revoked"]

    /// The workspace that an event was delivered for.
    ///
    /// In a shared channel the event's own team may be another organisation's; the authorization always names an
    /// installation of ours (https://docs.slack.dev/apis/events-api/#authorizations). Where an installation for a whole
    /// organisation ends, it is the organisation's.
    static func workspace(ofEvent document: JSONDocument) -> WorkspaceID? {
        let authorization = document["authorizations"]?.array?.first
        let enterprise = authorization?["enterprise_id"]?.string ?? document["enterprise_id"]?.string
        let isForAll = (authorization ?? document.root)["is_enterprise_install"]?.bool == true
        if isForAll, let type = document["event"]?["type"]?.string, removals.contains(type), let enterprise {
            return workspace(team: nil, enterprise: enterprise)
        }
        let team = named(authorization?["team_id"]) ?? named(document["team_id"])
        return workspace(team: team, enterprise: enterprise)
    }

    /// The workspace in which something was pressed, chosen or filled in.
    ///
    /// Where the app is installed for a whole organisation the payload's `team` is null, and the person or the form names
    /// the workspace; a form that was opened through a shared channel names the one that we are installed in.
    static func workspace(ofInteraction document: JSONDocument) -> WorkspaceID? {
        let view = document["view"]
        let team =
            named(view?["app_installed_team_id"]) ?? named(document["team"]?["id"])
            ?? named(document["user"]?["team_id"]) ?? named(view?["team_id"])
        return workspace(team: team, enterprise: document["enterprise"]?["id"]?.string)
    }

    private static func named(_ node: JSONNode?) -> String? {
        node?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The workspace of a team; an organisation's own events have no team.
    static func workspace(team: String?, enterprise: String?) -> WorkspaceID? {
        if let team, !team.isEmpty { return WorkspaceID("slack:\(team)") }
        if let enterprise, !enterprise.isEmpty { return WorkspaceID("slack:\(enterprise)") }
        return nil
    }

    /// What has to be handled in order: a thread, or a direct conversation outside of any thread.
    /// - Parameters:
    ///   - thread: the first message of the thread, where there is one already.
    ///   - opening: what opens a thread where there is none yet: a message's `ts`, or the id of a command.
    static func conversation(channel: String, thread: String?, opening: String?) -> String {
        if let thread { return "slack:\(channel):\(thread)" }
        if isDirect(channel) { return "slack:\(channel)" }
        if let opening { return "slack:\(channel):\(opening)" }
        return "slack:\(channel)"
    }

    /// The thread that a message of a channel is answered in: its own, or the one that it opens.
    ///
    /// Direct messages are answered beside each other.
    static func thread(channel: String, thread: String?, message: String?) -> String? {
        thread ?? (isDirect(channel) ? nil : message)
    }

    /// Whether this is the conversation with one person: ids of such channels start with `D`, those of people with `U`
    /// or `W` (https://docs.slack.dev/apis/web-api/using-the-conversations-api/).
    static func isDirect(_ channel: String) -> Bool {
        channel.hasPrefix("D") || channel.hasPrefix("U") || channel.hasPrefix("W")
    }
}
