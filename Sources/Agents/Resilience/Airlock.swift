package import CoreTypes
package import Logging
import Metrics

/// Stands between an agent and the panel: what comes through is in time, clean, bounded and under the agent's own name.
///
/// Everything else becomes a clear error; nothing is ever put in place of an answer.
package struct Airlock: Agent {
    /// How long each kind of call may take, its second try included.
    package struct Limits: Sendable {
        package var generate: Duration
        package var critique: Duration
        package var vote: Duration
        /// The pause before an empty or unreadable answer is asked for once more.
        package var retryPause: Duration

        /// 240 s, 180 s, 120 s and 2 s: the limits of Aragora's airlock.
        package static let standard = Limits(
            generate: .seconds(240),
            critique: .seconds(180),
            vote: .seconds(120),
            retryPause: .seconds(2)
        )
    }

    private let agent: any Agent
    private let limits: Limits
    private let time: any TimeSource
    private let logger: Logger

    /// Guards an agent.
    package init(_ agent: any Agent, limits: Limits = .standard, time: any TimeSource, logger: Logger) {
        self.agent = agent
        self.limits = limits
        self.time = time
        self.logger = logger
    }

    package var profile: AgentProfile { agent.profile }

    package func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        try await guarded("generate", limits.generate, call) { agent, call in
            var reply = try await agent.generate(request, call: call)
            reply.value = try ReplyParser(agent: agent.profile.name).text(reply.value)
            return reply
        }
    }

    package func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        try await guarded("critique", limits.critique, call) { agent, call in
            let reply = try await agent.critique(request, call: call)
            let clean = AnswerBounds.clean(reply.value, agent: agent.profile.name, target: request.target.agent)
            return Reply(clean, usage: reply.usage)
        }
    }

    package func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        try await guarded("vote", limits.vote, call) { agent, call in
            let reply = try await agent.vote(request, call: call)
            let clean = try AnswerBounds.clean(reply.value, agent: agent.profile.name)
            return Reply(clean, usage: reply.usage)
        }
    }

    private func guarded<Value: Sendable>(
        _ kind: String,
        _ limit: Duration,
        _ call: AgentCall,
        _ ask: @escaping @Sendable (any Agent, AgentCall) async throws -> Reply<Value>
    ) async throws -> Reply<Value> {
        let start = time.now()
        let call = call.ending(by: start + limit)
        do {
            let reply = try await withDeadline(limit, time: time) { try await askTwice(call, ask) }
            guard let reply else { throw tooLate(limit) }
            record(kind, "ok", since: start)
            return reply
        } catch {
            throw heard(error, kind, since: start)
        }
    }

    /// Asks, and once more where the answer is of no use.
    private func askTwice<Value: Sendable>(
        _ call: AgentCall,
        _ ask: @Sendable (any Agent, AgentCall) async throws -> Reply<Value>
    ) async throws -> Reply<Value> {
        do {
            return try await ask(agent, call)
        } catch let error as AgentError where error.reason == .emptyAnswer || error.reason == .invalidAnswer {
            return try await askAgain(call, after: error, ask)
        }
    }

    // Not inlined, as what follows: thousands of calls wait in the frames of the functions above.
    @inline(never)
    private func askAgain<Value: Sendable>(
        _ call: AgentCall,
        after error: AgentError,
        _ ask: @Sendable (any Agent, AgentCall) async throws -> Reply<Value>
    ) async throws -> Reply<Value> {
        try await time.sleep(for: limits.retryPause)
        // Another key: an idempotent provider would repeat the answer that was of no use.
        let again = AgentCall(
            key: call.key + "-2",
            maximumOutputTokens: call.maximumOutputTokens,
            deadline: call.deadline,
            listener: call.listener
        )
        do {
            var reply = try await ask(agent, again)
            reply.usage = error.usage + reply.usage
            return reply
        } catch let second as AgentError {
            throw second.adding(error.usage)
        }
    }

    private func tooLate(_ limit: Duration) -> AgentError {
        AgentError(.timeout, "\(profile.name) did not answer within \(limit.components.seconds) s.")
    }

    /// Counts and logs a failure.
    /// - Returns: What the panel sees of it.
    @inline(never)
    private func heard(_ error: any Error, _ kind: String, since start: Timestamp) -> any Error {
        guard let failure = agentError(error), !Task.isCancelled else { return CancellationError() }
        record(kind, failure.metricLabel, since: start)
        logger.warning(
            "an agent gave no answer",
            metadata: ["agent": "\(profile.name)", "call": "\(kind)", "reason": "\(failure.code)"]
        )
        return failure
    }

    /// The error as the panel sees it, or nil for a cancellation.
    private func agentError(_ error: any Error) -> AgentError? {
        if let error = error as? AgentError { return error }
        if error is CancellationError { return nil }
        return AgentError(.internalError, "\(profile.name) failed unexpectedly.")
    }

    @inline(never)
    private func record(_ kind: String, _ outcome: String, since start: Timestamp) {
        let dimensions = [("agent", profile.name), ("call", kind), ("outcome", outcome)]
        Counter(label: "aragora_agent_calls_total", dimensions: dimensions).increment()
        Timer(label: "aragora_agent_call_seconds", dimensions: [("agent", profile.name), ("call", kind)])
            .recordNanoseconds((time.now() - start).milliseconds * 1_000_000)
    }
}

extension AgentCall {
    /// The same call, given up at a time at the latest.
    fileprivate func ending(by time: Timestamp) -> AgentCall {
        var call = self
        call.deadline = min(deadline ?? time, time)
        return call
    }
}
