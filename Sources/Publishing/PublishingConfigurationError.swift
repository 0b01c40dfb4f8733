import CoreTypes

/// Settings of a publishing platform that cannot work; says which, never their values.
package struct PublishingConfigurationError: CodedError {
    package let description: String
    package var code: String { "publishing_configuration" }
    package var isRetryable: Bool { false }

    /// Describes what is wrong.
    package init(_ description: String) {
        self.description = description
    }
}
