import CoreTypes

/// Something that cannot be done with a subscription; the description names no secret.
package struct SubscriptionError: CodedError {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case invalidURL = "invalid_url"
        case invalidEvents = "invalid_events"
        case invalidSettings = "invalid_settings"
        case invalidSecret = "invalid_secret"
        case invalidSignature = "invalid_signature"
        case notFound = "not_found"
        case conflict
    }

    package let reason: Code
    package let description: String
    package var code: String { reason.rawValue }
    package var isRetryable: Bool { false }

    /// Describes a failure.
    package init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }

    static let noEndpoint = SubscriptionError(.notFound, "There is no such webhook.")
}
