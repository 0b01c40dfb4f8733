package import CoreTypes
package import Transport

/// OpenAI's chat completions (`POST /chat/completions`), streamed, and every server that is compatible with them.
package struct OpenAIClient: ModelClient, ModelCatalog {
    private let channel: ProviderChannel
    private let dialect: ChatDialect

    /// Connects to an endpoint whose base URL ends in the version, such as `https://api.openai.com/v1`.
    package init(
        endpoint: ModelEndpoint,
        dialect: ChatDialect = .compatible,
        transport: any HTTPTransport,
        time: any TimeSource
    ) {
        channel = ProviderChannel(endpoint: endpoint, transport: transport, time: time)
        self.dialect = dialect
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        let parts = request.prompt.shape.part.union(
            dialect.asksForUsage ? [.limit, .stream, .usage] : [.limit, .stream]
        )
        return try await channel.complete(key: request.key, parts) { parts, key in
            try await channel.stream(
                path: "/chat/completions",
                headers: headers,
                body: body(request, parts),
                for: request,
                key: key,
                into: ChatReader()
            )
        }
    }

    package func models() async throws -> [String] {
        let document = try await channel.get(path: "/models", headers: headers)
        return document["data"]?.array?.compactMap { $0["id"]?.string } ?? []
    }

    /// Asks a page that answers only with a valid key, for providers whose list of models is open to everybody.
    /// - Throws: `AgentError` or `CancellationError`.
    package func verifyKey(path: String) async throws {
        _ = try await channel.get(path: path, headers: headers)
    }

    private var headers: [(name: String, value: String)] {
        guard let key = channel.endpoint.key else { return [] }
        return [(name: "Authorization", value: "Bearer \(key.reveal())")]
    }

    private func body(_ request: ModelRequest, _ parts: RequestParts) -> JSONValue {
        let limit: JSONValue? = .integer(channel.endpoint.limit(forAnswerOf: request.maximumOutputTokens))
        return .record([
            "model": .string(channel.endpoint.model),
            "messages": [
                ["role": "system", "content": .string(request.prompt.system)],
                ["role": "user", "content": .string(request.prompt.user)],
            ],
            "stream": .bool(parts.contains(.stream)),
            // An answer in one piece holds its usage unasked, and the question for it is refused there.
            "stream_options": parts.isSuperset(of: [.stream, .usage]) ? ["include_usage": true] : nil,
            "response_format": parts.contains(.form) ? format(request.prompt.shape) : nil,
            dialect.tokenField: parts.contains(.limit) ? limit : nil,
        ])
    }

    private func format(_ shape: AnswerShape) -> JSONValue? {
        guard let schema = shape.schema(closed: true) else { return nil }
        switch dialect.structure {
        case .object: return ["type": "json_object"]
        case .schema:
            let named: JSONValue = ["name": .string(shape.rawValue), "strict": true, "schema": schema]
            return ["type": "json_schema", "json_schema": named]
        }
    }
}

/// Reads the chunks of a chat completion, up to `[DONE]` or the end of the stream.
package struct ChatReader: AnswerReader, Sendable {
    package private(set) var draft = AnswerDraft()
    package private(set) var isComplete = false

    package init() {}

    package mutating func read(_ data: String) throws(ProviderFailure) {
        if data == "[DONE]" {
            isComplete = true
            // Some servers name no reason; the end is said all the same.
            draft.stop = draft.stop ?? .finished
            return
        }
        guard let chunk = try? JSONDocument(Array(data.utf8)) else {
            throw ProviderFailure(.invalidAnswer, "unreadable event")
        }
        try read(chunk, message: "delta")
    }

    package mutating func readWhole(_ body: [UInt8]) throws(ProviderFailure) {
        guard let document = try? JSONDocument(body) else {
            throw ProviderFailure(.invalidAnswer, "no completion")
        }
        try read(document, message: "message")
        isComplete = true
    }

    private mutating func read(_ chunk: JSONDocument, message: String) throws(ProviderFailure) {
        if let error = chunk["error"], !error.isNull { throw ProviderFailure(event: error) }
        if let model = chunk["model"]?.string, !model.isEmpty { draft.model = model }
        if let usage = chunk["usage"], !usage.isNull { readUsage(usage) }
        guard let choice = chunk["choices"]?.array?.first else { return }
        let piece = choice[message]
        if let text = piece?["content"]?.string { try draft.add(text) }
        // Some servers send the content as a list of parts; thinking is a part of another type.
        for part in piece?["content"]?.array ?? [] where part["type"]?.string == "text" {
            try draft.add(part["text"]?.string ?? "")
        }
        if let refusal = piece?["refusal"]?.string, !refusal.isEmpty { draft.stop = .refused }
        guard let reason = choice["finish_reason"]?.string, draft.stop != .refused else { return }
        switch reason {
        case "length": draft.stop = .truncated
        case "content_filter": draft.stop = .refused
        case "error": throw ProviderFailure(.overloaded, "error")
        default: draft.stop = .finished
        }
    }

    private mutating func readUsage(_ usage: JSONNode) {
        if let input = usage["prompt_tokens"]?.tokens { draft.inputTokens = input }
        if let output = usage["completion_tokens"]?.tokens {
            // xAI counts what a model thought beside the completion, and only the total holds both.
            let total = usage["total_tokens"]?.tokens ?? 0
            draft.outputTokens = max(output, total - (usage["prompt_tokens"]?.tokens ?? total))
        }
        // OpenRouter says what the answer cost, in US dollars.
        if let cost = usage["cost"]?.double, (0..<1_000_000).contains(cost) {
            draft.costMicrodollars = Int64((cost * 1_000_000).rounded(.up))
        }
    }
}
