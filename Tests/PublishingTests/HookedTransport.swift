import Synchronization
import Transport

/// A network that does something before a certain request leaves.
final class HookedTransport: HTTPTransport {
    private let base: any HTTPTransport
    private let number: Int
    private let hook: @Sendable () async -> Void
    private let count = Mutex(0)

    init(base: any HTTPTransport, number: Int, hook: @escaping @Sendable () async -> Void) {
        self.base = base
        self.number = number
        self.hook = hook
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let isNow = count.withLock { count in
            count += 1
            return count == number
        }
        if isNow { await hook() }
        return try await base.send(request)
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        try await base.stream(request, consume)
    }
}

/// A network in which answers come altered.
struct AlteredTransport: HTTPTransport {
    let base: any HTTPTransport
    let change: @Sendable (HTTPRequest, HTTPResponse) -> HTTPResponse

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        change(request, try await base.send(request))
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        try await base.stream(request, consume)
    }
}
