import CoreTypes
import Debates
import Synchronization

/// An agent that answers as the script says, and keeps the keys it was asked under.
final class ScriptedAgent: Agent {
    let profile: AgentProfile
    private let script: DebateScript
    private let seat: Int
    private let before: @Sendable (AgentCall) async throws -> Void
    private let asked = Mutex<[String]>([])

    /// - Parameters:
    ///   - model: which model it is; nil is the script's.
    ///   - before: runs before each answer; it may wait or throw.
    init(
        _ script: DebateScript,
        seat: Int,
        model: String? = nil,
        before: @escaping @Sendable (AgentCall) async throws -> Void = { _ in }
    ) {
        let usual = script.profiles[seat]
        profile = AgentProfile(
            name: usual.name,
            provider: usual.provider,
            model: model ?? usual.model,
            isDemo: usual.isDemo
        )
        self.script = script
        self.seat = seat
        self.before = before
    }

    var keys: [String] { asked.withLock { $0 } }

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        guard case .text(let reply) = try await answer(.generate(request), call) else { throw wrong }
        return reply
    }

    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        guard case .critique(let reply) = try await answer(.critique(request), call) else { throw wrong }
        return reply
    }

    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        guard case .vote(let reply) = try await answer(.vote(request), call) else { throw wrong }
        return reply
    }

    private let wrong = AgentError(.internalError, "The script answers another question.")

    private func answer(
        _ request: AgentCallDescription.Request,
        _ call: AgentCall
    ) async throws -> DebateScript.Answer {
        asked.withLock { $0.append(call.key) }
        try await before(call)
        let answer = script.answer(request, key: call.key, seat: seat)
        if case .failure(let failure) = answer { throw AgentError(.overloaded, failure.message, usage: failure.usage) }
        return answer
    }
}

/// A journal in memory that can refuse to take more.
final class MemoryJournal: DebateJournal {
    struct LeaseLost: Error {}

    private struct State {
        var entries: [JournalEntry] = []
        var bytes: [[UInt8]] = []
        var batches: [Int] = []
    }

    let wantsEncoding: Bool
    private let limit: Int
    private let state = Mutex(State())

    init(wantsEncoding: Bool = true, limit: Int = .max) {
        self.wantsEncoding = wantsEncoding
        self.limit = limit
    }

    var entries: [JournalEntry] { state.withLock { $0.entries } }
    var bytes: [[UInt8]] { state.withLock { $0.bytes } }

    func append(_ entries: [JournalEntry], lines: JournalLines) throws {
        try state.withLock { state in
            guard state.entries.count + entries.count <= limit else { throw LeaseLost() }
            state.entries += entries
            state.bytes += lines.split
        }
    }
}

/// What people added, all at once.
struct FixedInputs: DebateInputs {
    var inputs: [DebateInput] = []

    func load(after cursor: Int64) async throws -> [DebateInput] {
        inputs.filter { $0.cursor > cursor }
    }
}

extension DebateScript {
    func agents(before: @escaping @Sendable (AgentCall) async throws -> Void = { _ in }) -> [ScriptedAgent] {
        (0..<size).map { ScriptedAgent(self, seat: $0, before: before) }
    }

    func arena(_ agents: [any Agent], _ journal: MemoryJournal, _ time: any TimeSource = SystemTime()) -> Arena {
        Arena(
            description: description,
            panel: agents,
            journal: journal,
            inputs: FixedInputs(inputs: inputs),
            time: time
        )
    }
}

/// Waits until its task is cancelled, as a hanging model does.
func hang() async throws {
    try await Task.sleep(for: .seconds(86_400))
}

/// Lets tests wait for a number of arrivals.
final class Arrivals: Sendable {
    private struct State {
        var count = 0
        var present = 0
        var most = 0
        var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// The most that were there at the same time.
    var most: Int { state.withLock { $0.most } }

    func arrive() {
        let ready = state.withLock { state in
            state.count += 1
            state.present += 1
            state.most = max(state.most, state.present)
            let count = state.count
            defer { state.waiters.removeAll { $0.count <= count } }
            return state.waiters.filter { $0.count <= count }
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    func leave() {
        state.withLock { $0.present -= 1 }
    }

    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count < count { state.waiters.append((count, continuation)) }
                return state.count >= count
            }
            if isThere { continuation.resume() }
        }
    }
}

extension JournalLines {
    /// Each entry's canonical JSON.
    var split: [[UInt8]] { isEmpty ? [] : bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) } }
}
