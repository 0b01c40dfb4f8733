import Agents
import CoreTypes
import Synchronization

/// A client that plays results one after the other; the last one stays.
final class ScriptedClient: ModelClient {
    private let results: Mutex<[Result<Completion, any Error>]>
    private let seen = Mutex<[ModelRequest]>([])

    init(_ results: Result<Completion, any Error>...) {
        self.results = Mutex(results)
    }

    var calls: Int { seen.withLock { $0.count } }
    var hasListener: [Bool] { seen.withLock { $0.map { $0.listener != nil } } }
    var deadlines: [Timestamp?] { seen.withLock { $0.map(\.deadline) } }
    var firstPieces: [Timestamp?] { seen.withLock { $0.map(\.firstPieceBy) } }
    var keys: [String] { seen.withLock { $0.map(\.key) } }

    func complete(_ request: ModelRequest) async throws -> Completion {
        seen.withLock { $0.append(request) }
        let result = results.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        return try result.get()
    }

    static func failure(
        _ reason: AgentError.Code,
        retryAfter: Duration? = nil,
        usage: Usage = Usage()
    ) -> Result<Completion, any Error> {
        .failure(AgentError(reason, "scripted", retryAfter: retryAfter, usage: usage))
    }

    static func text(_ text: String, model: String? = nil) -> Result<Completion, any Error> {
        .success(Completion(text: text, model: model))
    }
}

extension ModelRequest {
    static let sample = ModelRequest(
        prompt: PromptBuilder(name: "x").prompt(for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q"))),
        key: "key"
    )
}
