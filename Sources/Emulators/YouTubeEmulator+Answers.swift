import CoreTypes
import Synchronization

extension YouTubeEmulator {
    func answer(_ request: EmulatorRequest) -> EmulatorResponse {
        if request.method == "PUT", request.path == "/upload/youtube/v3/videos" { return receive(request) }
        guard !request.isCutOff else { return .drop }
        switch (request.method, request.path) {
        case ("POST", "/upload/youtube/v3/videos"): return paid(nil, request, begin)
        case ("POST", "/upload/youtube/v3/thumbnails/set"): return paid(50, request, written(setThumbnail))
        case ("POST", "/upload/youtube/v3/captions"): return paid(400, request, written(addCaptions))
        case ("GET", "/youtube/v3/videos"): return paid(1, request, status)
        case ("GET", "/youtube/v3/channels"): return paid(1, request, channel)
        case ("GET", "/youtube/v3/playlistItems"): return paid(1, request, uploads)
        case ("DELETE", "/youtube/v3/videos"): return paid(50, request, written(delete))
        default: return Self.failure(404, "notFound")
        }
    }

    private typealias Handler = (inout State, EmulatorRequest) -> EmulatorResponse

    /// Takes units of the day's quota, or one of the day's uploads.
    private func paid(_ units: Int64?, _ request: EmulatorRequest, _ handler: Handler) -> EmulatorResponse {
        state.withLock { state in
            if let units {
                guard state.used + units <= quota else { return Self.failure(403, "quotaExceeded") }
                state.used += units
            } else {
                guard state.uploads < uploads else { return Self.failure(403, "quotaExceeded") }
                state.uploads += 1
                guard !state.isChannelFull else { return Self.failure(400, "uploadLimitExceeded") }
            }
            return handler(&state, request)
        }
    }

    /// Lets a write break on command.
    private func written(_ handler: @escaping Handler) -> Handler {
        { [faults] state, request in
            let fault = faults.write()
            if fault == .before { return .drop }
            let response = handler(&state, request)
            return fault == .after ? .drop : response
        }
    }

    // MARK: Uploads

    private func begin(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        guard request.parameter("uploadType") == "resumable", let resource = request.json,
            let total = request.header("x-upload-content-length").flatMap({ Int($0) }), total > 0
        else { return Self.failure(400, "badRequest") }
        let title = resource["snippet"]?["title"]?.string ?? ""
        let description = resource["snippet"]?["description"]?.string ?? ""
        guard (1...100).contains(title.count), !title.contains("<"), !title.contains(">") else {
            return Self.failure(400, "invalidTitle")
        }
        guard description.utf8.count <= 5000, !description.contains("<"), !description.contains(">") else {
            return Self.failure(400, "invalidDescription")
        }
        guard ["private", "unlisted", "public"].contains(resource["status"]?["privacyStatus"]?.string ?? "") else {
            return Self.failure(400, "invalidVideoMetadata")
        }
        let id = "session-\(state.nextID)"
        state.nextID += 1
        state.sessions[id] = Session(resource: resource, total: total)
        let location = "\(request.base)/upload/youtube/v3/videos?uploadType=resumable&upload_id=\(id)"
        return .empty(200, headers: [("location", location)])
    }

    /// Takes a piece of an upload, or says how far it is.
    private func receive(_ request: EmulatorRequest) -> EmulatorResponse {
        let id = request.parameter("upload_id") ?? ""
        return state.withLock { state in
            guard var session = state.sessions[id] else { return Self.failure(404, "notFound") }
            if let video = session.video { return .json(Self.resource(video, session), status: 201) }
            guard let range = request.header("content-range"), range.hasPrefix("bytes "),
                let slash = range.firstIndex(of: "/"), Int(range[range.index(after: slash)...]) == session.total
            else { return Self.failure(400, "badContentRange") }
            let span = range[range.index(range.startIndex, offsetBy: 6)..<slash]
            guard span != "*" else { return Self.incomplete(session) }
            let ends = span.split(separator: "-").compactMap { Int($0) }
            guard ends.count == 2, ends[0] <= ends[1], ends[1] < session.total, ends[0] == session.received.count else {
                return Self.failure(400, "badContentRange")
            }
            let count = ends[1] - ends[0] + 1
            let isLast = ends[1] + 1 == session.total
            guard request.isCutOff || request.body.count == count, isLast || count.isMultiple(of: chunkUnit) else {
                return Self.failure(400, "badChunk")
            }
            let kept = faults.bytesBeforeBreak(from: ends[0], count: count)
            session.received += request.body.prefix(kept ?? count)
            let isBroken = kept != nil || request.isCutOff
            let fault = isBroken ? EmulatorFaults.Break.never : faults.write()
            if fault == .before { return .drop }
            if session.received.count == session.total { Self.complete(&state, &session) }
            state.sessions[id] = session
            if isBroken || fault == .after { return .drop }
            guard let video = session.video else { return Self.incomplete(session) }
            return .json(Self.resource(video, session), status: 201)
        }
    }

