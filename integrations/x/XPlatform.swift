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
            ?? [outcome.question, PlainText.of(markdown: outcome.answer), outcome.standing, outcome.link]
            .compactMap { $0 }.joined(separator: "\n\n")
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
        do throws(PublishingFailure) {
            let media = try mediaIDs(of: step)
            let body: JSONValue = .record([
                "text": step.part.payload["text"],
                "reply": repliesTo(step).map { ["in_reply_to_tweet_id": .string($0)] },
                "media": media.isEmpty ? nil : ["media_ids": .strings(media)],
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
            return .failed(error)
        }
    }

    package func reconcile(_ step: PublicationStep) async -> PartReconciliation {
        do throws(PublishingFailure) {
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
            switch error.kind {
            case .limited(let until): return .undecided(until: until)
            case .transient, .unknown: return .undecided(until: time.now() + .seconds(30))
            case .authentication: return .undecided(until: time.now() + .seconds(300))
            case .permanent: return .impossible(error)
            }
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

    private func mediaIDs(of step: PublicationStep) throws(PublishingFailure) -> [String] {
        var ids: [String] = []
        for number in step.part.payload["media"]?.array ?? [] {
            guard let part = step.parts.first(where: { Int64($0.number) == number.integer }), let id = part.remoteID
            else {
                throw PublishingFailure(.permanent, code: "media_missing", "A picture of the post was not uploaded.")
            }
            ids.append(id)
        }
        return ids
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
        do throws(PublishingFailure) {
            let account = try await timeline.identity(of: .local)
            return [Finding(.fine, "X", "Connected as @\(account.name).")]
        } catch {
            return [
                Finding(
                    error.kind == .authentication ? .warning : .problem,
                    "X",
                    error.description,
                    remedy: "integrations/x/README.md has the steps."
                )
            ]
        }
    }
}
