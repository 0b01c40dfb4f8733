package import CoreTypes
import Synchronization

/// A client behind a circuit breaker; all seats of one model share it.
package final class BreakingClient: ModelClient {
    private let client: any ModelClient
    private let provider: String
    private let waits: Bool
    private let time: any TimeSource
    private let breaker: Mutex<CircuitBreaker>

    /// Wraps a client.
    /// - Parameter waits: Whether a call that the breaker refuses waits for its turn as long as its deadline allows,
    ///   for otherwise the seat is lost; where a substitute stands behind, it is refused at once.
    package init(_ client: any ModelClient, provider: String, waits: Bool = true, time: any TimeSource) {
        self.client = client
        self.provider = provider
        self.waits = waits
        self.time = time
        breaker = Mutex(CircuitBreaker())
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        while true {
            let now = time.now()
            switch breaker.withLock({ $0.admit(now: now) }) {
            case .allowed(let permit): return try await run(request, permit)
            case .refused(let pause):
                guard waits, let deadline = request.deadline, now + pause < deadline else {
                    throw AgentError(
                        .circuitOpen,
                        "\(provider) failed several times and is left alone for a while.",
                        retryAfter: pause
                    )
                }
                // Beside a trial the pause is short: all others look again until it has ended.
                try await time.sleep(for: pause)
            }
        }
    }

    private func run(_ request: ModelRequest, _ permit: CircuitBreaker.Permit) async throws -> Completion {
        do {
            let completion = try await client.complete(request)
            breaker.withLock { $0.succeeded(permit) }
            return completion
        } catch let error as AgentError {
            let now = time.now()
            breaker.withLock { breaker in
                switch error.reason {
                case .timeout, .rateLimited, .quotaExceeded, .overloaded, .network: breaker.failed(permit, now: now)
                // The provider works: it is this question, this key or this answer that is wrong.
                default: breaker.succeeded(permit)
                }
            }
            throw error
        } catch {
            breaker.withLock { $0.abandoned(permit) }
            throw error
        }
    }
}
