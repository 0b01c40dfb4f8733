import CoreTypes
import Publishing
import Transport

/// Finds out whether a post is out by reading the account's timeline.
struct XTimeline: Sendable {
    /// How much earlier than the send a post may be dated: the two clocks may differ.
    private static let clockAllowance = Duration.seconds(300)

    let api: XAPI
    let accounts: XAccounts

    /// Looks for a post.
    /// - Parameters:
    ///   - text: the post's text as it was sent.
    ///   - repliesTo: the post that it answers; nil for one that answers none.
    ///   - known: posts that are others for certain.
    /// - Returns: its id; nil where it is not there, and `isCertain` is false where too much was written since.
    /// - Throws: `PublishingFailure`.
    func find(
        text: String,
        repliesTo: String?,
        known: Set<String>,
        sentAt: Timestamp,
        workspace: WorkspaceID
    ) async throws(PublishingFailure) -> (id: String?, isCertain: Bool) {
        let user = try await identity(of: workspace).id
        let wanted = Self.skeleton(text, isAnswer: repliesTo != nil)
        var token: String?
        for _ in 0..<XLimits.timelinePages {
            var path = "/2/users/\(user)/tweets?max_results=\(XLimits.timelinePage)&tweet.fields=referenced_tweets"
            path += "&start_time=\(percentEncoded(Self.moment(sentAt - Self.clockAllowance)))"
            if let token { path += "&pagination_token=\(percentEncoded(token))" }
            let page = try await api.call("GET", path, bucket: "timeline", workspace: workspace)
            for post in page["data"]?.array ?? [] {
                guard let id = post["id"]?.string, !known.contains(id), let found = post["text"]?.string else {
                    continue
                }
                let references = post["referenced_tweets"]?.array ?? []
                let answered = references.first { $0["type"]?.string == "replied_to" }?["id"]?.string
                guard answered == repliesTo else { continue }
                if Self.skeleton(Self.unescaped(found), isAnswer: repliesTo != nil) == wanted { return (id, true) }
            }
            token = page["meta"]?["next_token"]?.string
            if token == nil { return (nil, true) }
        }
        return (nil, false)
    }

    /// Whose account speaks for a workspace.
    /// - Throws: `PublishingFailure`.
    func identity(of workspace: WorkspaceID) async throws(PublishingFailure) -> XAccounts.Identity {
        if let connected = try await accounts.connected(of: workspace) { return connected }
        if let known = accounts.knownOwn { return known }
        let identity = try await askForIdentity(of: workspace)
        accounts.remember(own: identity)
        return identity
    }

    /// Asks X whose account speaks for a workspace.
    /// - Throws: `PublishingFailure`.
    func askForIdentity(of workspace: WorkspaceID) async throws(PublishingFailure) -> XAccounts.Identity {
        let answer = try await api.call("GET", "/2/users/me", bucket: "me", workspace: workspace)
        guard let id = answer["data"]?["id"]?.string, id.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw PublishingFailure(.transient, code: "unreadable_answer", "X's answer names no account.")
        }
        return XAccounts.Identity(id: id, name: "@\(answer["data"]?["username"]?.string ?? id)")
    }

    /// A moment as X takes it: without fractions of a second.
    private static func moment(_ timestamp: Timestamp) -> String { timestamp.iso8601.prefix(19) + "Z" }

    private static let entities: [(name: [UInt8], sign: UInt8)] = [
        (Array("&lt;".utf8), UInt8(ascii: "<")),
        (Array("&gt;".utf8), UInt8(ascii: ">")),
        (Array("&amp;".utf8), UInt8(ascii: "&")),
    ]

    /// X gives three signs out as HTML does.
    ///
    /// Byte by byte: what stands before or behind a sign may make one character with it.
    private static func unescaped(_ text: String) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            let entity = entities.first { rest.starts(with: $0.name) }
            output.append(entity?.sign ?? byte)
            rest = rest.dropFirst(entity?.name.count ?? 1)
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// What X leaves of a text: addresses become its own, the ones of pictures are added at the end, before an answer
    /// stand the names of those who are answered, and blanks at the ends go.
    private static func skeleton(_ text: String, isAnswer: Bool) -> String {
        let weighted = WeightedText(text)
        var words = ""
        for atom in weighted.atoms {
            if atom.isAddress {
                words += " \u{0} "
            } else {
                words.unicodeScalars.append(contentsOf: weighted.scalars[atom.range])
            }
        }
        var parts = words.split(whereSeparator: \.isWhitespace)[...]
        while parts.last == "\u{0}" { parts.removeLast() }
        while isAnswer, parts.first?.first == "@" { parts.removeFirst() }
        return parts.joined(separator: " ")
    }
}
