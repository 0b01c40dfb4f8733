import CoreTypes
import HTTPTypes
import Hummingbird

/// A request that cannot be answered as it was asked, with the status that says so.
struct HTTPFailure: CodedError {
    let status: HTTPResponse.Status
    let code: String
    let description: String
    var headers = HTTPFields()
    /// What the log holds of it.
    let logged: String

    var isRetryable: Bool { status == .serviceUnavailable || status == .tooManyRequests }

    init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ description: String,
        headers: HTTPFields = [:],
        logged: String? = nil
    ) {
        self.status = status
        self.code = code
        self.description = description
        self.headers = headers
        self.logged = logged ?? description
    }

    /// Says what any error becomes; the one place that does.
    init(_ error: any Error) {
        switch error {
        case let failure as HTTPFailure:
            self = failure
        case let error as any CodedError:
            self.init(
                Self.status(of: error),
                error.code,
                Self.text(of: error),
                logged: error.description
            )
            if isRetryable { headers[.retryAfter] = status == .tooManyRequests ? "5" : "1" }
        case let error as any HTTPResponseError:
            self.init(error.status, Self.code(of: error.status), error.status.reasonPhrase + ".")
        case is CancellationError:
            self.init(
                .serviceUnavailable,
                "shutting_down",
                "The gateway is shutting down.",
                headers: [.retryAfter: "1"]
            )
        default:
            self.init(
                .internalServerError,
                "internal",
                "Something went wrong in the gateway. Its log tells more under this trace id."
            )
        }
    }

    static func notFound(_ what: String) -> HTTPFailure {
        HTTPFailure(.notFound, "not_found", "There is no such \(what).")
    }

    /// What is said where no route leads.
    static func unrouted(_ request: Request) -> HTTPFailure {
        guard HTTPRequest.Method.known.contains(request.method) || request.method == .connect else {
            let method = request.method.rawValue.prefix(50)
            return HTTPFailure(.notImplemented, "not_implemented", "No address here takes the method `\(method)`.")
        }
        return HTTPFailure(
            .notFound,
            "not_found",
            "There is nothing at `\(request.uri.path.prefix(200))`. docs/api.md in the gateway's sources lists what there "
                + "is."
        )
    }

    static func invalid(_ description: String, code: String = "invalid_request") -> HTTPFailure {
        HTTPFailure(.badRequest, code, description)
    }

    static let overloaded = HTTPFailure(
        .serviceUnavailable,
        "overloaded",
        "Too many requests are being answered at once. Try again in a second.",
        headers: [.retryAfter: "1"]
    )

    /// Of the database in its server's place, whose own words name its users and databases to whoever may ask at all.
    private static func text(of error: any CodedError) -> String {
        // Those of a full disk are ours.
        guard error.code.hasPrefix("database_"), error.code != "database_full" else { return error.description }
        return error.isRetryable
            ? "The database does not answer at the moment. Try again; `aragora doctor` says more to the operator."
            : "The database did not take this. The gateway's log says why under this trace id."
    }

    private static func status(of error: any CodedError) -> HTTPResponse.Status {
        switch error.code {
        case "not_found": .notFound
        case "conflict", "too_many_pending": .conflict
        case "rate_limited": .tooManyRequests
        case "forbidden": .forbidden
        case let code where code.hasPrefix("invalid"): .badRequest
        default: error.isRetryable ? .serviceUnavailable : .internalServerError
        }
    }

    private static func code(of status: HTTPResponse.Status) -> String {
        switch status {
        case .notFound: "not_found"
        case .contentTooLarge: "too_large"
        default: status.code < 500 ? "invalid_request" : "internal"
        }
    }
}
