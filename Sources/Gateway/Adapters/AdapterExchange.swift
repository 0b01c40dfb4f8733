import Channels
import CoreTypes
import HTTPTypes
import NIOCore
import NIOHTTP1

/// One request of a platform while its body arrives, on the event loop of its connection.
final class AdapterExchange {
    /// What has to happen after a part of the request.
    enum Action {
        /// Nothing: more is to come.
        case goOn
        /// The request is whole.
        case receive(RawRequest)
        /// The request gets this answer, and what follows on its connection is not read any more.
        case refuse(AdapterAnswer)
    }

    let endpoint: AdapterEndpoint
    let startedAt = ContinuousClock.now
    /// Whether no further request is answered on the connection.
    let isLast: Bool
    /// Whether the body did not come at once.
    private(set) var isSlow = false
    /// Whether the rest of the body comes only when it is asked for.
    let waitsWithBody: Bool
    /// Whether the peer speaks HTTP/1.0 and has to be told that its connection stays.
    private let asksToStay: Bool
    private let desk: AdapterDesk
    private let head: RawRequest
    private var body: [UInt8] = []
    /// What was taken of the budget for bodies.
    private(set) var held = 0

    init(_ request: HTTPRequestHead, at endpoint: AdapterEndpoint, query: String, desk: AdapterDesk) {
        self.endpoint = endpoint
        self.desk = desk
        head = desk.head(of: request, at: endpoint, query: query)
        isLast = !request.isKeepAlive || request.endsHTTP
        waitsWithBody = request.waitsWithBody
        asksToStay = request.isKeepAlive && request.version == .http1_0
    }

    /// Looks at the head.
    func begin() -> Action {
        // Whoever stands in front may have read another host (RFC 9112, section 3.2).
        let hosts = head.headers.lazy.filter { $0.name.utf8.count == 4 && $0.name.lowercased() == "host" }
        guard hosts.count < 2 else { return .refuse(AdapterAnswer(status: .badRequest)) }
        // A length that is no number is more than any limit.
        if let length = head.header("content-length"), Int(length) ?? .max > endpoint.route.maximumBodyBytes {
            return .refuse(AdapterAnswer(status: .contentTooLarge))
        }
        return .goOn
    }

    /// Takes a part of the body.
    func take(_ part: ByteBuffer) -> Action {
        let count = part.readableBytes
        guard body.count + count <= endpoint.route.maximumBodyBytes else {
            return .refuse(AdapterAnswer(status: .contentTooLarge))
        }
        while !desk.budget.take(count) {
            guard desk.slowBodies.giveUpFirst(for: self) else { return .refuse(.overloaded) }
        }
        held += count
        part.withUnsafeReadableBytes { body.append(contentsOf: $0) }
        return .goOn
    }

    /// Looks whether the rest of the body is worth waiting for, once.
    ///
    /// A request that is there at once is not asked for it: it is verified as a whole.
    func wait() -> Action {
        isSlow = true
        return desk.screen(head, at: endpoint).map { .refuse($0) } ?? .goOn
    }

    /// How long the rest of the body may still take.
    var patience: Duration { desk.bodyTimeout - (ContinuousClock.now - startedAt) }

    /// The body has ended.
    func end() -> Action {
        defer { body = [] }
        return .receive(RawRequest(head, body: body))
    }

    /// The head of an answer.
    func head(of answer: AdapterAnswer, date: String, isLast: Bool) -> HTTPResponseHead {
        var headers = answer.headers
        headers.reserveCapacity(headers.count + 3)
        headers.replaceOrAdd(name: "Content-Length", value: String(answer.body.count))
        headers.replaceOrAdd(name: "Date", value: date)
        if isLast {
            headers.replaceOrAdd(name: "Connection", value: "close")
        } else if asksToStay {
            headers.replaceOrAdd(name: "Connection", value: "keep-alive")
        }
        return HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status.code),
            headers: headers
        )
    }
}

extension HTTPRequestHead {
    /// Whether what follows may be for another protocol, which nobody here speaks; NIO's decoder then hands nothing on
    /// any more and gathers all that comes.
    var endsHTTP: Bool { method == .CONNECT || headers.contains(name: "Upgrade") }
}
