package import CoreTypes
package import Transport

/// Anthropic's Messages API (`POST /v1/messages`, version 2023-06-01), streamed.
package struct AnthropicClient: ModelClient, ModelCatalog {
    private let channel: ProviderChannel

    /// Connects to an endpoint whose base URL has no version, as Anthropic's own SDKs take it.
    package init(endpoint: ModelEndpoint, transport: any HTTPTransport, time: any TimeSource) {
        channel = ProviderChannel(endpoint: endpoint, transport: transport, time: time)
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        try await channel.complete(key: request.key, request.prompt.shape.part) { parts, key in
            try await channel.stream(
                path: "/v1/messages",
                headers: headers,
                body: body(request, parts),
                for: request,
                key: key,
                into: AnthropicReader()
            )
        }
    }

    package func models() async throws -> [String] {
        let document = try await channel.get(path: "/v1/models?limit=1000", headers: headers)
        return document["data"]?.array?.compactMap { $0["id"]?.string } ?? []
    }

    private var headers: [(name: String, value: String)] {
        [
            (name: "x-api-key", value: channel.endpoint.key?.reveal() ?? ""),
            (name: "anthropic-version", value: "2023-06-01"),
        ]
    }

    private func body(_ request: ModelRequest, _ parts: RequestParts) -> JSONValue {
        let schema = parts.contains(.form) ? request.prompt.shape.schema(closed: true) : nil
        return .record([
            "model": .string(channel.endpoint.model),
            "max_tokens": .integer(channel.endpoint.limit(forAnswerOf: request.maximumOutputTokens)),
            "system": .string(request.prompt.system),
            "messages": [["role": "user", "content": .string(request.prompt.user)]],
            "stream": true,
            "output_config": schema.map { ["format": ["type": "json_schema", "schema": $0]] },
        ])
    }
}

/// Reads Anthropic's events: `message_start`, `content_block_delta`, `message_delta`, `message_stop`, `error`, `ping`.
package struct AnthropicReader: AnswerReader, Sendable {
    package private(set) var draft = AnswerDraft()
    package private(set) var isComplete = false

    package init() {}

    package mutating func read(_ data: String) throws(ProviderFailure) {
        guard let event = try? JSONDocument(Array(data.utf8)) else {
            throw ProviderFailure(.invalidAnswer, "unreadable event")
        }
        switch event["type"]?.string {
        case "message_start":
            draft.model = event["message"]?["model"]?.string
            readUsage(event["message"]?["usage"])
        case "content_block_delta":
            // Thinking arrives as other kinds of delta and is no part of the answer.
            if event["delta"]?["type"]?.string == "text_delta", let text = event["delta"]?["text"]?.string {
                try draft.add(text)
            }
        case "message_delta":
            readUsage(event["usage"])
            readStop(event["delta"]?["stop_reason"]?.string)
        case "message_stop":
            isComplete = true
        case "error":
            throw ProviderFailure(event: event["error"] ?? event.root)
        default:
            break
        }
    }

    package mutating func readWhole(_ body: [UInt8]) throws(ProviderFailure) {
        guard let message = try? JSONDocument(body) else { throw ProviderFailure(.invalidAnswer, "no message") }
        if let error = message["error"], !error.isNull { throw ProviderFailure(event: error) }
        // The channel says that no message came.
        guard let blocks = message["content"]?.array else { return }
        for block in blocks where block["type"]?.string == "text" {
            try draft.add(block["text"]?.string ?? "")
        }
        draft.model = message["model"]?.string
        readUsage(message["usage"])
        readStop(message["stop_reason"]?.string)
        isComplete = true
    }

    private mutating func readUsage(_ usage: JSONNode?) {
        guard let usage else { return }
        let parts = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
        // None is above a limit far from the largest integer, so the sum cannot overflow.
        let input = parts.compactMap { usage[$0]?.tokens }.reduce(0, +)
        if input > 0 { draft.inputTokens = input }
        if let output = usage["output_tokens"]?.tokens { draft.outputTokens = output }
    }

    private mutating func readStop(_ reason: String?) {
        switch reason {
        case nil: break
        case "max_tokens", "model_context_window_exceeded": draft.stop = .truncated
        case "refusal": draft.stop = .refused
        default: draft.stop = .finished
        }
    }
}
