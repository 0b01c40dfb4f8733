import CoreTypes
import HTTPTypes
import Hummingbird

/// `GET /api/v1/debates/{id}/stream`: a debate as it happens.
struct StreamController: Sendable {
    let debates: any DebateAPI
    let time: any TimeSource
    let gate: ViewerGate
    let pollInterval: Duration
    let heartbeat: Duration

    /// Opens a stream behind `Last-Event-ID`, or behind `since`; 204 where nothing can follow any more, which tells an
    /// `EventSource` to stop coming back.
    func open(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let record = try await DebateLookup(debates: debates).readable(context)
        let position = try position(request)
        if record.isFinished {
            let rest = try await debates.entries(of: record.id, workspace: record.workspace, after: position, limit: 1)
            if rest.isEmpty { return Response(status: .noContent) }
        }
        let stream = DebateStream(
            debates: debates,
            debate: record.id,
            workspace: record.workspace,
            position: position,
            time: time,
            pollInterval: pollInterval,
            heartbeat: heartbeat
        )
        return try gate.answer(
            to: "api:\(context.caller.rawValue)",
            on: context.channel.eventLoop,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store, no-transform"]
        ) { writer in
            try await stream.write(to: &writer)
        }
    }

    private func position(_ request: Request) throws(HTTPFailure) -> Int64 {
        if let last = request.headers[.lastEventID], let position = Int64(last), position >= 0 { return position }
        return try QueryParameters(request.uri.query).integer("since", in: 0...Int64.max, default: 0)
    }
}
