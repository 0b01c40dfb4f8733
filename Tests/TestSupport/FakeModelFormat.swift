import CoreTypes

/// The three formats in which the fake model server speaks.
enum FakeModelFormat: Sendable {
    case chat, anthropic
    case gemini(model: String)

    /// How an answer ends.
    enum Ending { case finished, truncated, refused }

    /// The question of a request.
    func question(_ body: JSONValue) -> (system: String, prompt: String) {
        switch self {
        case .chat:
            let messages = body["messages"]?.array ?? []
            func text(_ role: String) -> String {
                messages.filter { $0["role"]?.string == role }.compactMap { $0["content"]?.string }
                    .joined(separator: "\n")
            }
            return (text("system"), text("user"))
        case .anthropic:
            let texts = (body["messages"]?.array ?? []).compactMap { $0["content"]?.string }
            return (body["system"]?.string ?? "", texts.joined(separator: "\n"))
        case .gemini:
            func text(_ content: JSONValue?) -> String {
                (content?["parts"]?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
            }
            return (text(body["systemInstruction"]), (body["contents"]?.array ?? []).map(text).joined(separator: "\n"))
        }
    }

    func model(_ body: JSONValue) -> String {
        if case .gemini(let model) = self { return model }
        return body["model"]?.string ?? ""
    }

    func isStreaming(_ body: JSONValue) -> Bool {
        if case .gemini = self { return true }
        return body["stream"]?.bool ?? false
    }

    /// Whether a request asks for more than an old or simple server understands.
    func isDemanding(_ body: JSONValue) -> Bool { asksForForm(body) || body["stream_options"] != nil }

    /// Whether a request asks for a form of the answer.
    func asksForForm(_ body: JSONValue) -> Bool {
        switch self {
        case .chat: body["response_format"] != nil
        case .anthropic: body["output_config"] != nil
        case .gemini: body["generationConfig"]?["responseSchema"] != nil
        }
    }

    /// An answer of the form that the system text asks for.
    static func goodAnswer(system: String, model: String) -> String {
        if system.contains("\"choice\"") {
            let vote: JSONValue = [
                "choice": "Proposal 1", "confidence": 0.8,
                "reasoning": "It is the most concrete.",
            ]
            return vote.text
        }
        if system.contains("\"severity\"") {
            let critique: JSONValue = [
                "issues": ["It names no date."], "suggestions": ["Name one."], "severity": 4,
                "reasoning": "Sound otherwise.",
            ]
            return critique.text
        }
        return "The answer of \(model): begin with the smallest step that can be undone."
    }

    /// The first event of a stream.
    func start(_ model: String) -> String {
        switch self {
        case .chat: return chunk(model, ["role": "assistant", "content": ""], reason: nil)
        case .anthropic:
            let message: JSONValue = ["model": .string(model), "usage": ["input_tokens": 100, "output_tokens": 1]]
            return event("message_start", ["type": "message_start", "message": message])
                + event("ping", ["type": "ping"])
        case .gemini: return ""
        }
    }

    /// A piece of the text.
    func piece(_ model: String, _ text: String) -> String {
        switch self {
        case .chat: return chunk(model, ["content": .string(text)], reason: nil)
        case .anthropic:
            let delta: JSONValue = ["type": "text_delta", "text": .string(text)]
            return event("content_block_delta", ["type": "content_block_delta", "index": 0, "delta": delta])
        case .gemini:
            let content: JSONValue = ["parts": [["text": "thinking", "thought": true], ["text": .string(text)]]]
            return data(["candidates": [["content": content]], "modelVersion": .string(model)])
        }
    }

    /// The events behind the text.
    /// - Parameter hidesUsage: whether nothing is said of usage, as where chat completions were not asked for it.
    func finish(_ model: String, _ ending: Ending, hidesUsage: Bool = false) -> [String] {
        switch self {
        case .chat:
            let reason = ending == .finished ? "stop" : ending == .truncated ? "length" : "content_filter"
            let usage: JSONValue = ["prompt_tokens": 100, "completion_tokens": 50]
            let end = chunk(model, [:], reason: reason)
            let told = hidesUsage ? [] : [data(["model": .string(model), "choices": [], "usage": usage])]
            return [end] + told + ["data: [DONE]\n\n"]
        case .anthropic:
            let reason = ending == .finished ? "end_turn" : ending == .truncated ? "max_tokens" : "refusal"
            let delta: JSONValue = ["stop_reason": .string(reason)]
            return [
                event("message_delta", ["type": "message_delta", "delta": delta, "usage": ["output_tokens": 50]]),
                event("message_stop", ["type": "message_stop"]),
            ]
        case .gemini:
            let reason = ending == .finished ? "STOP" : ending == .truncated ? "MAX_TOKENS" : "SAFETY"
            let usage: JSONValue = ["promptTokenCount": 100, "candidatesTokenCount": 30, "thoughtsTokenCount": 20]
            return [data(["candidates": [["finishReason": .string(reason)]], "usageMetadata": usage])]
        }
    }

    /// An error inside a stream.
    func error() -> String {
        switch self {
        case .chat: data(["error": ["message": "The server had an error", "type": "server_error"]])
        case .anthropic:
            event("error", ["type": "error", "error": ["type": "overloaded_error", "message": "Overloaded"]])
        case .gemini: data(["error": ["code": 503, "status": "UNAVAILABLE", "message": "Overloaded"]])
        }
    }

    /// An answer that is not streamed.
    func whole(_ model: String, _ text: String) -> JSONValue {
        switch self {
        case .chat:
            let choice: JSONValue = [
                "index": 0, "message": ["role": "assistant", "content": .string(text)], "finish_reason": "stop",
            ]
            let usage: JSONValue = ["prompt_tokens": 100, "completion_tokens": 50]
            return ["model": .string(model), "choices": [choice], "usage": usage]
        case .anthropic:
            let usage: JSONValue = ["input_tokens": 100, "output_tokens": 50]
            let content: JSONValue = [["type": "text", "text": .string(text)]]
            return ["model": .string(model), "content": content, "stop_reason": "end_turn", "usage": usage]
        case .gemini:
            let content: JSONValue = ["parts": [["text": .string(text)]]]
            return ["candidates": [["content": content, "finishReason": "STOP"]]]
        }
    }

    private func chunk(_ model: String, _ delta: JSONValue, reason: String?) -> String {
        let choice: JSONValue = [
            "index": 0, "delta": delta, "finish_reason": reason.map { .string($0) } ?? .null,
        ]
        return data(["model": .string(model), "choices": [choice], "usage": .null])
    }

    private func event(_ name: String, _ value: JSONValue) -> String { "event: \(name)\n" + data(value) }

    private func data(_ value: JSONValue) -> String { "data: \(value.text)\n\n" }
}
