import CoreTypes

/// Why a debate cannot be set up, or its journal cannot be read.
package struct DebateError: CodedError, Hashable {
    /// The closed list of reasons.
    package enum Code: String, Sendable {
        case invalidSettings = "invalid_settings"
        case invalidPanel = "invalid_panel"
        case invalidJournal = "invalid_journal"
        case alreadyRun = "already_run"
    }

    package let reason: Code
    package let description: String

    package var code: String { reason.rawValue }
    package var isRetryable: Bool { false }

    init(_ reason: Code, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