    private static func complete(_ state: inout State, _ session: inout Session) {
        let id = "video-\(state.nextID)"
        state.nextID += 1
        session.video = id
        state.videos.append(Video(id: id, resource: session.resource, bytes: session.received))
    }

    private static func incomplete(_ session: Session) -> EmulatorResponse {
        let count = session.received.count
        return .empty(308, headers: count == 0 ? [] : [("range", "bytes=0-\(count - 1)")])
    }

    private static func resource(_ video: String, _ session: Session) -> JSONValue {
        var resource = session.resource
        resource["kind"] = "youtube#video"
        resource["id"] = .string(video)
        return resource
    }

    // MARK: Videos

    private func setThumbnail(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        guard ["image/jpeg", "image/png"].contains(request.header("content-type") ?? ""),
            (1...(2 << 20)).contains(request.body.count)
        else { return Self.failure(400, "invalidImage") }
        guard let position = state.videos.firstIndex(where: { $0.id == request.parameter("videoId") }) else {
            return Self.failure(404, "videoNotFound")
        }
        state.videos[position].thumbnail = request.body
        return .json(["items": []])
    }

    private func addCaptions(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        let parts = request.parts
        guard parts.count == 2, let snippet = (try? JSONValue(parsing: parts[0].content))?["snippet"],
            let video = snippet["videoId"]?.string, let language = snippet["language"]?.string
        else { return Self.failure(400, "badRequest") }
        guard let position = state.videos.firstIndex(where: { $0.id == video }) else {
            return Self.failure(404, "videoNotFound")
        }
        let track = "\(language)/\(snippet["name"]?.string ?? "")"
        guard !state.videos[position].captions.contains(track) else { return Self.failure(409, "captionExists") }
        state.videos[position].captions.append(track)
        return .json(["id": .string("captions-\(video)-\(track)")])
    }

    private func status(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        guard let position = state.videos.firstIndex(where: { $0.id == request.parameter("id") }) else {
            return .json(["items": []])
        }
        if state.processes { state.videos[position].pollsLeft = max(0, state.videos[position].pollsLeft - 1) }
        let isProcessed = state.videos[position].pollsLeft == 0
        let id = state.videos[position].id
        return .json([
            "items": [["id": .string(id), "status": ["uploadStatus": isProcessed ? "processed" : "uploaded"]]]
        ])
    }

    private func channel(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        .json([
            "items": [
                [
                    "id": "UCemulated", "snippet": ["title": "Emulated channel"],
                    "contentDetails": ["relatedPlaylists": ["uploads": "UUemulated"]],
                ]
            ]
        ])
    }

    private func uploads(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        guard request.parameter("playlistId") == "UUemulated" else { return Self.failure(404, "playlistNotFound") }
        let first = request.parameter("pageToken").flatMap { Int($0) } ?? 0
        let rest = state.videos.reversed().dropFirst(first)
        let items = rest.prefix(50).map { video -> JSONValue in
            [
                "snippet": [
                    "title": video.resource["snippet"]?["title"] ?? "",
                    "description": video.resource["snippet"]?["description"] ?? "",
                    "resourceId": ["videoId": .string(video.id)],
                ]
            ]
        }
        return .json(
            .record([
                "items": .array(Array(items)), "nextPageToken": rest.count > 50 ? .string(String(first + 50)) : nil,
            ])
        )
    }

    private func delete(_ state: inout State, _ request: EmulatorRequest) -> EmulatorResponse {
        guard let position = state.videos.firstIndex(where: { $0.id == request.parameter("id") }) else {
            return Self.failure(404, "videoNotFound")
        }
        state.videos.remove(at: position)
        return .empty(204)
    }
}
