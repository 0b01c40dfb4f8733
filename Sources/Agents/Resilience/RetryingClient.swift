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
        // Some failed after a part of the answer, which is paid for.
        var spent = Usage()
        while true {
            do {
                var completion = try await client.complete(request)
                completion.usage = spent + completion.usage
                return completion
            } catch let error as AgentError {
                tries += 1
                spent = spent + error.usage
                try Task.checkCancellation()
                guard let pause = policy.pause(afterTries: tries, error: error, random: jitter.next()),
                    // Behind the first of these a substitute is asked instead.
                    (request.firstPieceBy ?? request.deadline).map({ time.now() + pause < $0 }) ?? true
                else {
                    var last = error
                    last.usage = spent
                    throw last
                }
                try await time.sleep(for: pause)
            }
        }
    }
}
