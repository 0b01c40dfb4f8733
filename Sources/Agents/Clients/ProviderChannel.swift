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
    /// The most bytes of a whole stream (the original's buffer cap).
    private static let maximumBytes = 10 << 20
    private static let maximumErrorBytes = 64 << 10
    /// What a token is of a text, about.
    private static let bytesPerToken = 4

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
        let limits = try Self.limits(of: question, now: now)
        let request = HTTPRequest(
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
        let listener = question.listener
        let promptBytes = question.prompt.system.utf8.count + question.prompt.user.utf8.count
        do {
            let draft = try await transport.stream(request) { response in
                try await Self.read(response, into: reader, now: now, listener)
            }
            return try completion(draft, promptBytes: promptBytes)
        } catch {
            listener?.forget()
            throw error
        }
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
                throw ProviderFailure(status: response.status, body: response.body, retryAfter: nil)
            }
            guard let document = try? JSONDocument(response.body) else {
                throw ProviderFailure(.invalidAnswer, "not JSON")
            }
            return document
        }
    }

    private static func read<Reader: AnswerReader>(
        _ response: StreamingResponse,
        into initial: Reader,
        now: Timestamp,
        _ listener: (any DraftListener)?
    ) async throws -> AnswerDraft {
        guard response.status == 200 else {
            let body = try await collect(response, upTo: maximumErrorBytes)
            throw ProviderFailure(status: response.status, body: body, retryAfter: response.retryAfter(now: now))
        }
        var reader = initial
        if let type = response.header("Content-Type")?.lowercased(), type.hasPrefix("application/json") {
            try reader.readWhole(try await collect(response, upTo: maximumBytes))
            return reader.draft
        }
        var events = ServerSentEvents()
        for try await chunk in response.body {
            for event in events.feed(chunk) where !event.data.isEmpty {
                try reader.read(event.data)
            }
            if let listener { tell(listener, reader.draft) }
            if reader.isComplete { break }
            guard !events.isOverLimit else { throw ProviderFailure(.tooLong, "event over 1 MiB") }
        }
        return reader.draft
    }

    @inline(never)
    private static func tell(_ listener: any DraftListener, _ draft: AnswerDraft) {
        guard !draft.text.isEmpty, draft.text.utf8.count <= DraftText.maximumBytes else { return }
        listener.hear(DraftText(draft.text) { $0.shownBeforeItsEnd })
    }

    private static func collect(_ response: StreamingResponse, upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in response.body {
            bytes += chunk
            if bytes.count >= limit { break }
        }
        return bytes
    }

    /// What an answer used; where nobody says so, about what its texts come to, for budgets must hold all the same.
    private func usage(of draft: AnswerDraft, promptBytes: Int) -> Usage {
        var input = min(draft.inputTokens, AnswerDraft.maximumTokens)
        var output = min(draft.outputTokens, AnswerDraft.maximumTokens)
        if input <= 0, output <= 0 {
            input = (promptBytes + Self.bytesPerToken - 1) / Self.bytesPerToken
            output = (draft.text.utf8.count + Self.bytesPerToken - 1) / Self.bytesPerToken
        }
        // A server may answer under a name that no price list knows; then the model that was asked for is paid.
        let priced = draft.model.flatMap { PriceTable.current.price(of: $0) == nil ? nil : $0 } ?? endpoint.model
        let cost =
            draft.costMicrodollars
            ?? PriceTable.current.cost(model: priced, inputTokens: input, outputTokens: output)
        return Usage(inputTokens: input, outputTokens: output, costMicrodollars: cost)
    }

    private func completion(_ draft: AnswerDraft, promptBytes: Int) throws -> Completion {
        let usage = usage(of: draft, promptBytes: promptBytes)
        switch draft.stop {
        case nil: throw ProviderFailure(.network, "no end of the answer").agentError(endpoint).adding(usage)
        case .refused: throw ProviderFailure(.refused, "").agentError(endpoint).adding(usage)
        case .finished, .truncated: break
        }
        guard draft.text.contains(where: { !$0.isWhitespace }) else {
            let why =
                draft.stop == .truncated
                ? "used up its output limit before it answered" : "gave an empty answer"
            throw AgentError(
                .emptyAnswer,
                "\(endpoint.provider)'s model \(endpoint.model) \(why).",
                usage: usage
            )
        }
        return Completion(text: draft.text, usage: usage, isTruncated: draft.stop == .truncated, model: draft.model)
    }

    /// Runs a call and turns whatever it throws into `AgentError` or `CancellationError`.
    private func translated<Value>(_ call: () async throws -> Value) async throws -> Value {
        do {
            return try await call()
        } catch {
            if Task.isCancelled || error is CancellationError { throw CancellationError() }
            switch error {
            case let error as AgentError: throw error
            case let failure as ProviderFailure: throw failure.agentError(endpoint)
            case let error as TransportError: throw agentError(error)
            default: throw AgentError(.internalError, "The call of \(endpoint.provider) failed unexpectedly.")
            }
        }
    }

    private func agentError(_ error: TransportError) -> any Error {
        let provider = endpoint.provider
        switch error.reason {
        case .cancelled: return CancellationError()
        case .timeout: return AgentError(.timeout, "\(provider) did not answer in time.")
        case .tooLarge: return AgentError(.tooLong, "\(provider)'s answer is over \(Self.maximumBytes >> 20) MiB long.")
        case .invalidRequest: return AgentError(.badRequest, "\(provider) cannot be asked: \(error.description)")
        default: return AgentError(.network, "\(provider) cannot be reached: \(error.description)")
        }
    }
}

extension ProviderFailure {
    /// Whether a request without some part might be accepted: not where the model is unknown or the request too large.
    fileprivate var mayBeTooMuch: Bool { status == 400 || status == 422 }
}
