import CoreTypes
import Publishing
import Transport

/// Uploads a picture or a film in pieces: INIT, APPEND, FINALIZE, STATUS
/// (https://docs.x.com/x-api/media/quickstart/media-upload-chunked).
///
/// What is uploaded is seen by nobody until a post shows it, so that an upload may be begun anew.
struct XMedia: Sendable {
    private static let bucket = "media"
    /// An upload is not gone on with when X forgets it so soon.
    private static let margin = Duration.seconds(120)

    let api: XAPI
    let time: any TimeSource

    /// Whether X has forgotten what a step uploaded, or is about to.
    static func isForgotten(_ part: PublicationPart, now: Timestamp) -> Bool {
        part.progress["expires_at"]?.integer.map { Timestamp(rawValue: $0) < now + margin } ?? false
    }

    /// Uploads the file of a step, from where its progress stands.
    func upload(_ step: PublicationStep) async -> PartOutcome {
        do throws(PublishingFailure) {
            return try await uploadOrThrow(step)
        } catch {
            // A broken session ends with the next try, which begins another one.
            if error.kind == .permanent, step.part.progress != .null {
                try? await step.save(.null)
                return .failed(PublishingFailure(.transient, code: error.code, error.description))
            }
            return .failed(error.withoutDoubt)
        }
    }

    private func uploadOrThrow(_ step: PublicationStep) async throws(PublishingFailure) -> PartOutcome {
        let workspace = step.publication.workspace
        let media = try XThread.Media(json: step.part.payload)
        var progress = step.part.progress
        if Self.isForgotten(step.part, now: time.now()) { progress = .null }
        if progress["is_final"]?.bool == true, let id = progress["id"]?.string {
            let path = "/2/media/upload?command=STATUS&media_id=\(percentEncoded(id))"
            let answer = try await api.call("GET", path, bucket: "\(Self.bucket)/status", workspace: workspace)
            return try await finish(answer, id, media, step)
        }
        let file = try file(of: media)
        if progress["id"]?.string == nil { progress = try await begin(media, file, step) }
        guard let id = progress["id"]?.string else { throw Self.unreadable }
        var offset = Int(progress["offset"]?.integer ?? 0)
        while offset < file.size {
            let piece: [UInt8]
            do throws(PublicationError) {
                piece = try file.read(from: offset, count: min(XLimits.uploadChunkBytes, file.size - offset))
            } catch {
                throw PublishingFailure(error)
            }
            let index = offset / XLimits.uploadChunkBytes
            _ = try await api.call(
                "POST",
                "/2/media/upload/\(id)/append",
                body: .form(fields: [("segment_index", String(index))], file: piece),
                bucket: "\(Self.bucket)/append",
                workspace: workspace
            )
            offset += piece.count
            progress["offset"] = .integer(Int64(offset))
            try await save(progress, step)
        }
        let answer = try await api.call(
            "POST",
            "/2/media/upload/\(id)/finalize",
            bucket: "\(Self.bucket)/finalize",
            workspace: workspace
        )
        progress["is_final"] = true
        if let expires = Self.expiry(answer, now: time.now()) { progress["expires_at"] = expires }
        try await save(progress, step)
        return try await finish(answer, id, media, step)
    }

    private func begin(_ media: XThread.Media, _ file: LocalFile, _ step: PublicationStep)
        async throws(PublishingFailure) -> JSONValue
    {
        let answer = try await api.call(
            "POST",
            "/2/media/upload/initialize",
            body: .json([
                "media_type": .string(media.type), "total_bytes": .integer(Int64(file.size)),
                "media_category": .string(media.category),
            ]),
            bucket: "\(Self.bucket)/initialize",
            workspace: step.publication.workspace
        )
        guard let id = answer["data"]?["id"]?.string, id.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw Self.unreadable
        }
        let progress: JSONValue = .record([
            "id": .string(id), "offset": 0, "expires_at": Self.expiry(answer, now: time.now()),
        ])
        try await save(progress, step)
        return progress
    }

    /// When X forgets an upload; nil where it does not say.
    private static func expiry(_ answer: JSONValue, now: Timestamp) -> JSONValue? {
        answer["data"]?["expires_after_secs"]?.integer.map { seconds in
            .integer((now + .seconds(min(max(0, seconds), 1 << 30))).rawValue)
        }
    }

    /// Reads whether X is done with a film, and describes the picture to those who do not see it.
    private func finish(_ answer: JSONValue, _ id: String, _ media: XThread.Media, _ step: PublicationStep)
        async throws(PublishingFailure) -> PartOutcome
    {
        if let processing = answer["data"]?["processing_info"], let state = processing["state"]?.string {
            switch state {
            case "succeeded": break
            case "failed":
                return .failed(
                    PublishingFailure(.permanent, code: "media_refused", "X cannot use the file \(media.path).")
                )
            default:
                let wait = min(max(processing["check_after_secs"]?.integer ?? 5, 1), 300)
                return .waiting(until: time.now() + .seconds(wait))
            }
        }
        if let alternative = media.alternative {
            _ = try await api.call(
                "POST",
                "/2/media/metadata",
                body: .json(["id": .string(id), "metadata": ["alt_text": ["text": .string(alternative)]]]),
                bucket: "\(Self.bucket)/metadata",
                workspace: step.publication.workspace
            )
        }
        return .sent(remoteID: id)
    }

    private func file(of media: XThread.Media) throws(PublishingFailure) -> LocalFile {
        do throws(PublicationError) {
            let file = try LocalFile(path: media.path)
            guard try file.digest() == media.digest else {
                throw PublicationError.invalid("The file \(media.path) has changed since it was drafted.")
            }
            return file
        } catch {
            throw PublishingFailure(.permanent, code: "file_changed", error.description)
        }
    }

    private func save(_ progress: JSONValue, _ step: PublicationStep) async throws(PublishingFailure) {
        do {
            try await step.save(progress)
        } catch {
            throw PublishingFailure(error)
        }
    }

    private static let unreadable = PublishingFailure(
        .transient,
        code: "unreadable_answer",
        "X's answer to an upload names no id."
    )
}
