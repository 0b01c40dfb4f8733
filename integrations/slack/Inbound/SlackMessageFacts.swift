import CoreTypes

/// What has to be known about a message event before anybody reads its text.
struct SlackMessageFacts {
    let type: String
    let subtype: String?
    let channel: String
    let ts: String
    let thread: String?
    let isDirect: Bool
    /// Our own bot user in the workspace, as Slack names it beside the event.
    let botUser: String?
    /// Whether we wrote it.
    let isOurs: Bool
    let mentionsUs: Bool

    /// The subtypes that are messages that somebody wrote; all others tell of edits, deletions and arrivals.
    /// Source: https://docs.slack.dev/reference/events/message
    private static let spoken: Set<String> = ["bot_message", "file_share", "me_message", "thread_broadcast"]

    /// Reads an event of the type `message` or `app_mention`; nil for all others and for those without a message.
    init?(_ document: JSONDocument) {
        guard let event = document["event"], let type = event["type"]?.string,
            type == "message" || type == "app_mention",
            let channel = event["channel"]?.string, let ts = event["ts"]?.string
        else { return nil }
        self.type = type
        self.channel = channel
        self.ts = ts
        subtype = event["subtype"]?.string
        thread = event["thread_ts"]?.string
        isDirect = event["channel_type"]?.string.map { $0 == "im" } ?? channel.hasPrefix("D")
        let text = event["text"]?.string ?? ""
        let authorization = document["authorizations"]?.array?.first
        if let authorization {
            botUser = authorization["is_bot"]?.bool == false ? nil : authorization["user_id"]?.string
        } else {
            // The older name of the same, or of whoever installed the app; without either, whoever an `app_mention`
            // speaks to first is us.
            let named = document["authed_users"]?.array?.compactMap(\.string) ?? []
            botUser =
                named.first { SlackText.mentions($0, in: text) }
                ?? (type == "app_mention" ? SlackText.leadingMention(in: text) : nil)
        }
        let app = event["app_id"]?.string ?? event["bot_profile"]?["app_id"]?.string
        let isOurApp = app != nil && app == document["api_app_id"]?.string
        // What people write is theirs, whoever the older form names.
        let isOurUser = authorization != nil && botUser != nil && event["user"]?.string == botUser
        isOurs = isOurApp || isOurUser
        mentionsUs = type == "app_mention" || botUser.map { SlackText.mentions($0, in: text) } ?? false
    }

    /// When it was written: its number is that time, in seconds; nil where it is another number.
    /// Source: https://docs.slack.dev/reference/events/message
    var writtenAt: Timestamp? {
        let parts = ts.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let seconds = parts.first.flatMap({ Int64($0) }), (0..<100_000_000_000).contains(seconds) else {
            return nil
        }
        let fraction = parts.count == 2 ? Int64("\(parts[1])000".prefix(3)) ?? 0 : 0
        return Timestamp(milliseconds: seconds * 1000 + fraction)
    }

    /// Whether somebody else said something: only that is stored.
    var isSpokenByOthers: Bool { !isOurs && subtype.map(Self.spoken.contains) ?? true }

    /// Whether it can mean anything to us: somebody else said it, to us or in a thread, which may be a debate's.
    ///
    /// What people say to each other in a channel is let go of as soon as that is seen.
    var concernsUs: Bool { isSpokenByOthers && (mentionsUs || isDirect || thread != nil) }

    /// The same for the same message under whatever event id.
    ///
    /// What mentions us is told twice, as a message and as a mention, and a mention once more after each edit: all of
    /// them have one key, so that what was said is done once.
    var eventKey: String {
        guard !mentionsUs else { return "event:\(channel):\(ts)" }
        return subtype.map { "event:\(type).\($0):\(channel):\(ts)" } ?? "event:\(type):\(channel):\(ts)"
    }
}
