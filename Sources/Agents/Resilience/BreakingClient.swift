package import CoreTypes
import Synchronization

/// A client behind a circuit breaker; all seats of one model share it.
package final class BreakingClient: ModelClient {
    private let client: any ModelClient
    private let provider: String
    private let time: any TimeSource
    private let breaker: Mutex<CircuitBreaker>

    /// Wraps a client.
    package init(_ client: any ModelClient, provider: String, time: any TimeSource) {
        self.client = client
        self.provider = provider
        self.time = time
        breaker = Mutex(CircuitBreaker())
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        let now = time.now()
        switch breaker.withLock({ $0.admit(now: now) }) {
        case .refused(let pause):
            throw AgentError(
                .circuitOpen,
                "\(provider) failed several times and is left alone for a while.",
                retryAfter: pause
            )
        case .allowed(let permit):
            return try await run(request, permit)
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
