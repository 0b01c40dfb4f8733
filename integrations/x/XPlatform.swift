package import Channels
package import CoreTypes
package import Persistence
package import Publishing
package import Transport

/// X, as a place where verdicts are published.
package struct XPlatform: PublishingPlatform {
    /// The name in tables and paths.
    package static let platformName = "x"

    package let name = XPlatform.platformName
    let configuration: XConfiguration
    let accounts: XAccounts
    let api: XAPI
    let time: any TimeSource

    var timeline: XTimeline { XTimeline(api: api, accounts: accounts) }

    /// Makes the platform.
    package init(
        configuration: XConfiguration,
        database: any Database,
        sealer: Sealer,
        transport: any HTTPTransport,
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.configuration = configuration
        self.time = time
        let tokens = configuration.provider.map { provider in
            AccountTokens(
                provider: provider,
                database: database,
                sealer: sealer,
                transport: transport,
                time: time,
                identifiers: identifiers
            )
        }
        accounts = XAccounts(configuration: configuration, tokens: tokens)
        api = XAPI(
            baseURL: configuration.apiURL,
            accounts: accounts,
            database: database,
            transport: transport,
            time: time,
            identifiers: identifiers
        )
    }

    // MARK: Drafts

    /// Options: `text` in place of the verdict's, `reply_to`, and `media`, a list of `{path, alt}` for the first post.
    package func draft(_ outcome: DebateOutcome, options: JSONValue) throws -> JSONValue {
        let text =
            options["text"]?.string
            ?? [outcome.question, PlainText.of(markdown: outcome.answer), outcome.standing].joined(separator: "\n\n")
        let media = try (options["media"]?.array ?? []).map { item in
            try XThread.Media(path: item["path"]?.string ?? "", alternative: item["alt"]?.string)
        }
        return try XThread(
            json: XThread(text: text, media: media, repliesTo: options["reply_to"]?.string).json
        ).json
    }

    package func editableText(_ content: JSONValue) -> String? { (try? XThread(json: content))?.text }

    package func edited(_ content: JSONValue, text: String) throws -> JSONValue {
        let thread = try XThread(json: content)
        let media = thread.posts.flatMap(\.media)
        return try XThread(json: XThread(text: text, media: media, repliesTo: thread.repliesTo).json).json
    }

    package func plan(_ content: JSONValue) throws -> [PlannedPart] {
        let thread = try XThread(json: content)
        var plan: [PlannedPart] = thread.posts.flatMap(\.media).map { PlannedPart(kind: "media", payload: $0.json) }
        var nextMedia = 1
        for (position, post) in thread.posts.enumerated() {
            let media = nextMedia..<(nextMedia + post.media.count)
            nextMedia = media.upperBound
            let payload: JSONValue = .record([
                "text": .string(post.text), "media": .array(media.map { .integer(Int64($0)) }),
                "reply_to": position == 0 ? thread.repliesTo.map { .string($0) } : nil,
            ])
            plan.append(PlannedPart(kind: "post", payload: payload))
        }
        return plan
    }

    package func preview(_ content: JSONValue) -> String {
        guard let thread = try? XThread(json: content) else { return "The draft cannot be read." }
        let reply = thread.repliesTo.map { ["In answer to https://x.com/i/status/\($0)"] } ?? []
        let posts = thread.posts.enumerated().map { position, post in
            let files = post.media.map { "\n\n[\($0.type)] `\($0.path)`" }.joined()
            return "**\(position + 1)/\(thread.posts.count)** · \(WeightedText(post.text).length) characters\n\n"
                + CodeSplitter.fenced(post.text) + files
        }
        return (reply + posts).joined(separator: "\n\n---\n\n")
    }

    package func isRepeatable(_ kind: String) -> Bool { kind == "media" }

    package func isOptional(_ kind: String) -> Bool { false }

    package func url(of parts: [PublicationPart]) -> String? {
        parts.first { $0.kind == "post" }?.remoteID.map { "https://x.com/i/status/\($0)" }
    }

    // MARK: Accounts

    /// Whose account a token is for.
    /// - Throws: `PublishingFailure`.
    package static func identify(
        _ token: Secret,
        apiURL: String,
        transport: any HTTPTransport
    ) async throws -> (id: String, name: String) {
        let response = try await transport.send(
            HTTPRequest(url: "\(apiURL)/2/users/me", headers: [("authorization", "Bearer \(token.reveal())")])
        )
        let body = try? JSONDocument(response.body)
        guard response.status == 200, let id = body?["data"]?["id"]?.string else {
            throw PublishingFailure(.transient, code: "http_\(response.status)", "X does not say whose account it is.")
        }
        return (id, "@\(body?["data"]?["username"]?.string ?? id)")
    }

    package func diagnose() async -> [Finding] {
        await Finding.accounts("X", remedy: "integrations/x/README.md has the steps.") { () throws(PublishingFailure) in
            let connected = try await accounts.workspaces()
            // A workspace without an account of its own speaks with the operator's.
            return connected.isEmpty || configuration.ownAccount != nil && !connected.contains(.local)
                ? [.local] + connected : connected
        } name: { workspace throws(PublishingFailure) in
            try await timeline.askForIdentity(of: workspace).name
        }
    }
}
