package import CoreTypes
package import Transport

/// What went wrong between us and a platform, and what follows from it.
package struct PublishingFailure: CodedError {
    /// What may be done about it.
    package enum Kind: Sendable, Hashable {
        /// Nothing was done; the platform takes more from this moment on.
        case limited(until: Timestamp)
        /// Nothing was done; it may work later.
        case transient
        /// It will never work as it is.
        case permanent
        /// The account's credentials are refused.
        case authentication
        /// It may or may not have been done.
        case unknown
    }

    package let kind: Kind
    package let code: String
    package let description: String
    package var isRetryable: Bool {
        switch kind {
        case .limited, .transient: true
        case .permanent, .authentication, .unknown: false
        }
    }

    /// Describes a failure.
    /// - Parameter description: safe to show; no tokens, no addresses with secrets.
    package init(_ kind: Kind, code: String, _ description: String) {
        self.kind = kind
        self.code = code
        self.description = description
    }

    /// Reads a failure of the network.
    package init(_ error: TransportError) {
        let kind: Kind =
            if error.mayHaveBeenSent { .unknown } else if error.isRetryable || error.reason == .cancelled {
                .transient
            } else {
                .permanent
            }
        self.init(kind, code: error.code, error.description)
    }

    /// Reads a failure of anything else, such as the database.
    package init(_ error: any Error) {
        switch error {
        case let failure as PublishingFailure: self = failure
        case let error as TransportError: self.init(error)
        case let error as any CodedError:
            self.init(error.isRetryable ? .transient : .permanent, code: error.code, error.description)
        case is CancellationError: self.init(.transient, code: "cancelled", "The gateway is shutting down.")
        default: self.init(.permanent, code: "internal", "Something went wrong in the gateway.")
        }
    }

    /// The same failure of a request that changes nothing, or that may be repeated: it is never uncertain.
    package var withoutDoubt: PublishingFailure {
        kind == .unknown ? PublishingFailure(.transient, code: code, description) : self
    }
}

/// A request that a publication's state does not allow, or that names none.
package struct PublicationError: CodedError {
    package let code: String
    package let description: String
    package var isRetryable: Bool { false }

    init(_ code: String, _ description: String) {
        self.code = code
        self.description = description
    }

    package static func conflict(_ description: String) -> PublicationError {
        PublicationError("conflict", description)
    }
    static let notFound = PublicationError("not_found", "There is no such publication.")

    /// Content that a platform does not take.
    package static func invalid(_ description: String) -> PublicationError {
        PublicationError("invalid_publication", description)
    }
}
