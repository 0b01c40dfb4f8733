/// An error that says the same thing to the user, to the metrics and to the retry logic.
///
/// `description` never holds a secret, a token or the content of a message: it may be shown to anybody.
package protocol CodedError: Error, CustomStringConvertible, Sendable {
    /// A stable name of what went wrong, such as `rate_limited`.
    var code: String { get }
    /// What went wrong and what can be done about it, safe to show.
    var description: String { get }
    /// A word of a closed vocabulary, for metrics.
    var metricLabel: String { get }
    /// Whether the same thing may work later without anybody changing anything.
    var isRetryable: Bool { get }
}

extension CodedError {
    package var metricLabel: String { code }
}
