package import CoreTypes

/// Tries a call again where its failure is likely to pass.
package struct RetryingClient: ModelClient {
    private let client: any ModelClient
    private let policy: RetryPolicy
    private let time: any TimeSource
    private let jitter: any JitterSource

    /// Wraps a client.
    package init(
        _ client: any ModelClient,
        policy: RetryPolicy = .standard,
        time: any TimeSource,
        jitter: any JitterSource
    ) {
        self.client = client
        self.policy = policy
        self.time = time
        self.jitter = jitter
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        var tries = 0
        while true {
            do {
                return try await client.complete(request)
            } catch let error as AgentError {
                tries += 1
                try Task.checkCancellation()
                guard let pause = policy.pause(afterTries: tries, error: error, random: jitter.next()),
                    request.deadline.map({ time.now() + pause < $0 }) ?? true
                else { throw error }
                try await time.sleep(for: pause)
            }
        }
    }
}
