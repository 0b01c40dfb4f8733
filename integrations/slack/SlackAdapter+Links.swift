package import Channels
import CoreTypes

extension SlackAdapter: LinkingChannel, RedirectingChannel {
    package func place(of messageID: String, sentTo address: Address) -> MessagePlace {
        let id = SlackMessageID(messageID, channel: address.channel)
        return MessagePlace(channel: id.channel, messageID: id.ts)
    }

    package func permalink(of messageID: String, at address: Address) -> String? {
        let id = SlackMessageID(messageID, channel: address.channel)
        // What addresses a person has no place of its own that everybody would find.
        guard let first = id.channel.first, "CDG".contains(first), id.ts.allSatisfy({ $0.isNumber || $0 == "." }) else {
            return nil
        }
        if let home = credentials.knownHome(of: address.workspace) {
            return "\(home)archives/\(id.channel)/p\(id.ts.filter { $0 != "." })"
        }
        // Without the workspace's own host name there is the web client's form, which needs its id alone.
        let team = address.workspace.rawValue.drop { $0 != ":" }.dropFirst()
        return "https://app.slack.com/client/\(team)/\(id.channel)/thread/\(id.channel)-\(id.ts)"
    }
}
