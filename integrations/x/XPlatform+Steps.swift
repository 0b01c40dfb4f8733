import CoreTypes
package import Publishing
import Transport

extension XPlatform {
    /// Does one step: uploads a picture or a film, or posts.
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

    /// Looks for a post on the timeline of the account that it was sent with.
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

    /// Deletes a post.
    package func withdraw(_ step: PublicationStep) async -> PartOutcome {
        guard step.part.kind == "post", let id = step.part.remoteID else { return .sent(remoteID: "") }
        do throws(PublishingFailure) {
            _ = try await api.call(
                "DELETE",
                "/2/tweets/\(percentEncoded(id))",
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
}
