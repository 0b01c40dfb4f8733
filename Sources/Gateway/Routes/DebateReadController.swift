import CoreTypes
import HTTPTypes
import Hummingbird

/// Looking at debates: the part of `/api/v1/debates` that changes nothing.
struct DebateReadController: Sendable {
    let debates: any DebateAPI

    private var lookup: DebateLookup { DebateLookup(debates: debates) }

    private static let statuses: Set = ["active", "created", "running", "paused", "completed", "failed", "cancelled"]
    /// The original's words for some of them, which its client sends.
    private static let otherWords = ["starting": "created", "concluded": "completed", "archived": "completed"]

    /// `GET /debates`: the newest first, of all workspaces or of the one that `workspace` names.
    func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let word = QueryParameters(request.uri.query)["status"].flatMap { $0.isEmpty ? nil : $0 }
        let status = word.map { Self.otherWords[$0] ?? $0 }
        if let status, !Self.statuses.contains(status) {
            throw HTTPFailure.invalid("`status` has to be one of \(Self.statuses.sorted().joined(separator: ", ")).")
        }
        return try await list(status, request, context)
    }

    /// `GET /debates/active`: those that have not ended.
    func active(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try await list("active", request, context)
    }

    private func list(_ status: String?, _ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let page = try ListPage(query, defaultLimit: 20)
        let found = try await debates.list(
            workspace: context.caller.workspace(in: query),
            status: status,
            limit: Int(page.limit),
            offset: Int(page.offset)
        )
        return .json(page.document(found.items.map(DebateDocument.line), named: "debates", total: found.total))
    }

    /// `GET /debates/{id}`.
    func find(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let record = try await lookup.record(context)
        let projection = try await debates.projection(of: record.id, workspace: record.workspace)
        guard try await lookup.isReadable(record, for: context.caller) else {
            return .json(DebateDocument.detail(record, projection: DebateDocument.heldBack(projection)))
        }
        return .json(DebateDocument.detail(record, projection: projection))
    }

    /// `GET /debates/{id}/messages`: what was said, oldest first.
    func messages(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let page = try ListPage(QueryParameters(request.uri.query), defaultLimit: 50)
        let (record, projection) = try await view(context)
        let messages = projection?["messages"]?.array ?? []
        var document = page.document(page.slice(messages), named: "messages", total: messages.count)
        document["debate_id"] = .string(record.id.rawValue)
        return .json(document)
    }

    /// `GET /debates/{id}/events`: the journal behind a sequence number.
    func events(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let since = try query.integer("since", in: 0...Int64.max, default: 0)
        let limit = try query.integer("limit", in: 1...500, default: 100)
        let record = try await lookup.readable(context)
        let entries = try await debates.entries(
            of: record.id,
            workspace: record.workspace,
            after: since,
            limit: Int(limit)
        )
        var output = Array(#"{"debate_id":"#.utf8)
        writeJSONString(record.id.rawValue, to: &output)
        output.append(contentsOf: #","events":["#.utf8)
        for (position, entry) in entries.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            output.append(contentsOf: try EventEnvelope(entry: entry, debate: record.id).json)
        }
        output.append(contentsOf: #"],"next_seq":\#(entries.last?.sequence ?? since)}"#.utf8)
        return .bytes(output, contentType: "application/json")
    }

    /// `GET /debates/{id}/consensus`: what was agreed on, with the votes.
    func consensus(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let (record, projection) = try await view(context)
        var document = DebateDocument.consensus(record, projection: projection)
        document["debate_id"] = .string(record.id.rawValue)
        document["votes"] = projection?["votes"] ?? []
        document["dissent"] = projection?["dissent"] ?? []
        return .json(document)
    }

    /// `GET /debates/{id}/votes`.
    func votes(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let page = try ListPage(QueryParameters(request.uri.query), defaultLimit: 50)
        let (record, projection) = try await view(context)
        let votes = projection?["votes"]?.array ?? []
        var document = page.document(page.slice(votes), named: "votes", total: votes.count)
        document["debate_id"] = .string(record.id.rawValue)
        return .json(document)
    }

    private func view(_ context: GatewayContext) async throws -> (DebateSummary, JSONValue?) {
        let record = try await lookup.readable(context)
        return (record, try await debates.projection(of: record.id, workspace: record.workspace))
    }
}
