import CoreTypes
import Synchronization

/// Makes the app a member of the public channels that it posts in.
///
/// `chat:write.public` lets it post where it is no member, but what people reply is told to members alone
/// (https://docs.slack.dev/reference/events/message.channels).
final class SlackChannels: Sendable {
    /// How many channels are remembered; then all are forgotten and joined again, which changes nothing.
    private static let capacity = 2000
    /// How long Slack's answer counts: people invite the app, and put it out again.
    private static let memory: Duration = .seconds(600)

    private struct Channel: Hashable {
        let workspace: WorkspaceID
        let id: String
    }

    private struct Membership {
        let isHeard: Bool
        let until: Timestamp
    }

    private let api: SlackAPI
    private let memberships = Mutex<[Channel: Membership]>([:])

    init(api: SlackAPI) {
        self.api = api
    }

    /// Joins a public channel, which changes nothing for a member.
    /// - Returns: whether we hear what is said there; where Slack does not tell, that we do not.
    func join(_ id: String, workspace: WorkspaceID, token: Secret) async -> Bool {
        // What is said in direct conversations is told to us, and so it is wherever else we can post.
        guard id.hasPrefix("C") else { return true }
        let channel = Channel(workspace: workspace, id: id)
        let now = api.time.now()
        if let known = memberships.withLock({ $0[channel] }), now < known.until { return known.isHeard }
        var isHeard = true
        do throws(SlackFailure) {
            _ = try await api.call("conversations.join", token: token, json: ["channel": .string(id)])
        } catch {
            // What is wrong with Slack or with the token may be mended at any time.
            let isLasting = error.kind == .permanent || error.code == "missing_scope"
            guard isLasting else { return false }
            // A private channel has an id of the same form; whoever can post there is a member.
            isHeard = error.code == "method_not_supported_for_channel_type"
        }
        memberships.withLock { memberships in
            if memberships.count >= Self.capacity { memberships = [:] }
            memberships[channel] = Membership(isHeard: isHeard, until: now + Self.memory)
        }
        return isHeard
    }
}
