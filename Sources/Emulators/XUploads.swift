import CoreTypes
import XIntegration

/// The uploads of an emulated X: each is begun, arrives in pieces, is ended, and is asked for until it is processed.
struct XUploads: Sendable {
    private struct Upload {
        var type: String
        var total: Int
        var segments: [Int: [UInt8]] = [:]
        var isFinal = false
        /// How often it is asked before a film is processed.
        var pollsLeft = 0
        var alternative: String?
        /// When it is forgotten.
        var end: Timestamp
    }

    /// How long an upload is kept that no post shows.
    private static let lifetime = Duration.seconds(86_400)

    private var uploads: [String: Upload] = [:]

    /// The alternative texts.
    var alternatives: [String] { uploads.values.compactMap(\.alternative) }

    /// The bytes of an upload.
    func bytes(of id: String) -> [UInt8] {
        (uploads[id]?.segments ?? [:]).sorted { $0.key < $1.key }.flatMap(\.value)
    }

    /// Whether a post may show them.
    func areWhole(_ ids: [String], at now: Timestamp) -> Bool {
        ids.allSatisfy { id in uploads[id].map { $0.isFinal && $0.end > now } ?? false }
    }

    mutating func initialize(_ request: EmulatorRequest, nextID: inout Int, now: Timestamp) -> EmulatorResponse {
        guard let json = request.json, let type = json["media_type"]?.string, json["media_category"]?.string != nil,
            let total = json["total_bytes"]?.integer, total > 0, total <= XLimits.videoBytes
        else { return XEmulator.problem(400, "media_type, media_category and total_bytes are required.") }
        let id = String(nextID)
        nextID += 1
        uploads[id] = Upload(type: type, total: Int(total), end: now + Self.lifetime)
        return .json(["data": ["id": .string(id), "expires_after_secs": .integer(Self.lifetime.components.seconds)]])
    }

    mutating func append(_ request: EmulatorRequest, _ faults: EmulatorFaults) -> EmulatorResponse {
        let fields = request.parts
        guard let media = fields.first(where: { $0.name == "media" })?.content, media.count <= 5_000_000,
            let index = fields.first(where: { $0.name == "segment_index" })
                .flatMap({ Int(String(decoding: $0.content, as: UTF8.self)) }), (0...999).contains(index)
        else { return XEmulator.problem(400, "A piece has segment_index and media of 5 MB at most.") }
        let fault = faults.write()
        if fault == .before { return .drop }
        let id = request.segments[3]
        let isKnown = uploads[id]?.isFinal == false
        if isKnown { uploads[id]?.segments[index] = media }
        if fault == .after { return .drop }
        return isKnown ? .empty(204) : XEmulator.problem(400, "There is no such upload.")
    }

    mutating func finalize(_ request: EmulatorRequest) -> EmulatorResponse {
        let id = request.segments[3]
        guard var upload = uploads[id] else { return XEmulator.problem(400, "There is no such upload.") }
        let indices = upload.segments.keys.sorted()
        guard indices == Array(0..<indices.count),
            upload.segments.values.reduce(0, { $0 + $1.count }) == upload.total
        else { return XEmulator.problem(400, "The pieces are not the whole file.") }
        if !upload.isFinal, upload.type.hasPrefix("video/") { upload.pollsLeft = 2 }
        upload.isFinal = true
        uploads[id] = upload
        return .json(Self.processing(id, upload))
    }

    mutating func status(_ request: EmulatorRequest) -> EmulatorResponse {
        let id = request.parameter("media_id") ?? ""
        guard request.parameter("command") == "STATUS" else { return XEmulator.problem(400, "The command is STATUS.") }
        guard var upload = uploads[id], upload.isFinal else { return XEmulator.problem(404, "Not Found") }
        upload.pollsLeft = max(0, upload.pollsLeft - 1)
        uploads[id] = upload
        return .json(Self.processing(id, upload))
    }

    mutating func describe(_ request: EmulatorRequest) -> EmulatorResponse {
        guard let id = request.json?["id"]?.string, let text = request.json?["metadata"]?["alt_text"]?["text"]?.string
        else { return XEmulator.problem(400, "id and metadata.alt_text.text are required.") }
        guard uploads[id] != nil else { return XEmulator.problem(404, "Not Found") }
        uploads[id]?.alternative = text
        return .json(["data": ["id": .string(id)]])
    }

    private static func processing(_ id: String, _ upload: Upload) -> JSONValue {
        var data: JSONValue = ["id": .string(id), "size": .integer(Int64(upload.total))]
        if upload.type.hasPrefix("video/") {
            data["processing_info"] =
                upload.pollsLeft > 0 ? ["state": "in_progress", "check_after_secs": 1] : ["state": "succeeded"]
        }
        return ["data": data]
    }
}
