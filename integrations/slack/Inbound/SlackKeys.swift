import CoreTypes

/// The keys that the inbox and the conversations are ordered by.
enum SlackKeys {
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
