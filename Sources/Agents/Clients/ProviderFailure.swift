package import CoreTypes

/// What a provider said when it did not answer, in whichever form it says it.
package struct ProviderFailure: Error {
    /// The HTTP status, or the number that stands for it inside a stream; nil where there is none.
    package let status: Int?
    package let reason: AgentError.Code
    /// The provider's own word for it, such as `overloaded_error`, of harmless characters only.
    package let word: String
    package let retryAfter: Duration?
    /// The parts of the request of which the provider speaks.
    let namedParts: RequestParts
    /// Whether it speaks of the room that this question leaves, and of no limit of the model's for every answer.
    let isAboutThisQuestion: Bool
    /// Whether it was most likely not the API that answered, so that the address has to be looked at.
    let isMisdirected: Bool
    /// What the provider says, as it says it; it may quote keys.
    let message: String
    /// What the answer cost up to the failure.
    var usage = Usage()

    /// Reads a refusal.
    /// - Parameters:
    ///   - status: The HTTP status.
    ///   - body: The body, JSON or not.
    ///   - retryAfter: What the header `Retry-After` asks for.
    ///   - namesModel: Whether the request names a model, which may be what was not found.
    package init(status: Int, body: [UInt8], retryAfter: Duration?, namesModel: Bool = true) {
        let root = (try? JSONDocument(body))?.root
        let outer = root?.array?.first ?? root
        let details = Details(outer?["error"] ?? outer, fallback: body)
        self.init(
            status: status,
            details: details,
            retryAfter: retryAfter ?? details.retryAfter,
            namesModel: namesModel
        )
    }

    /// Reads an error event inside a stream.
    package init(event: JSONNode) {
        let details = Details(event, fallback: [])
        self.init(status: details.status, details: details, retryAfter: details.retryAfter, namesModel: true)
    }

    /// Describes a failure that we found ourselves.
    init(_ reason: AgentError.Code, _ word: String, isMisdirected: Bool = false) {
        self.status = nil
        self.reason = reason
        self.word = word
        self.retryAfter = nil
        self.namedParts = []
        self.isAboutThisQuestion = false
        self.isMisdirected = isMisdirected
        self.message = ""
    }

    private init(status: Int?, details: Details, retryAfter: Duration?, namesModel: Bool) {
        let isMisdirected = details.isOfNoAPI(status: status, namesModel: namesModel)
        self.status = status
        self.reason =
            isMisdirected
            ? .badRequest : Self.reason(status: status, details: details, waits: retryAfter != nil)
        self.isMisdirected = isMisdirected
        self.word = details.word
        self.retryAfter = retryAfter
        self.namedParts = details.namedParts
        self.isAboutThisQuestion = details.mentions(Details.contextWords)
        self.message = details.message
    }

    private static func reason(status: Int?, details: Details, waits: Bool) -> AgentError.Code {
        let isBilling = details.mentions([
            "insufficient_quota", "billing", "credit", "insufficient balance", "spend limit",
        ])
        switch status {
        case 401: return .authentication
        case 402: return waits ? .rateLimited : .quotaExceeded
        // OpenRouter's answer to a question that a model's provider does not want.
        case 403 where details.mentions(["moderation", "flagged", "guardrail", "content_policy"]): return .refused
        case 403: return isBilling || details.mentions(["quota"]) ? .quotaExceeded : .authentication
        case 429:
            // Gemini speaks of plan and billing even where the minute's quota is meant: who says when to come back
            // means the rate, unless the quota is named as one that no short wait restores.
            if details.isExhausted { return .quotaExceeded }
            return !waits && (isBilling || details.mentions(["quota"])) ? .quotaExceeded : .rateLimited
        case 408, 504, 524: return .timeout
        case .some(500...): return .overloaded
        case .some(300..<400): return .badRequest
        case .some(400..<500):
            if details.mentions(["api key not valid", "api_key_invalid"]) { return .authentication }
            return isBilling ? .quotaExceeded : .badRequest
        default: break
        }
        if isBilling { return .quotaExceeded }
        if details.mentions(["authentication", "permission"]) { return .authentication }
        if details.mentions(["rate_limit", "resource_exhausted"]) { return .rateLimited }
        if details.mentions(["timeout", "deadline"]) { return .timeout }
        if details.mentions(["invalid_request", "invalid_argument", "not_found"]) { return .badRequest }
        return .overloaded
    }
}

/// The fields in which providers describe an error.
private struct Details {
    let word: String
    let status: Int?
    let retryAfter: Duration?
    /// Whether a code of the error, not its text, says that the credit or the day's quota is used up.
    let isExhausted: Bool
    /// What is said about the error; empty where the answer has no place for that.
    let message: String
    /// The field that is refused, where one is named.
    private let parameter: String?
    private let text: String

    /// The words for the room that a model has for a question and its answer together.
    static let contextWords = ["context length", "context window", "context size"]

    init(_ error: JSONNode?, fallback: [UInt8]) {
        let words = ["type", "code", "status"].compactMap { error?[$0]?.string }
        parameter = error?["param"]?.string?.lowercased()
        message = error?["message"]?.string ?? error?.string ?? ""
        let rest = message.isEmpty ? String(decoding: fallback.prefix(2_000), as: UTF8.self) : message
        text = (words + [parameter ?? "", rest]).joined(separator: " ").lowercased()
        let harmless = (words.first ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || "_-. ".contains($0)) }
        word = String(harmless.prefix(60))
        status = (error?["code"]?.integer).flatMap { (400..<600).contains($0) ? Int($0) : nil }
        // Gemini puts the waiting time into the details of the error: {"retryDelay": "33s"}.
        let parts = error?["details"]?.array ?? []
        let delay = parts.compactMap { $0["retryDelay"]?.string }.first
        retryAfter = delay.flatMap { $0.hasSuffix("s") ? Double($0.dropLast()) : nil }
            .flatMap { (0...86_400).contains($0) ? .milliseconds(Int64($0 * 1000)) : nil }
        // And names the quotas there, such as GenerateRequestsPerDayPerProjectPerModel-FreeTier.
        let quotas = parts.flatMap { $0["violations"]?.array ?? [] }.compactMap { $0["quotaId"]?.string }
        isExhausted = words.contains("insufficient_quota") || quotas.contains { $0.contains("PerDay") }
    }

    /// Whether these are the words of something else than the API, such as a web server that does not know the page.
    func isOfNoAPI(status: Int?, namesModel: Bool) -> Bool {
        // LM Studio says so with status 200.
        if mentions(["unexpected endpoint"]) { return true }
        guard status == 404 || status == 405 else { return false }
        let saysNothing = message.isEmpty && word.isEmpty || message.lowercased() == "not found"
        return !namesModel || saysNothing || mentions(["invalid url"])
    }

    func mentions(_ phrases: [String]) -> Bool {
        phrases.contains { text.contains($0) }
    }

    var namedParts: RequestParts {
        var parts: RequestParts = []
        // The word alone stands in too many texts.
        if parameter == "stream" || mentions(["verified to stream"]) { parts.insert(.stream) }
        if mentions(["max_tokens", "max_completion_tokens", "max_new_tokens"] + Self.contextWords) {
            parts.insert(.limit)
        }
        if mentions(["stream_options", "include_usage"]) { parts.insert(.usage) }
        if mentions(["response_format", "json_schema", "json_object", "output_config", "responseschema"]) {
            parts.insert(.form)
        }
        return parts
    }
}
