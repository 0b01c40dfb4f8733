import CoreTypes
import Synchronization
import Transport

/// What all providers' clients share: requests, streams, failures and prices.
struct ProviderChannel: Sendable {
    let endpoint: ModelEndpoint
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let refused = RefusedParts()

    /// No longer than this between two pieces of an answer (the original's limit per chunk).
    ///
    /// Before the first one a model may think for as long as the call has, or until its substitute needs the rest.
    private static let idleTimeout = Duration.seconds(90)
    /// The longest whole answer; the airlock's limits are shorter.
    private static let totalTimeout = Duration.seconds(300)
    private static let connectTimeout = Duration.seconds(30)
    /// A call ends so long before its deadline that the failure is still heard: as the provider's, which the breaker
    /// counts, and not as a call that was given up.
    private static let margin = Duration.seconds(1)

    init(endpoint: ModelEndpoint, transport: any HTTPTransport, time: any TimeSource) {
        self.endpoint = endpoint
        self.transport = transport
        self.time = time
    }

    /// Asks with all that the provider's own API knows and, where a server refuses a part of that, again without it.
    ///
    /// A part that is refused for good is left out from then on, and no other one.
    /// - Parameter wanted: The parts that make sense in this request.
    func complete(
        key: String,
        _ wanted: RequestParts,
        _ ask: (_ parts: RequestParts, _ key: String) async throws -> Completion
    ) async throws -> Completion {
        try await translated {
            var search = PartsSearch(wanted.subtracting(refused.value))
            while true {
                do {
                    let completion = try await ask(search.parts, key + wanted.subtracting(search.parts).suffix)
                    refused.add(search.lasting)
                    return completion
                } catch let failure as ProviderFailure where failure.reason == .badRequest && failure.mayBeTooMuch {
                    guard search.goOn(after: failure) else { throw failure }
                }
            }
        }
    }

    /// Sends a request and reads the streamed answer.
    /// - Throws: `ProviderFailure`, `AgentError`, `TransportError` or `CancellationError`.
    func stream(
        path: String,
        headers: [(name: String, value: String)],
        body: JSONValue,
        for question: ModelRequest,
        key: String,
        into reader: some AnswerReader & Sendable
    ) async throws -> Completion {
        let now = time.now()
        let request = try request(path: path, headers: headers, body: body, for: question, key: key, now: now)
        let promptBytes = question.prompt.system.utf8.count + question.prompt.user.utf8.count
        let listener = question.listener
        var reader = reader
        var wasTaken = false
        do {
            try await transport.stream(request) { response in
                wasTaken = response.status == 200
                try await Self.read(response, into: &reader, now: now, listener)
            }
            return try completion(reader.draft, promptBytes: promptBytes)
        } catch {
            listener?.forget()
            // From then on the provider counts, and so do we.
            throw wasTaken ? counted(error, reader.draft, promptBytes: promptBytes) : error
        }
    }

    @inline(never)
    private func request(
        path: String,
        headers: [(name: String, value: String)],
        body: JSONValue,
        for question: ModelRequest,
        key: String,
        now: Timestamp
    ) throws(ProviderFailure) -> HTTPRequest {
        let limits = try Self.limits(of: question, now: now)
        return HTTPRequest(
            method: "POST",
            url: endpoint.baseURL + path,
            headers: headers + [
                (name: "Content-Type", value: "application/json"),
                (name: "Accept", value: "text/event-stream, application/json"),
                (name: "Idempotency-Key", value: key),
            ],
            body: body.bytes,
            timeout: limits.whole,
            firstPieceTimeout: limits.firstPiece,
            idleTimeout: Self.idleTimeout,
            connectTimeout: Self.connectTimeout,
            maximumResponseBytes: Self.maximumBytes,
            // The address comes from the operator alone, who may well mean a server on the same machine.
            guardAddresses: false,
            followRedirects: false
        )
    }

    /// How long a call may take, and how long it may take until the first piece of its answer, where that matters.
    @inline(never)
    private static func limits(
        of question: ModelRequest,
        now: Timestamp
    ) throws(ProviderFailure) -> (whole: Duration, firstPiece: Duration?) {
        let whole = min(totalTimeout, question.deadline.map { $0 - now - margin } ?? totalTimeout)
        let firstPiece = question.firstPieceBy.map { $0 - now }
        guard min(whole, firstPiece ?? whole) > .zero else { throw ProviderFailure(.timeout, "no time left") }
        return (whole, firstPiece)
    }

    /// Fetches a JSON document.
    /// - Throws: `AgentError` or `CancellationError`.
    func get(path: String, headers: [(name: String, value: String)]) async throws -> JSONDocument {
        let request = HTTPRequest(
            method: "GET",
            url: endpoint.baseURL + path,
            headers: headers,
            timeout: .seconds(20),
            connectTimeout: .seconds(10),
            maximumResponseBytes: Self.maximumBytes,
            guardAddresses: false,
            followRedirects: false
        )
        return try await translated {
            let response = try await transport.send(request)
            guard response.status == 200 else {
                throw ProviderFailure(
                    status: response.status,
                    body: response.body,
                    retryAfter: nil,
                    namesModel: false
                )
            }
            guard let document = try? JSONDocument(response.body) else { throw Self.misdirected(response.body) }
            if let error = document["error"], !error.isNull { throw ProviderFailure(event: error) }
            return document
        }
    }

    /// Runs a call and turns whatever it throws into `AgentError` or `CancellationError`.
    private func translated<Value>(_ call: () async throws -> Value) async throws -> Value {
        do {
            return try await call()
        } catch {
            throw agentError(error)
        }
    }
}

extension ProviderFailure {
    /// Whether a request without some part might be accepted: not where the model is unknown or the request too large.
    fileprivate var mayBeTooMuch: Bool { status == 400 || status == 422 }
}
