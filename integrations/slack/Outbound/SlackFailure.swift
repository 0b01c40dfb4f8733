import Channels
import CoreTypes
import Transport

/// A call to Slack that did not bring what was asked for.
struct SlackFailure: CodedError {
    /// What a failure means for whoever wanted the call.
    enum Kind: Sendable, Hashable {
        /// Refused for now; nothing was done.
        case rateLimited(retryAfter: Duration)
        /// Nothing was done; it may work later.
        case transient
        /// It will never work as it is.
        case permanent
        /// Our credentials are not accepted.
        case authentication
        /// It may or may not have been done.
        case unknown
    }

    /// How long to wait where Slack does not say.
    static let defaultRetryAfter: Duration = .seconds(30)

    let kind: Kind
    let code: String
    let description: String
    var metricLabel: String {
        switch kind {
        case .rateLimited: "rate_limited"
        case .transient: "transient"
        case .permanent: "permanent"
        case .authentication: "authentication"
        case .unknown: "unknown"
        }
    }
    var isRetryable: Bool {
        switch kind {
        case .rateLimited, .transient, .unknown: true
        case .permanent, .authentication: false
        }
    }

    init(_ kind: Kind, code: String, _ description: String) {
        self.kind = kind
        self.code = code
        self.description = description
    }

    /// A transport failure: unknown as soon as a byte may have reached Slack.
    init(_ error: TransportError) {
        let kind: Kind
        if error.mayHaveBeenSent {
            kind = .unknown
        } else {
            switch error.reason {
            case .invalidRequest, .refusedAddress: kind = .permanent
            default: kind = .transient
            }
        }
        self.init(kind, code: error.code, error.description)
    }

    /// Slack's own `error`, by the table below.
    init(slackError code: String, retryAfter: Duration?, needed: String? = nil) {
        guard let known = Self.table[code] else {
            // A new code: the call was refused, so nothing was done, and repeating it would be refused as well.
            self.init(.permanent, code: code, "Slack refused the call: \(code).")
            return
        }
        var kind = known.kind
        if case .rateLimited = kind { kind = .rateLimited(retryAfter: retryAfter ?? Self.defaultRetryAfter) }
        self.init(kind, code: code, needed.map { "\(known.help) Needed: \($0)." } ?? known.help)
    }

    /// Whether nothing can be said in the place, whatever it is; elsewhere it might be.
    var isAboutPlace: Bool {
        switch code {
        case "channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived", "is_inactive",
            "messages_tab_disabled", "thread_not_found", "no_permission":
            true
        default: code.hasPrefix("restricted_action")
        }
    }

    /// What came of a send that failed so.
    func outcome(_ scope: RateLimitScope) -> SendOutcome {
        switch kind {
        case .rateLimited(let wait):
            .rateLimited(retryAfter: wait, scope: code == "message_limit_exceeded" ? .workspace : scope)
        case .transient: .transient(code: code, description: description)
        case .permanent: .permanent(code: code, description: description)
        case .authentication: .authentication(code: code, description: description)
        case .unknown: .unknown(code: code, description: description)
        }
    }
}
