import CoreTypes
import Publishing
import Transport

/// Uploads a video in pieces from disk, and goes on after a crash where YouTube says that it is
/// (https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol).
///
/// A video exists once the last byte has arrived. So the session is written down before the first byte leaves, and that
/// the last piece is about to leave before it does; where the session is gone after that, the account's uploads are
/// read, and only what is not among them is uploaded anew.
struct YouTubeUpload: Sendable {
    /// A piece that takes longer is given up; the session knows how much of it arrived.
    private static let pieceTimeout = Duration.seconds(300)
    /// How long a complete video may be missing among the account's uploads.
    private static let listingTime = Duration.seconds(600)
    /// The code of a video that may be older than all uploads that are read.
    static let untraceable = "untraceable"

    let api: YouTubeAPI

    /// What a session says.
    enum Standing {
        case received(Int)
        case complete(String)
        /// There is none, or YouTube has forgotten it; and there is no video.
        case gone
    }

    /// Finds out how far a former try has come, without the file.
    func resume(_ step: PublicationStep) async throws(PublishingFailure) -> Standing {
        let progress = step.part.progress
        guard let session = progress["session"]?.string, let size = progress["size"]?.integer else { return .gone }
        let standing = try await standing(of: session, Int(size), step.publication.workspace)
        guard case .gone = standing, let leftAt = progress["last_at"]?.integer else { return standing }
        if let id = try await find(step) { return .complete(id) }
        // A video is listed a while after its last byte has arrived: what is not seen yet may be there.
        let earliest = Timestamp(milliseconds: leftAt) + Self.listingTime
        guard api.time.now() < earliest else { return .gone }
        throw PublishingFailure(
            .limited(until: earliest),
            code: "not_listed_yet",
            "YouTube has forgotten the upload, and does not list the video yet."
        )
    }

    /// Uploads the video of a step.
    /// - Parameter former: how far it has come, which is of use for the same file alone.
    func upload(_ video: YouTubeVideo, file: LocalFile, from former: Standing, _ step: PublicationStep)
        async throws(PublishingFailure) -> String
    {
        let workspace = step.publication.workspace
        let digest: String
        do throws(PublicationError) {
            digest = try file.digest()
        } catch {
            throw PublishingFailure(.permanent, code: "file_changed", error.description)
        }
        var progress = step.part.progress
        var offset = 0
        if case .received(let count) = former, progress["sha256"]?.string == digest {
            offset = count
        } else {
            progress = [
                "session": .string(try await begin(video, file, step)), "size": .integer(Int64(file.size)),
                "sha256": .string(digest),
            ]
        }
        guard let session = progress["session"]?.string else { throw Self.unreadable }
        while true {
            let count = min(api.configuration.chunkBytes, file.size - offset)
            if offset + count == file.size { progress["last_at"] = .integer(api.time.now().rawValue) }
            // Before each piece: whoever took the work over or the publication back ends the upload here.
            try await save(progress, step)
            switch try await put(file, offset, count, session, workspace) {
            case .complete(let id): return id
            case .received(let total) where total > offset: offset = total
            case .received:
                throw PublishingFailure(.transient, code: "no_progress", "YouTube takes no more of the upload.")
            case .gone:
                // With the next try the uploads are read, or another session begins.
                throw PublishingFailure(.transient, code: "session_gone", "YouTube has forgotten the upload.")
            }
        }
    }

    // MARK: The session

    private func begin(_ video: YouTubeVideo, _ file: LocalFile, _ step: PublicationStep)
        async throws(PublishingFailure) -> String
    {
        let response = try await api.send(
            "POST",
            "\(api.configuration.apiURL)/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status",
            headers: [
                ("content-type", "application/json; charset=UTF-8"), ("x-upload-content-type", "video/*"),
                ("x-upload-content-length", String(file.size)),
            ],
            body: video.resource(reference: Self.reference(step.publication.id)).bytes,
            cost: .upload,
            workspace: step.publication.workspace
        )
        guard response.status == 200, let session = response.header("location"), isOurs(session) else {
            // A session without a byte is no video.
            throw response.status == 200 ? Self.unreadable : YouTubeAPI.refusal(response).withoutDoubt
        }
        return session
    }

