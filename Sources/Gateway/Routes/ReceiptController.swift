import CoreTypes
import HTTPTypes
import Hummingbird
import NIOCore

/// What can be checked about a debate: its receipt and the journal that the receipt is about.
///
/// Besides those who may use the API, the holders of a link to exactly this debate may read both.
struct ReceiptController: Sendable {
    let debates: any DebateAPI
    let access: APIAccess
    let gate: ViewerGate

    /// Journal entries that are read at a time.
    private static let batch = 200

    /// `GET /debates/{id}/receipt`: the signed document, byte for byte.
    func receipt(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let (record, reader) = try await record(request, context)
        let bytes =
            if request.method == .get {
                try await debates.exportReceipt(of: record.id, workspace: record.workspace, to: reader)
            } else {
                try await debates.receipt(of: record.id, workspace: record.workspace)
            }
        guard let bytes else { throw HTTPFailure.notFound("receipt; a debate has one when it has ended") }
        return .bytes(bytes, contentType: "application/json", headers: Self.file("receipt", record.id, "json"))
    }

    /// `GET /debates/{id}/journal`: one entry a line with its hash, byte for byte, as `aragora receipt verify` reads it.
    func journal(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let (record, reader) = try await record(request, context)
        let (debates, id, workspace) = (debates, record.id, record.workspace)
        // Before the head is sent: what fails here is still told as a failure.
        let first = try await debates.entries(of: id, workspace: workspace, after: 0, limit: Self.batch)
        var headers = Self.file("journal", id, "ndjson")
        headers[.contentType] = "application/x-ndjson"
        // Whoever has the link to one debate is kept apart from those who have another one's.
        let caller = reader == Self.linkHolder ? "\(reader):\(id)" : reader
        return try gate.answer(to: caller, on: context.channel.eventLoop, headers: headers) { writer in
            var entries = first
            while let last = entries.last {
                var buffer = ByteBuffer()
                for entry in entries {
                    buffer.writeBytes(entry.json)
                    buffer.writeInteger(UInt8(ascii: "\n"))
                }
                try await writer.write(buffer)
                guard entries.count == Self.batch else { break }
                entries = try await debates.entries(
                    of: id,
                    workspace: workspace,
                    after: last.sequence,
                    limit: Self.batch
                )
            }
            try await writer.finish(nil)
        }
    }

    /// Who reads by a link: nobody knows more of them.
    private static let linkHolder = "link"

    /// The debate, for whoever may see what can be checked about it, and who that is.
    /// - Throws: `HTTPFailure`: 403 with the code `not_released` for a caller by credential; a wrong code, and any code
    ///   for what was not released, is answered like a debate that is not there.
    private func record(_ request: Request, _ context: GatewayContext) async throws -> (DebateSummary, String) {
        let lookup = DebateLookup(debates: debates)
        guard let code = QueryParameters(request.uri.query)["access"] else {
            var context = context
            context.caller = try await access.caller(request, context)
            return (try await lookup.readable(context), "api:\(context.caller.rawValue)")
        }
        let record = try await lookup.record(context)
        guard debates.opensReceipt(code, of: record.id, workspace: record.workspace),
            try await lookup.isReadable(record, for: nil)
        else { throw HTTPFailure.notFound("debate") }
        return (record, Self.linkHolder)
    }

    private static func file(_ what: String, _ id: DebateID, _ type: String) -> HTTPFields {
        // Ids hold nothing that a file name may not; anything else is left out all the same.
        let name = id.rawValue.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return [.contentDisposition: #"attachment; filename="aragora-\#(what)-\#(name).\#(type)""#]
    }
}
