import Agents
import ChannelSupport
import Conversations
import CoreTypes
import Persistence
import Synchronization
import TestSupport

/// An agent that answers at once, unless it is told to wait or to fail.
struct ScriptedAgent: Agent {
    let profile: AgentProfile
    let calls: Calls
    /// Runs before each answer, with the call's key.
    var before: @Sendable (String) async throws -> Void = { _ in }
    /// The model that answers in the agent's place.
    var fallbackModel: String?

    init(_ name: String, calls: Calls, before: @escaping @Sendable (String) async throws -> Void = { _ in }) {
        profile = AgentProfile(name: name, provider: "Tests", model: "\(name)-1")
        self.calls = calls
        self.before = before
    }

    func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        try await enter(call, request.briefing)
        return Reply(
            "The \(request.purpose.rawValue) of \(profile.name).",
            usage: usage
        )
    }

    func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        try await enter(call, request.briefing)
        return Reply(
            Critique(
                agent: profile.name,
                target: request.target.agent,
                issues: ["\(profile.name) doubts it"],
                suggestions: [],
                severity: 0.5
            )
        )
    }

    func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        try await enter(call, request.briefing)
        return Reply(Vote(agent: profile.name, choice: "alpha", confidence: 0.9, reasoning: "It is the clearest."))
    }

    private var usage: Usage {
        var usage = Usage(inputTokens: 3, outputTokens: 4)
        usage.fallbackModel = fallbackModel
        return usage
    }

    private func enter(_ call: AgentCall, _ briefing: Briefing) async throws {
        calls.add(call.key, briefing)
        try await before(call.key)
    }
}

/// The calls that agents were asked, in order.
final class Calls: Sendable {
    private let state = Mutex<[(key: String, briefing: Briefing)]>([])

    func add(_ key: String, _ briefing: Briefing) { state.withLock { $0.append((key, briefing)) } }
    var keys: [String] { state.withLock { $0.map(\.key) } }
    var briefings: [Briefing] { state.withLock { $0.map(\.briefing) } }

    /// The calls of one kind, such as `vote`.
    func keys(of kind: String) -> [String] { keys.filter { $0.contains("/\(kind)/") } }
}

/// A panel of scripted agents; two sit on it where nobody is named.
struct ScriptedPanel: PanelSource {
    var agents: [any Agent]
    var unpriced: Set<String> = []

    /// Agents of these names that share their calls and their manners.
    init(
        _ names: [String] = ["alpha", "beta", "gamma"],
        calls: Calls,
        before: @escaping @Sendable (String) async throws -> Void = { _ in }
    ) {
        agents = names.map { ScriptedAgent($0, calls: calls, before: before) }
    }

    var known: [AgentProfile] { agents.map(\.profile) }

    func panel(named names: [String]?) throws -> [any Agent] {
        guard let names else { return Array(agents.prefix(2)) }
        return try names.map { name in
            guard let agent = agents.first(where: { $0.profile.name == name }) else {
                throw AgentError(.badRequest, "No agent is called “\(name)”.")
            }
            return agent
        }
    }
}

/// Where agents wait until a test lets them through; a cancelled call does not wait on.
struct Gate: Sendable {
    private let clock = ManualTime()

    var isOpen: Bool { clock.now() > ManualTime().now() }

    func wait() async throws {
        guard !isOpen else { return }
        try await clock.sleep(for: .seconds(1))
    }

    /// Returns once so many calls wait.
    func waitForCalls(_ count: Int) async { await clock.waitForSleepers(count) }

    /// Lets everybody through, now and later.
    func open() { clock.advance(by: .seconds(1)) }
}
