import CoreTypes
package import Publishing

extension YouTubePlatform {
    /// Does one step: renders, uploads, adds what belongs to the video, or asks whether it is processed.
    package func send(_ step: PublicationStep) async -> PartOutcome {
        do {
            let video = try YouTubeVideo(json: step.publication.content)
            switch step.part.kind {
            case "render":
                _ = try await renderer.render(try VideoScript(json: step.part.payload), for: step.publication.id)
                return .sent(remoteID: "")
            case "video":
                let upload = YouTubeUpload(api: api)
                // What is there already needs no file any more.
                let former = try await upload.resume(step)
                if case .complete(let id) = former { return .sent(remoteID: id) }
                let file = try file(of: video.video, rendered: \.video, step)
                return .sent(remoteID: try await upload.upload(video, file: file, from: former, step))
            case "thumbnail":
                try await setThumbnail(of: video, step)
                return .sent(remoteID: "")
            case "captions": return .sent(remoteID: try await addCaptions(to: video, step))
            default: return try await waitForProcessing(step)
            }
        } catch is RenderingGone {
            // The files of another machine, or ones that somebody removed.
            let failure = PublishingFailure(
                .transient,
                code: "rendering_gone",
                "The rendered video is not on this machine; it is made again."
            )
            return .lost(parts: step.parts.filter { $0.kind == "render" }.map(\.number), failure)
        } catch {
            let failure = PublishingFailure(error)
            return failure.code == YouTubeUpload.untraceable ? .untraceable(failure) : .failed(failure)
        }
    }

    /// Finds out whether the video is there; what belongs to it goes with it.
    package func reconcile(_ step: PublicationStep) async -> PartReconciliation {
        guard step.part.kind == "video" else { return .notSent }
        do throws(PublishingFailure) {
            guard case .complete(let id) = try await YouTubeUpload(api: api).resume(step) else { return .notSent }
            return .sent(remoteID: id)
        } catch {
            return PartReconciliation(error, now: time.now())
        }
    }

    /// Deletes the video.
    package func withdraw(_ step: PublicationStep) async -> PartOutcome {
        // With the video goes everything that belongs to it.
        guard step.part.kind == "video", let id = step.part.remoteID else { return .sent(remoteID: "") }
        do throws(PublishingFailure) {
            _ = try await api.call(
                "DELETE",
                "/youtube/v3/videos?id=\(Self.safe(id))",
                cost: .small,
                workspace: step.publication.workspace
            )
            return .sent(remoteID: id)
        } catch {
            return error.code == "not_found" || error.code == "videoNotFound" ? .sent(remoteID: id) : .failed(error)
        }
    }

    private func setThumbnail(of video: YouTubeVideo, _ step: PublicationStep) async throws {
        let file = try file(of: video.thumbnail, rendered: \.thumbnail, step)
        let isPNG = file.path.lowercased().hasSuffix(".png")
        _ = try await api.call(
            "POST",
            "/upload/youtube/v3/thumbnails/set?uploadType=media&videoId=\(try id(step))",
            headers: [("content-type", isPNG ? "image/png" : "image/jpeg")],
            body: try file.read(from: 0, count: file.size),
            cost: .small,
            workspace: step.publication.workspace
        )
    }

    private func addCaptions(to video: YouTubeVideo, _ step: PublicationStep) async throws -> String {
        let file = try file(of: video.captions, rendered: \.captions, step)
        let boundary = "aragora-51d0c7e2a94b4f36"
        let resource: JSONValue = [
            "snippet": [
                "videoId": .string(try id(step)), "language": .string(video.language), "name": "", "isDraft": false,
            ]
        ]
        let head = "--\(boundary)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n\(resource.text)\r\n"
        let middle = "--\(boundary)\r\nContent-Type: application/octet-stream\r\n\r\n"
        let body =
            Array((head + middle).utf8) + (try file.read(from: 0, count: file.size))
            + Array("\r\n--\(boundary)--\r\n".utf8)
        do throws(PublishingFailure) {
            let answer = try await api.call(
                "POST",
                "/upload/youtube/v3/captions?uploadType=multipart&part=snippet",
                headers: [("content-type", "multipart/related; boundary=\(boundary)")],
                body: body,
                cost: .captions,
                workspace: step.publication.workspace
            )
            return answer["id"]?.string ?? ""
        } catch {
            // A former try has set them: a video has one track of a language and a name.
            if error.code == "captionExists" { return "" }
            throw error
        }
    }

    private func waitForProcessing(_ step: PublicationStep) async throws -> PartOutcome {
        let answer = try await api.call(
            "GET",
            "/youtube/v3/videos?part=status,processingDetails&id=\(try id(step))",
            cost: .read,
            workspace: step.publication.workspace
        )
        guard let item = answer["items"]?.array?.first else {
            throw PublishingFailure(.permanent, code: "video_gone", "The video is not at YouTube any more.")
        }
        switch item["status"]?["uploadStatus"]?.string {
        case "processed": return .sent(remoteID: "")
        case "failed", "rejected", "deleted":
            let status = item["status"]
            let reason = status?["failureReason"]?.string ?? status?["rejectionReason"]?.string ?? "no reason"
            let word = String(reason.filter { $0.isASCII && $0.isLetter }.prefix(40))
            throw PublishingFailure(.permanent, code: "not_processed", "YouTube did not process the video (\(word)).")
        default: return .waiting(until: time.now())
        }
    }

    /// What was rendered is not here.
    private struct RenderingGone: Error {}

    /// A file that is as it was when it was released, or one that was rendered.
    private func file(
        of given: YouTubeVideo.File?,
        rendered: KeyPath<VideoRenderer.Files, String>,
        _ step: PublicationStep
    ) throws -> LocalFile {
        if let given {
            let file = try LocalFile(path: given.path)
            guard try file.digest() == given.digest else {
                throw PublicationError.invalid("The file \(given.path) has changed since it was drafted.")
            }
            return file
        }
        guard let files = renderer.files(of: step.publication.id) else { throw RenderingGone() }
        return try LocalFile(path: files[keyPath: rendered])
    }

    private func id(_ step: PublicationStep) throws(PublishingFailure) -> String {
        guard let id = videoID(step.parts) else {
            throw PublishingFailure(.permanent, code: "no_video", "The video was not uploaded.")
        }
        return Self.safe(id)
    }

    /// An id of YouTube's has letters, digits, `-` and `_`.
    private static func safe(_ id: String) -> String {
        id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
