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
    /// Whether the peer wants no further request answered on its connection.
    let isLast: Bool
    /// Whether the peer speaks HTTP/1.0 and has to be told that its connection stays.
    let asksToStay: Bool
    private let desk: AdapterDesk
    private let head: RawRequest
    private let announced: Int?
    private var body: [UInt8] = []
    /// What was taken of the budget for bodies.
    private(set) var held = 0

    init(_ request: HTTPRequestHead, at endpoint: AdapterEndpoint, query: String, desk: AdapterDesk) {
        self.endpoint = endpoint
        self.desk = desk
        head = desk.head(of: request, at: endpoint, query: query)
        // Nothing is read any more behind a request for another protocol.
        isLast = !request.isKeepAlive || head.header("upgrade") != nil
        asksToStay = request.isKeepAlive && request.version == .http1_0
        // A length that is no number is more than any limit.
        announced = head.header("content-length").map { Int($0) ?? .max }
    }

    /// Looks at the head.
    func begin() -> Action {
        if let refusal = desk.screen(head, at: endpoint) { return .refuse(refusal) }
        if let announced, announced > endpoint.route.maximumBodyBytes {
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
        guard desk.budget.take(count) else {
            return .refuse(AdapterAnswer(status: .serviceUnavailable, headers: [.retryAfter: "1"]))
        }
        held += count
        part.withUnsafeReadableBytes { body.append(contentsOf: $0) }
        // What was announced is there, so the common body of one part costs no look at the clock.
        if body.count < announced ?? .max, desk.time.now() - head.receivedAt > desk.bodyTimeout {
            return .refuse(AdapterAnswer(status: .requestTimeout))
        }
        return .goOn
    }

    /// The body has ended.
    func end() -> Action {
        defer { body = [] }
        return .receive(RawRequest(head, body: body))
    }
}
