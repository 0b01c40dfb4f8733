package import CoreTypes
import Synchronization

/// Lets only so many calls run at once; the others wait in line, and leave it when they are cancelled.
package final class ConcurrencyLimit: Sendable {
    private struct State {
        var available: Int
        var nextTicket = 0
        /// Waiters in their order; a ticket that was cancelled before it got into line has no continuation.
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// Makes a limit.
    /// - Parameter limit: How many calls may run at once, at least 1.
    package init(_ limit: Int) {
        state = Mutex(State(available: max(1, limit)))
    }

    /// Runs a call as soon as there is room for it.
    /// - Throws: `CancellationError` where the task is cancelled while it waits, or what the call throws.
    package func withPermit<Value>(_ call: () async throws -> Value) async throws -> Value {
        try await acquire()
        defer { release() }
        return try await call()
    }

    private func acquire() async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
                    if state.available > 0 {
                        state.available -= 1
                        return .success(())
                    }
                    state.waiting.append((ticket, continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let position = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                    state.cancelled.insert(ticket)
                    return nil as CheckedContinuation<Void, any Error>?
                }
                return state.waiting.remove(at: position).continuation
            }
            waiter?.resume(throwing: CancellationError())
        }
        // A ticket that was served before its cancellation arrived must not stay in the set.
        _ = state.withLock { $0.cancelled.remove(ticket) }
    }

    private func release() {
        let next = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.available += 1
                return nil as CheckedContinuation<Void, any Error>?
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}

/// An agent that shares a limit of calls at once with others; it waits in line before its call's time begins to run.
package struct LimitedAgent: Agent {
    private let agent: any Agent
    private let limit: ConcurrencyLimit

    /// Wraps an agent.
    package init(_ agent: any Agent, limit: ConcurrencyLimit) {
        self.agent = agent
        self.limit = limit
    }

    package var profile: AgentProfile { agent.profile }

    package func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        try await limit.withPermit { try await agent.generate(request, call: call) }
    }

    package func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        try await limit.withPermit { try await agent.critique(request, call: call) }
    }

    package func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        try await limit.withPermit { try await agent.vote(request, call: call) }
    }
}
