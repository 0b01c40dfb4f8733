import CoreTypes
package import Logging
import Metrics

/// Sends HTTP requests over libcurl: one thread for all of them, connections kept and shared, HTTP/2 over TLS.
///
/// Cancelling the calling task ends its request at once. No request is ever written twice unless its method is safe.
package final class HTTPClient: HTTPTransport {
    /// How many redirects are followed before the request fails.
    private static let maximumRedirects = 5
    /// How much of a streaming response may wait to be read, in bytes; libcurl delivers up to 16 KiB at a time.
    private static let streamWatermark = 64 << 10
    /// The headers that may follow a redirect to another origin: none that could hold a secret.
    private static let harmlessHeaders: Set<String> = ["accept", "accept-language", "user-agent"]

    private let queue = TransferQueue()
    private let thread: LoopThread?
    private let logger: Logger
    private let addresses = AddressBook()
    private let seconds = MetricSeries { outcome in
        Timer(label: "http_client_request_seconds", dimensions: [("outcome", outcome)])
    }

    /// Starts a client and its thread; `shutdown` ends them.
    package init(configuration: Configuration = Configuration(), logger: Logger) {
        self.logger = logger
        let queue = queue
        thread = LoopThread(name: "aragora-http") {
            guard let loop = TransferLoop(queue: queue, configuration: configuration) else {
                TransferLoop.refuse(queue.close())
                return
            }
            loop.run()
        }
        if thread == nil { _ = queue.close() }
    }

    deinit {
        shutdown()
    }

    /// Ends every request with the reason `closed` and waits for the thread's end, which takes milliseconds.
    package func shutdown() {
        queue.stop()
        thread?.join()
    }

    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let start = ContinuousClock.now
        do {
            let exchange = try await open(request, awaiting: .end, watermark: nil)
            let (head, body) = try exchange.whole(acceptsPart: request.keptResponseBytes != nil)
            record(start, outcome: "\(head.status / 100)xx")
            return HTTPResponse(status: head.status, headers: head.headers, body: body)
        } catch {
            record(start, outcome: error.metricLabel, error)
            throw error
        }
    }

    package func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        let start = ContinuousClock.now
        do {
            let exchange = try await open(request, awaiting: .head, watermark: Self.streamWatermark)
            defer { cancel(exchange) }
            let head = try exchange.head()
            let body = HTTPBody { [self] () throws(TransportError) in try await nextPiece(of: exchange) }
            let result = try await consume(StreamingResponse(status: head.status, headers: head.headers, body: body))
            record(start, outcome: "\(head.status / 100)xx")
            return result
        } catch {
            record(start, outcome: (error as? any CodedError)?.metricLabel ?? "consumer", error as? TransportError)
            throw error
        }
    }

    // MARK: Exchanges

    /// Starts a request and its redirects, and waits until the last one's exchange has reached a milestone.
    private func open(
        _ request: HTTPRequest,
        awaiting milestone: Exchange.Milestone,
        watermark: Int?
    ) async throws(TransportError) -> Exchange {
        var request = request
        var address = try request.check(addresses)
        let deadline = ContinuousClock.now + request.timeout
        for hop in 0...Self.maximumRedirects {
            let exchange = Exchange(watermark: watermark, isRedirected: hop > 0)
            guard !Task.isCancelled else {
                throw TransportError(
                    .cancelled,
                    "The request to \(address.host) was cancelled",
                    mayHaveBeenSent: hop > 0
                )
            }
            guard queue.submit(.start(request, address, exchange)) else {
                throw TransportError(.closed, "The request to \(address.host) was not sent: the client is shut down")
            }
            await wait(for: milestone, of: exchange)
            guard request.followRedirects, request.method == "GET" || request.method == "HEAD",
                let head = try? exchange.head(), [301, 302, 303, 307, 308].contains(head.status),
                let location = head.header("location")
            else { return exchange }

            cancel(exchange)
            guard let next = address.resolving(location), address.scheme == "http" || next.scheme == "https" else {
                throw TransportError(
                    .protocolError,
                    "The redirect from \(address.host) is not acceptable",
                    mayHaveBeenSent: true
                )
            }
            if !next.isSameOrigin(as: address) {
                request.headers.removeAll { !Self.harmlessHeaders.contains($0.name.lowercased()) }
            }
            request.timeout = deadline - .now
            address = next
        }
        throw TransportError(.protocolError, "\(address.host) redirects too often", mayHaveBeenSent: true)
    }

    private func nextPiece(of exchange: Exchange) async throws(TransportError) -> [UInt8]? {
        await wait(for: .piece, of: exchange)
        switch exchange.takePiece() {
        case .bytes(let bytes, let wasPaused):
            if wasPaused { _ = queue.submit(.resume(exchange)) }
            return bytes
        case .end: return nil
        case .failure(let error): throw error
        }
    }

    private func wait(for milestone: Exchange.Milestone, of exchange: Exchange) async {
        await withTaskCancellationHandler {
            await exchange.reach(milestone)
        } onCancel: {
            cancel(exchange)
        }
    }

    /// Ends an exchange; one that has ended stays as it is.
    ///
    /// Where the loop takes no more commands it ends every exchange itself.
    private func cancel(_ exchange: Exchange) {
        if !exchange.hasEnded { _ = queue.submit(.cancel(exchange)) }
    }

    private func record(_ start: ContinuousClock.Instant, outcome: String, _ error: TransportError? = nil) {
        seconds[outcome].record(duration: ContinuousClock.now - start)
        if let error {
            logger.debug(
                "request failed",
                metadata: ["error.code": "\(error.code)", "error.text": "\(error.description)"]
            )
        }
    }
}
