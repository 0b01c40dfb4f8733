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

    private var timeline: XTimeline { XTimeline(api: api, accounts: accounts) }

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
        var posts = ThreadSplitter().split(text).map { XThread.Post(text: $0) }
        let media = try (options["media"]?.array ?? []).map { item in
            try XThread.Media(path: item["path"]?.string ?? "", alternative: item["alt"]?.string)
        }
        if !posts.isEmpty { posts[0].media = media }
        return try XThread(json: XThread(posts: posts, repliesTo: options["reply_to"]?.string).json).json
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
            let files = post.media.map { "\n[\($0.type)] \($0.path)" }.joined()
            return "**\(position + 1)/\(thread.posts.count)** · \(WeightedText(post.text).length) characters\n\n"
                + post.text + files
        }
        return (reply + posts).joined(separator: "\n\n---\n\n")
    }

    package func isRepeatable(_ kind: String) -> Bool { kind == "media" }

    package func url(of parts: [PublicationPart]) -> String? {
        parts.first { $0.kind == "post" }?.remoteID.map { "https://x.com/i/status/\($0)" }
    }

    // MARK: Steps

    package func send(_ step: PublicationStep) async -> PartOutcome {
        if step.part.kind == "media" { return await XMedia(api: api, time: time).upload(step) }
        let media = media(of: step)
        let forgotten = media.filter { XMedia.isForgotten($0, now: time.now()) }
        if !forgotten.isEmpty { return .lost(parts: forgotten.map(\.number), Self.mediaGone) }
        do throws(PublishingFailure) {
            let ids = try mediaIDs(media, step)
            try await noteAccount(step)
            let body: JSONValue = .record([
                "text": step.part.payload["text"],
                "reply": repliesTo(step).map { ["in_reply_to_tweet_id": .string($0)] },
                "media": ids.isEmpty ? nil : ["media_ids": .strings(ids)],
            ])
            let answer = try await api.call(
                "POST",
                "/2/tweets",
                body: .json(body),
                bucket: "post",
                workspace: step.publication.workspace
            )
            guard let id = answer["data"]?["id"]?.string, !id.isEmpty else {
                throw PublishingFailure(.unknown, code: "unreadable_answer", "X took the post and named no id.")
            }
            return .sent(remoteID: id)
        } catch {
            // After a try that went wrong, a twin is most likely our own.
            if error.code == "duplicate", step.part.attempts > 0 {
                return .failed(PublishingFailure(.unknown, code: error.code, error.description))
            }
            // A few times: whatever X has against a file for good, it says so.
            if error.code == Self.mediaGone.code, step.part.attempts < 3, !media.isEmpty {
                return .lost(parts: media.map(\.number), error)
            }
            return .failed(error)
        }
    }

    package func reconcile(_ step: PublicationStep) async -> PartReconciliation {
        // What was uploaded is seen by nobody.
        guard step.part.kind == "post" else { return .notSent }
        // The account is written down before the first byte leaves.
        guard let account = step.part.progress["account"]?.string else { return .notSent }
        do throws(PublishingFailure) {
            guard try await self.account(of: step) == account else {
                throw PublishingFailure(
                    .permanent,
                    code: "other_account",
                    "Another account was connected since it was sent; look at the former one."
                )
            }
            let found = try await timeline.find(
                text: step.part.payload["text"]?.string ?? "",
                repliesTo: repliesTo(step),
                known: Set(step.parts.compactMap(\.remoteID)),
                sentAt: step.part.sentAt ?? step.publication.updatedAt,
                workspace: step.publication.workspace
            )
            if let id = found.id { return .sent(remoteID: id) }
            guard found.isCertain else {
                throw PublishingFailure(.permanent, code: "timeline_too_long", "Too much was posted since to find it.")
            }
            return .notSent
        } catch {
            return PartReconciliation(error, now: time.now())
        }
    }

    package func withdraw(_ step: PublicationStep) async -> PartOutcome {
        guard step.part.kind == "post", let id = step.part.remoteID else { return .sent(remoteID: "") }
        do throws(PublishingFailure) {
            _ = try await api.call(
                "DELETE",
                "/2/tweets/\(OAuth1Signature.encoded(id))",
                bucket: "delete",
                workspace: step.publication.workspace
            )
            return .sent(remoteID: id)
        } catch {
            return error.code == "not_found" ? .sent(remoteID: id) : .failed(error)
        }
    }

    /// What a post answers: the one before it, or for the first what the thread answers.
    private func repliesTo(_ step: PublicationStep) -> String? {
        step.parts.last { $0.kind == "post" && $0.number < step.part.number }?.remoteID
            ?? step.part.payload["reply_to"]?.string
    }

    /// The steps that upload a post's pictures, in their order.
    private func media(of step: PublicationStep) -> [PublicationPart] {
        (step.part.payload["media"]?.array ?? []).compactMap { number in
            step.parts.first { Int64($0.number) == number.integer }
        }
    }

    private func mediaIDs(_ media: [PublicationPart], _ step: PublicationStep) throws(PublishingFailure) -> [String] {
        let ids = media.compactMap(\.remoteID)
        guard ids.count == step.part.payload["media"]?.array?.count ?? 0 else {
            throw PublishingFailure(.permanent, code: "media_missing", "A picture of the post was not uploaded.")
        }
        return ids
    }

    private static let mediaGone = PublishingFailure(
        .transient,
        code: XAPI.mediaGone,
        "X has forgotten a picture of the post; it is uploaded again."
    )

    /// Writes down with which account a post is sent, before it is: on that one's timeline it will be looked for.
    private func noteAccount(_ step: PublicationStep) async throws(PublishingFailure) {
        let account = try await account(of: step)
        guard step.part.progress["account"]?.string != account else { return }
        do {
            try await step.save(["account": .string(account)])
        } catch {
            throw PublishingFailure(error)
        }
    }

    /// The connected account's number, or a word for the operator's own.
    private func account(of step: PublicationStep) async throws(PublishingFailure) -> String {
        try await accounts.connected(of: step.publication.workspace)?.id ?? "own"
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