    /// The account's token goes to Google alone, or to where the operator said.
    private func isOurs(_ session: String) -> Bool {
        let base = api.configuration.apiURL
        if session.hasPrefix("\(base)/") { return true }
        guard base == YouTubeConfiguration.defaultAPIURL, session.hasPrefix("https://") else { return false }
        let host = session.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return host.hasSuffix(".googleapis.com")
            && host.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 46
            }
    }

    private func standing(of session: String, _ size: Int, _ workspace: WorkspaceID)
        async throws(PublishingFailure) -> Standing
    {
        let response = try await api.send(
            "PUT",
            session,
            headers: [("content-range", "bytes */\(size)")],
            cost: nil,
            workspace: workspace
        )
        return try read(response, size: size)
    }

    private func put(_ file: LocalFile, _ offset: Int, _ count: Int, _ session: String, _ workspace: WorkspaceID)
        async throws(PublishingFailure) -> Standing
    {
        let piece: [UInt8]
        do throws(PublicationError) {
            piece = try file.read(from: offset, count: count)
        } catch {
            throw PublishingFailure(.permanent, code: "file_changed", error.description)
        }
        let response = try await api.send(
            "PUT",
            session,
            headers: [
                ("content-type", "video/*"), ("content-range", "bytes \(offset)-\(offset + count - 1)/\(file.size)"),
            ],
            body: piece,
            timeout: Self.pieceTimeout,
            cost: nil,
            workspace: workspace
        )
        return try read(response, size: file.size)
    }

    private func read(_ response: HTTPResponse, size: Int) throws(PublishingFailure) -> Standing {
        switch response.status {
        case 200, 201:
            guard let id = (try? JSONDocument(response.body))?["id"]?.string, !id.isEmpty else { throw Self.unreadable }
            return .complete(id)
        case 308:
            guard let range = response.header("range") else { return .received(0) }
            guard range.hasPrefix("bytes=0-"), let last = Int(range.dropFirst(8)), (0..<size).contains(last) else {
                throw Self.unreadable
            }
            return .received(last + 1)
        case 404, 410: return .gone
        default: throw YouTubeAPI.refusal(response)
        }
    }

    // MARK: Finding it again

    /// What stands in the description of a publication's video, and of no other.
    static func reference(_ id: PublicationID) -> String { "aragora:\(id)" }

    /// The publication's video among the account's newest uploads; nil where it is in none of them.
    private func find(_ step: PublicationStep) async throws(PublishingFailure) -> String? {
        let workspace = step.publication.workspace
        let channels = try await api.call(
            "GET",
            "/youtube/v3/channels?part=contentDetails&mine=true",
            cost: .read,
            workspace: workspace
        )
        let details = channels["items"]?.array?.first?["contentDetails"]
        guard let list = details?["relatedPlaylists"]?["uploads"]?.string,
            list.utf8.allSatisfy({ $0 == 45 || $0 == 95 || $0 >= 48 && $0 <= 122 })
        else { throw Self.unreadable }
        var token = ""
        for _ in 0..<YouTubeLimits.uploadPages {
            let page = try await api.call(
                "GET",
                "/youtube/v3/playlistItems?part=snippet&maxResults=50&playlistId=\(list)\(token)",
                cost: .read,
                workspace: workspace
            )
            for item in page["items"]?.array ?? [] {
                let description = item["snippet"]?["description"]?.string ?? ""
                guard description.hasSuffix(Self.reference(step.publication.id)) else { continue }
                if let id = item["snippet"]?["resourceId"]?["videoId"]?.string { return id }
            }
            guard let next = page["nextPageToken"]?.string,
                next.utf8.allSatisfy({ $0 == 45 || $0 == 95 || $0 >= 48 && $0 <= 122 })
            else { return nil }
            token = "&pageToken=\(next)"
        }
        throw PublishingFailure(
            .permanent,
            code: Self.untraceable,
            "The upload was interrupted at its end, and the channel has too many newer videos to find it again: look "
                + "whether it is there."
        )
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
        "YouTube's answer to an upload cannot be read."
    )
}
