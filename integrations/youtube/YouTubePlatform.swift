package import Channels
package import CoreTypes
package import Persistence
package import Publishing
package import Transport

/// YouTube, as a place where verdicts are published.
package struct YouTubePlatform: PublishingPlatform, WorkingFiles {
    /// The name in tables and paths.
    package static let platformName = "youtube"

    package let name = YouTubePlatform.platformName
    let tokens: AccountTokens
    let api: YouTubeAPI
    let renderer: VideoRenderer
    let tools: VideoTools
    let time: any TimeSource

    /// Makes the platform.
    package init(
        configuration: YouTubeConfiguration,
        database: any Database,
        sealer: Sealer,
        transport: any HTTPTransport,
        renderer: VideoRenderer,
        tools: VideoTools,
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.renderer = renderer
        self.tools = tools
        self.time = time
        tokens = AccountTokens(
            provider: configuration.provider,
            database: database,
            sealer: sealer,
            transport: transport,
            time: time,
            identifiers: identifiers
        )
        api = YouTubeAPI(
            configuration: configuration,
            tokens: tokens,
            database: database,
            transport: transport,
            time: time
        )
    }

    // MARK: Drafts

    /// Options: `title`, `description`, `tags`, `category`, `privacy`, `language`, and the paths `video`, `thumbnail` and
    /// `captions`.
    package func draft(_ outcome: DebateOutcome, options: JSONValue) throws -> JSONValue {
        var video = YouTubeVideo(
            title: options["title"]?.string ?? Self.shortened(Self.plain(outcome.question), to: YouTubeLimits.title),
            description: options["description"]?.string ?? Self.description(of: outcome),
            tags: options["tags"]?.array?.compactMap(\.string) ?? ["aragora", "AI debate"],
            category: options["category"]?.string ?? YouTubeLimits.defaultCategory,
            privacy: options["privacy"]?.string ?? YouTubeLimits.privacies[0],
            language: options["language"]?.string ?? "en"
        )
        if let path = options["video"]?.string {
            video.video = try YouTubeVideo.File(path: path, maximumBytes: YouTubeLimits.videoBytes)
        } else {
            try tools.check()
            video.script = VideoScript(outcome)
        }
        if let path = options["thumbnail"]?.string {
            video.thumbnail = try YouTubeVideo.File(path: path, maximumBytes: YouTubeLimits.thumbnailBytes)
        }
        if let path = options["captions"]?.string {
            video.captions = try YouTubeVideo.File(path: path, maximumBytes: YouTubeLimits.captionBytes)
        }
        return try YouTubeVideo(json: video.json).json
    }

    private static func description(of outcome: DebateOutcome) -> String {
        let question = shortened(plain(outcome.question), to: 1000, countsBytes: true)
        let head = "\(question)\n\n\(outcome.standing)"
        let panel = "Panel: \(outcome.panel.joined(separator: ", "))\nReceipt: \(outcome.receiptID)"
        // The whole verdict is in the video; here it stands as far as there is room, with a word that it goes on.
        let room = YouTubeLimits.description - YouTubeLimits.reference - head.utf8.count - panel.utf8.count - 4
        let verdict = shortened(plain(PlainText.of(markdown: outcome.answer)), to: max(0, room), countsBytes: true)
        return [head, verdict, panel].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// YouTube takes no angle brackets, whatever character they are a part of.
    private static func plain(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": output.append("‹")
            case ">": output.append("›")
            default: output.append(scalar)
            }
        }
        return String(output)
    }

    private static func shortened(_ text: String, to limit: Int, countsBytes: Bool = false) -> String {
        func length(_ text: some StringProtocol) -> Int { countsBytes ? text.utf8.count : text.count }
        guard length(text) > limit else { return text }
        var kept = ""
        var size = 0
        for character in text {
            size += length(String(character))
            guard size <= limit - 3 else { break }
            kept.append(character)
        }
        return kept.isEmpty ? "" : kept + "…"
    }

    package func editableText(_ content: JSONValue) -> String? { (try? YouTubeVideo(json: content))?.description }

    package func edited(_ content: JSONValue, text: String) throws -> JSONValue {
        var video = try YouTubeVideo(json: content)
        video.description = text
        return try YouTubeVideo(json: video.json).json
    }

    package func plan(_ content: JSONValue) throws -> [PlannedPart] {
        let video = try YouTubeVideo(json: content)
        var plan: [PlannedPart] = []
        if let script = video.script { plan.append(PlannedPart(kind: "render", payload: script.json)) }
        plan.append(PlannedPart(kind: "video", payload: [:]))
        if video.thumbnail != nil || video.script != nil { plan.append(PlannedPart(kind: "thumbnail", payload: [:])) }
        if video.captions != nil || video.script != nil { plan.append(PlannedPart(kind: "captions", payload: [:])) }
        plan.append(PlannedPart(kind: "processing", payload: [:]))
        return plan
    }

    package func preview(_ content: JSONValue) -> String {
        guard let video = try? YouTubeVideo(json: content) else { return "The draft cannot be read." }
        let cards = (try? video.script?.cards()) ?? []
        let pages = cards.enumerated().map { position, card in
            "**\(position + 1)/\(cards.count) · \(card.heading)**\n\n\(CodeSplitter.fenced(card.lines.joined(separator: "\n")))"
        }
        let head = [
            "**\(video.title)** · \(video.privacy) · category \(video.category)",
            video.tags.isEmpty ? "" : "Tags: \(video.tags.joined(separator: ", "))",
            video.video.map { "File: \($0.path)" } ?? "A video of \(cards.count) cards:",
        ]
        return (head.filter { !$0.isEmpty } + pages + ["Description:\n\n\(CodeSplitter.fenced(video.description))"])
            .joined(separator: "\n\n---\n\n")
    }

    /// All of them: an upload's session says what has arrived, and captions can be set only once.
    package func isRepeatable(_ kind: String) -> Bool { true }

    /// A video is out without the picture before it, for which a channel needs a verified telephone, and without captions.
    package func isOptional(_ kind: String) -> Bool { kind == "thumbnail" || kind == "captions" }

    package func url(of parts: [PublicationPart]) -> String? {
        videoID(parts).map { "https://www.youtube.com/watch?v=\($0)" }
    }

    func videoID(_ parts: [PublicationPart]) -> String? { parts.first { $0.kind == "video" }?.remoteID }

    package func publicationsWithFiles() -> [PublicationID] { renderer.publications() }

    package func removeFiles(of id: PublicationID) { renderer.removeFiles(of: id) }

    // MARK: Accounts

    /// Whose account a token is for.
    /// - Throws: `PublishingFailure`.
    package static func identify(
        _ token: Secret,
        apiURL: String,
        transport: any HTTPTransport
    ) async throws -> (id: String, name: String) {
        let response = try await transport.send(
            HTTPRequest(
                url: "\(apiURL)/youtube/v3/channels?part=snippet&mine=true",
                headers: [("authorization", "Bearer \(token.reveal())")]
            )
        )
        let channel = (try? JSONDocument(response.body))?["items"]?.array?.first
        guard response.status == 200, let id = channel?["id"]?.string else {
            throw PublishingFailure(
                response.status == 200 ? .permanent : .transient,
                code: "no_channel",
                "The Google account has no YouTube channel, or YouTube does not say which."
            )
        }
        return (id, channel?["snippet"]?["title"]?.string ?? id)
    }

    package func diagnose() async -> [Finding] {
        let quotas = (try? await api.database.read { try QuotaStore().find(api.quotaAccount, in: $0) }) ?? []
        func left(_ bucket: YouTubeLimits.Bucket) -> String {
            let quota = quotas.first { $0.bucket == bucket.rawValue }
            let limit = api.limit(of: bucket)
            return "\(quota?.remaining(at: time.now()) ?? limit) of \(limit) \(bucket.rawValue)"
        }
        let accounts = await Finding.accounts("YouTube", remedy: "integrations/youtube/README.md has the steps.") {
            () throws(PublishingFailure) in
            let connected = try await tokens.workspaces()
            return connected.isEmpty ? [.local] : connected
        } name: { workspace throws(PublishingFailure) in
            let answer = try await api.call(
                "GET",
                "/youtube/v3/channels?part=snippet&mine=true",
                cost: .read,
                workspace: workspace
            )
            return answer["items"]?.array?.first?["snippet"]?["title"]?.string ?? "an account without a channel"
        }
        return accounts + [
            Finding(.fine, "YouTube quota", "\(left(.uploads)) and \(left(.units)) are left today."),
            tools.isComplete
                ? Finding(.fine, "Video", "ffmpeg is installed.")
                : Finding(
                    .warning,
                    "Video",
                    "ffmpeg is not installed: only finished videos can be published.",
                    remedy: "apt-get install ffmpeg"
                ),
        ]
    }
}
