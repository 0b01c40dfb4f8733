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
    /// - Returns: false where Slack does not let us in, so that we hear what is said there only as a member already.
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
            // An app that was installed without the permission may well have been invited.
            let lacksPermission = error.code == "missing_scope"
            // What is wrong with Slack or with the token says nothing about the channel, and may be mended at any time.
            guard error.kind == .permanent || lacksPermission else { return true }
            // A private channel has an id of the same form; whoever can post there is a member.
            isHeard = lacksPermission || error.code == "method_not_supported_for_channel_type"
        }
        memberships.withLock { memberships in
            if memberships.count >= Self.capacity { memberships = [:] }
            memberships[channel] = Membership(isHeard: isHeard, until: now + Self.memory)
        }
        return isHeard
    }
}
