package import CoreTypes
package import Transport

/// Google's Gemini API (`POST /v1beta/models/{model}:streamGenerateContent?alt=sse`).
package struct GeminiClient: ModelClient, ModelCatalog {
    private let channel: ProviderChannel

    /// Connects to an endpoint whose base URL has no version; the key travels in a header, never in the URL.
    package init(endpoint: ModelEndpoint, transport: any HTTPTransport, time: any TimeSource) {
        channel = ProviderChannel(endpoint: endpoint, transport: transport, time: time)
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        let model = channel.endpoint.model
        let name = model.hasPrefix("models/") ? String(model.dropFirst("models/".count)) : model
        return try await channel.complete(key: request.key, request.prompt.shape.part) { parts, key in
            try await channel.stream(
                path: "/v1beta/models/\(name):streamGenerateContent?alt=sse",
                headers: headers,
                body: body(request, parts),
                for: request,
                key: key,
                into: GeminiReader()
            )
        }
    }

    package func models() async throws -> [String] {
        let document = try await channel.get(path: "/v1beta/models?pageSize=1000", headers: headers)
        return document["models"]?.array?.compactMap { model in
            (model["name"]?.string).map { $0.hasPrefix("models/") ? String($0.dropFirst("models/".count)) : $0 }
        } ?? []
    }

    private var headers: [(name: String, value: String)] {
        [(name: "x-goog-api-key", value: channel.endpoint.key?.reveal() ?? "")]
    }

    private func body(_ request: ModelRequest, _ parts: RequestParts) -> JSONValue {
        let schema = parts.contains(.form) ? request.prompt.shape.schema(closed: false) : nil
        return [
            "systemInstruction": ["parts": [["text": .string(request.prompt.system)]]],
            "contents": [["role": "user", "parts": [["text": .string(request.prompt.user)]]]],
            "generationConfig": .record([
                "maxOutputTokens": .integer(channel.endpoint.limit(forAnswerOf: request.maximumOutputTokens)),
                "responseMimeType": schema == nil ? nil : "application/json",
                "responseSchema": schema,
            ]),
        ]
    }
}

/// Reads Gemini's stream: each event is a whole `GenerateContentResponse`; the stream ends without a word.
package struct GeminiReader: AnswerReader, Sendable {
    package private(set) var draft = AnswerDraft()
    package let isComplete = false

    package init() {}

    package mutating func read(_ data: String) throws(ProviderFailure) {
        guard let response = try? JSONDocument(Array(data.utf8)) else {
            throw ProviderFailure(.invalidAnswer, "unreadable event")
        }
        try read(response.root)
    }

    package mutating func readWhole(_ body: [UInt8]) throws(ProviderFailure) {
        guard let document = try? JSONDocument(body) else {
            throw ProviderFailure(.invalidAnswer, "no response")
        }
        for response in document.root.array ?? [document.root] { try read(response) }
    }

    private mutating func read(_ response: JSONNode) throws(ProviderFailure) {
        if let error = response["error"], !error.isNull { throw ProviderFailure(event: error) }
        if let model = response["modelVersion"]?.string { draft.model = model }
        readUsage(response["usageMetadata"])
        if response["promptFeedback"]?["blockReason"]?.string != nil { draft.stop = .refused }
        guard let candidate = response["candidates"]?.array?.first else { return }
        for part in candidate["content"]?["parts"]?.array ?? [] where part["thought"]?.bool != true {
            if let text = part["text"]?.string { try draft.add(text) }
        }
        switch candidate["finishReason"]?.string {
        case nil, "FINISH_REASON_UNSPECIFIED": break
        case "STOP": draft.stop = .finished
        case "MAX_TOKENS": draft.stop = .truncated
        case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE": draft.stop = .refused
        default: throw ProviderFailure(.invalidAnswer, "other finish reason")
        }
    }

    private mutating func readUsage(_ usage: JSONNode?) {
        guard let usage else { return }
        if let input = usage["promptTokenCount"]?.tokens { draft.inputTokens = input }
        let output = ["candidatesTokenCount", "thoughtsTokenCount"].compactMap { usage[$0]?.tokens }
        // None is above a limit far from the largest integer, so the sum cannot overflow.
        if !output.isEmpty { draft.outputTokens = output.reduce(0, +) }
    }
}
