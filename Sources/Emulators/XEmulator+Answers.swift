import CoreTypes
import Synchronization
import XIntegration

extension XEmulator {
    func answer(_ request: EmulatorRequest, _ account: String) -> EmulatorResponse {
        let segments = request.segments
        switch (request.method, segments.count) {
        case ("POST", 2) where segments[1] == "tweets": return write(request, "post") { post(&$0, $1, account) }
        case ("DELETE", 3) where segments[1] == "tweets": return write(request, "delete", delete)
        case ("GET", 3) where segments[1...] == ["users", "me"]:
            let name = JSONValue.string(Self.names[account] ?? account)
            return .json(["data": ["id": .string(account), "username": name, "name": name]])
        case ("GET", 4) where segments[1] == "users" && segments[3] == "tweets":
            return timeline(request, of: segments[2])
        case ("POST", 4) where segments[1...] == ["media", "upload", "initialize"]:
            return state.withLock { $0.uploads.initialize(request, nextID: &$0.nextID, now: time.now()) }
        case ("POST", 5) where segments[1] == "media" && segments[4] == "append":
            return state.withLock { $0.uploads.append(request, faults) }
        case ("POST", 5) where segments[1] == "media" && segments[4] == "finalize":
            return state.withLock { $0.uploads.finalize(request) }
        case ("GET", 3) where segments[1...] == ["media", "upload"]:
            return state.withLock { $0.uploads.status(request) }
        case ("POST", 3) where segments[1...] == ["media", "metadata"]:
            return state.withLock { $0.uploads.describe(request) }
        default: return Self.problem(404, "Not Found")
        }
    }

    /// Does something that counts against a limit and that may break.
    private func write(
        _ request: EmulatorRequest,
        _ endpoint: String,
        _ body: (inout State, EmulatorRequest) -> EmulatorResponse
    ) -> EmulatorResponse {
        let now = time.now()
        let (remaining, end) = state.withLock { state in
            var window = state.windows[endpoint] ?? (0, now + Self.window)
            if window.end <= now { window = (0, now + Self.window) }
            window.used += 1
            state.windows[endpoint] = window
            return (state.postLimit - window.used, window.end)
        }
        let headers = [
            ("x-rate-limit-limit", String(state.withLock { $0.postLimit })),
            ("x-rate-limit-remaining", String(max(0, remaining))), ("x-rate-limit-reset", String(end.seconds)),
        ]
        guard remaining >= 0 else { return Self.problem(429, "Too Many Requests").adding(headers) }
        let fault = faults.write()
        if fault == .before { return .drop }
        let response = state.withLock { body(&$0, request) }
        return fault == .after ? .drop : response.adding(headers)
    }

    static func problem(_ status: Int, _ detail: String) -> EmulatorResponse {
        .json(["title": .string(detail), "detail": .string(detail), "status": .integer(Int64(status))], status: status)
    }

    private func post(_ state: inout State, _ request: EmulatorRequest, _ account: String) -> EmulatorResponse {
        guard request.header("content-type") == "application/json", let json = request.json else {
            return Self.problem(400, "The body is no JSON.")
        }
        let text = json["text"]?.string ?? ""
        let media = (json["media"]?["media_ids"]?.array ?? []).compactMap(\.string)
        let weighted = WeightedText(text)
        guard weighted.fits || (text.isEmpty && !media.isEmpty) else {
            return Self.problem(400, "Your Tweet text is too long or empty.")
        }
        let now = time.now()
        guard media.count <= XLimits.imagesPerPost, state.uploads.areWhole(media, at: now) else {
            return .json(
                [
                    "title": "Invalid Request", "detail": "One or more parameters to your request was invalid.",
                    "errors": [["message": "Your media IDs are invalid."]],
                ],
                status: 400
            )
        }
        let repliesTo = json["reply"]?["in_reply_to_tweet_id"]?.string
        let living = state.posts.filter { [deleted = state.deleted] in !deleted.contains($0.id) }
        if let repliesTo, !living.contains(where: { $0.id == repliesTo }) {
            return Self.problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        }
        let isTwin = living.contains { post in
            post.author == account && post.text == weighted.text && post.repliesTo == repliesTo
        }
        guard !isTwin else {
            return Self.problem(403, "You are not allowed to create a Tweet with duplicate content.")
        }
        let post = Self.add(
            &state,
            text: weighted.text,
            author: account,
            repliesTo: repliesTo,
            media: media,
            now: now
        )
        return .json(["data": ["id": .string(post.id), "text": .string(post.text)]], status: 201)
    }

    private func delete(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        let id = request.segments[2]
        guard state.posts.contains(where: { $0.id == id }) else { return Self.problem(404, "Not Found") }
        state.deleted.insert(id)
        return .json(["data": ["deleted": true]])
    }

    private func timeline(_ request: EmulatorRequest, of account: String) -> EmulatorResponse {
        guard state.withLock({ $0.isTimelineReadable }) else { return Self.problem(403, "Your plan has no timelines.") }
        // `YYYY-MM-DDTHH:mm:ssZ`, and nothing finer.
        let start = request.parameter("start_time") ?? ""
        guard start.isEmpty || start.count == 20 && start.hasSuffix("Z") else {
            return Self.problem(400, "Invalid 'start_time'.")
        }
        let count = Int(request.parameter("max_results") ?? "10") ?? 10
        guard (5...100).contains(count) else { return Self.problem(400, "max_results is from 5 to 100.") }
        let offset = Int(request.parameter("pagination_token") ?? "0") ?? 0
        let all = posts
        let found = all.reversed().filter { post in
            post.author == account && post.createdAt.iso8601.prefix(19) >= start.prefix(19)
        }
        let page = found.dropFirst(offset).prefix(count)
        var meta: JSONValue = ["result_count": .integer(Int64(page.count))]
        if offset + count < found.count { meta["next_token"] = .string(String(offset + count)) }
        return .json(["data": .array(page.map { Self.shown($0, among: all) }), "meta": meta])
    }

    /// A post as X gives it out: addresses are X's own, three characters are escaped, and before an answer stand the
    /// names of those in the conversation.
    private static func shown(_ post: Post, among posts: [Post]) -> JSONValue {
        var names: [String] = []
        var answered = post.repliesTo
        while let parent = posts.first(where: { $0.id == answered }) {
            let name = "@\(Self.names[parent.author] ?? parent.author)"
            if parent.author != post.author, !names.contains(name) { names.append(name) }
            answered = parent.repliesTo
        }
        let weighted = WeightedText(post.text)
        var text = ""
        for (position, atom) in weighted.atomTexts.enumerated() {
            text += atom.isAddress ? "https://t.co/\(post.id.suffix(4))\(position)" : atom.text
        }
        text = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        if !post.media.isEmpty { text += " https://t.co/pic\(post.id.suffix(4))" }
        return .record([
            "id": .string(post.id), "text": .string((names + [text]).joined(separator: " ")),
            "referenced_tweets": post.repliesTo.map { [["type": "replied_to", "id": .string($0)]] },
        ])
    }
}
