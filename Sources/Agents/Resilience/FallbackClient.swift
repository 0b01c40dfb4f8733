package import CoreTypes
package import Logging

/// Asks another model where the first cannot answer for now; the answer's usage names the model that stood in.
///
/// Only where the provider has no room: quota, rate limit, timeout, overload, and the breaker that these open. A
/// refused key is a mistake that has to be seen, so it is never covered up.
package struct FallbackClient: ModelClient {
    private let client: any ModelClient
    private let substitute: any ModelClient
    private let substituteModel: String
    private let time: any TimeSource
    private let logger: Logger

    /// Puts a substitute behind a client.
    /// - Parameter substituteModel: The substitute's name, where its answer does not say which model gave it.
    package init(
        _ client: any ModelClient,
        substitute: any ModelClient,
        substituteModel: String,
        time: any TimeSource,
        logger: Logger
    ) {
        self.client = client
        self.substitute = substitute
        self.substituteModel = substituteModel
        self.time = time
        self.logger = logger
    }

    package func complete(_ request: ModelRequest) async throws -> Completion {
        do {
            return try await client.complete(leavingTime(of: request))
        } catch let error as AgentError where Self.triggers.contains(error.reason) {
            try Task.checkCancellation()
            logger.notice(
                "a model is replaced for one call",
                metadata: ["reason": "\(error.code)", "substitute": "\(substituteModel)"]
            )
            do {
                var completion = try await substitute.complete(request)
                completion.usage.fallbackModel = completion.model ?? substituteModel
                completion.usage = error.usage + completion.usage
                return completion
            } catch let second as AgentError {
                // What went wrong first is what has to be mended; both are paid for.
                throw error.adding(second.usage)
            }
        }
    }

    /// A model that hangs leaves its substitute a third of the call's time; one that writes has all of it.
    private func leavingTime(of request: ModelRequest) -> ModelRequest {
        var request = request
        let now = time.now()
        request.firstPieceBy = request.deadline.map { now + ($0 - now) * 2 / 3 }
        return request
    }

    private static let triggers: Set<AgentError.Code> = [
        .quotaExceeded, .rateLimited, .timeout, .overloaded, .circuitOpen,
    ]
}
