import CoreTypes

/// Why something asked of the approvals is not done, in words for the asker.
package struct ApprovalError: CodedError {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case invalid = "invalid_approval", conflict, forbidden, full = "too_many_pending"
    }

    package let reason: Code
    package let description: String
    package var code: String { reason.rawValue }
    package var isRetryable: Bool { false }

    /// Describes a refusal.
    package init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
