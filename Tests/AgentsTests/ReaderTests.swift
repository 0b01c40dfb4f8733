import Agents
import CoreTypes
import Testing

/// What providers put into their streams beside the usual.
@Suite struct ReaderTests {
    @Test func chatReadsWholeAnswersCostsAndParts() throws {
        var reader = ChatReader()
        try reader.readWhole(
            Array(
                #"{"model":"m","choices":[{"message":{"content":[{"type":"thinking","text":"no"},{"type":"text","text":"yes"}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"cost":0.0123455}}"#
                    .utf8
            )
        )
        #expect(reader.draft.text == "yes")
        #expect(reader.draft.costMicrodollars == 12_346)
        #expect(reader.draft.stop == .finished)
        #expect(reader.isComplete)
    }

    /// As xAI counts: 94 tokens of thinking beside the completion, in the total alone.
    @Test func chatCountsWhatWasThought() throws {
        var reader = ChatReader()
        let details = #""completion_tokens_details":{"reasoning_tokens":94}"#
        try reader.read(
            #"{"choices":[],"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,\#(details)}}"#
        )
        #expect(reader.draft.inputTokens == 32 && reader.draft.outputTokens == 103)
    }

    @Test func chatLeavesThinkingOutAndSeesRefusals() throws {
        var reader = ChatReader()
        try reader.read(#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#)
        try reader.read(#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#)
        try reader.read(#"{"choices":[{"delta":{"refusal":"I cannot"}}]}"#)
        try reader.read(#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#)
        try reader.read("[DONE]")
        #expect(reader.draft.text == "a")
        #expect(reader.draft.stop == .refused)
        #expect(throws: ProviderFailure.self) { try reader.read("{half") }
    }

    @Test func anthropicCountsCachedTokensAndSkipsThinking() throws {
        var reader = AnthropicReader()
        try reader.read(
            #"{"type":"message_start","message":{"model":"claude","usage":{"input_tokens":1,"cache_read_input_tokens":20,"cache_creation_input_tokens":300,"output_tokens":1}}}"#
        )
        try reader.read(#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}"#)
        try reader.read(#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#)
        try reader.read(#"{"type":"some_future_event"}"#)
        try reader.read(
            #"{"type":"message_delta","delta":{"stop_reason":"model_context_window_exceeded"},"usage":{"output_tokens":9}}"#
        )
        #expect(reader.draft.text == "a")
        #expect(reader.draft.inputTokens == 321)
        #expect(reader.draft.outputTokens == 9)
        #expect(reader.draft.stop == .truncated)
        #expect(!reader.isComplete)
    }

    /// A provider's word about tokens is taken within bounds, whatever it is.
    @Test(
        arguments: [
            ("9223372036854775807", 1 << 40), ("9223372036854775808", 1 << 40), ("1e30", 1 << 40), ("1e999", 1 << 40),
            ("-9223372036854775808", 0), ("-1e30", 0), ("-1", 0), ("2.5", 2), ("\"7\"", 0), ("null", 0),
        ]
    )
    func boundsWhatProvidersSay(number: String, taken: Int) throws {
        var chat = ChatReader()
        try chat.read(#"{"choices":[],"usage":{"prompt_tokens":\#(number),"completion_tokens":\#(number)}}"#)
        #expect(chat.draft.inputTokens == taken)
        #expect(chat.draft.outputTokens == taken)

        var anthropic = AnthropicReader()
        let parts = #""input_tokens":\#(number),"cache_read_input_tokens":1,"output_tokens":\#(number)"#
        try anthropic.read(#"{"type":"message_start","message":{"usage":{\#(parts)}}}"#)
        #expect(anthropic.draft.inputTokens == taken + 1)
        #expect(anthropic.draft.outputTokens == taken)
        let both = #""input_tokens":\#(number),"cache_creation_input_tokens":\#(number)"#
        try anthropic.read(#"{"type":"message_delta","delta":{},"usage":{\#(both)}}"#)
        #expect(anthropic.draft.inputTokens == max(2 * taken, 1))

        var gemini = GeminiReader()
        let counts = #""promptTokenCount":\#(number),"candidatesTokenCount":\#(number),"thoughtsTokenCount":\#(number)"#
        try gemini.read(#"{"usageMetadata":{\#(counts)}}"#)
        #expect(gemini.draft.inputTokens == taken)
        #expect(gemini.draft.outputTokens == 2 * taken)
    }

    @Test func geminiSeesBlockedPrompts() throws {
        var reader = GeminiReader()
        try reader.read(#"{"promptFeedback":{"blockReason":"SAFETY"}}"#)
        #expect(reader.draft.stop == .refused)
        #expect(throws: ProviderFailure.self) {
            try reader.read(#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#)
        }
    }

    @Test(arguments: [
        (
            400, #"{"error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
            AgentError.Code.quotaExceeded
        ),
        (400, #"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}}"#, .authentication),
        (400, #"{"error":{"type":"invalid_request_error","message":"bad"}}"#, .badRequest),
        (402, "{}", .quotaExceeded),
        (403, #"{"error":{"message":"quota exceeded for project"}}"#, .quotaExceeded),
        (403, "forbidden", .authentication),
        (403, #"{"error":{"code":403,"message":"Input was flagged by moderation"}}"#, .refused),
        (404, "", .badRequest),
        (408, "", .timeout),
        (429, #"{"error":{"code":"insufficient_quota"}}"#, .quotaExceeded),
        (
            429, #"[{"error":{"status":"RESOURCE_EXHAUSTED","message":"quota","details":[{"retryDelay":"33.5s"}]}}]"#,
            .rateLimited
        ),
        (429, "slow down", .rateLimited),
        (302, "", .badRequest),
        (503, "<html>", .overloaded),
        (504, "", .timeout),
        (529, #"{"error":{"type":"overloaded_error"}}"#, .overloaded),
    ])
    func classifiesRefusals(status: Int, body: String, reason: AgentError.Code) {
        let failure = ProviderFailure(status: status, body: Array(body.utf8), retryAfter: nil)
        #expect(failure.reason == reason)
        if body.contains("33.5s") { #expect(failure.retryAfter == .milliseconds(33_500)) }
    }

    /// Gemini's words are the same for the minute's quota and the day's; only the details tell them apart.
    @Test(
        arguments: [
            ("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", AgentError.Code.rateLimited),
            ("GenerateRequestsPerDayPerProjectPerModel-FreeTier", .quotaExceeded),
        ]
    )
    func geminiTellsTheMinuteFromTheDay(quota: String, reason: AgentError.Code) {
        let body = """
            [{
              "error": {
                "code": 429,
                "message": "You exceeded your current quota, please check your plan and billing details. For more \
            information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\\n* Quota exceeded \
            for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 10\\nPlease retry \
            in 26.3s.",
                "status": "RESOURCE_EXHAUSTED",
                "details": [
                  {
                    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                    "violations": [
                      {
                        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                        "quotaId": "\(quota)",
                        "quotaDimensions": {"location": "global", "model": "gemini-3.8-flash"},
                        "quotaValue": "10"
                      }
                    ]
                  },
                  {
                    "@type": "type.googleapis.com/google.rpc.Help",
                    "links": [{"description": "Learn more", "url": "https://ai.google.dev/gemini-api/docs/rate-limits"}]
                  },
                  {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}
                ]
              }
            }]
            """
        let failure = ProviderFailure(status: 429, body: Array(body.utf8), retryAfter: nil)
        #expect(failure.reason == reason)
        #expect(failure.retryAfter == .seconds(26))
    }

    @Test func anEmptyAccountIsNoRateWhateverTheHeaderSays() {
        let text = "You exceeded your current quota, please check your plan and billing details."
        let body = #"{"error":{"message":"\#(text)","type":"insufficient_quota","code":"insufficient_quota"}}"#
        let failure = ProviderFailure(status: 429, body: Array(body.utf8), retryAfter: .seconds(20))
        #expect(failure.reason == .quotaExceeded)
    }

    @Test func saysForHowLongItIsAskedToWait() {
        let body = Array(#"{"error":{"type":"rate_limit_error"}}"#.utf8)
        let failure = ProviderFailure(status: 429, body: body, retryAfter: .milliseconds(119_500))
        let error = failure.agentError(ModelEndpoint(provider: "P", baseURL: "x", model: "m"))
        #expect(error.description == "P asks us to slow down for 120 s (429 rate_limit_error).")
    }

    @Test func keepsOnlyHarmlessWords() {
        let body = #"{"error":{"type":"bad<script>\n","message":"key sk-123 of Ann"}}"#
        let failure = ProviderFailure(status: 422, body: Array(body.utf8), retryAfter: nil)
        #expect(failure.word == "badscript")
        let text = failure.agentError(ModelEndpoint(provider: "P", baseURL: "x", model: "m")).description
        #expect(text == "P did not accept the request for m (422 badscript). It says: “key … of Ann”")
    }

    @Test(
        "What a provider says of a refusal is shown, without what may be a key",
        arguments: [
            ("Unsupported value:\n 'stream'  (max_tokens)", "Unsupported value: 'stream' (max_tokens)"),
            ("the key (the-operators-key) is", "the key … is"), ("<!channel> *now* [x](y)", "!channel now x(y)"),
            ("AIzaSyB1 0123456789abcdef0123 gpt-4o-preview-2024-12-17", "… … gpt-4o-preview-2024-12-17"),
            ("not\u{202E} JSON\u{7}", "not JSON"), ("", ""),
            (String(repeating: "word ", count: 100), String(repeating: "word ", count: 48) + "…"),
        ]
    )
    func showsWhatIsSaid(message: String, shown: String) {
        let body: JSONValue = ["error": ["message": .string(message)]]
        let failure = ProviderFailure(status: 400, body: body.bytes, retryAfter: nil)
        let endpoint = ModelEndpoint(provider: "P", baseURL: "x", key: Secret("the-operators-key"), model: "m")
        let text = failure.agentError(endpoint).description
        let says = shown.isEmpty ? "" : " It says: “\(shown)”"
        #expect(text == "P did not accept the request for m (400).\(says)")
    }

    @Test func chatEndsWhereTheServerSaysSo() throws {
        var reader = ChatReader()
        try reader.read(#"{"choices":[{"delta":{"content":"a"}}]}"#)
        #expect(reader.draft.stop == nil)
        try reader.read("[DONE]")
        #expect(reader.draft.stop == .finished)
    }
}
