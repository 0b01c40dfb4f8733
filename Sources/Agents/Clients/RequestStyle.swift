import Synchronization

/// How much of a provider's API a request makes use of.
enum RequestStyle: Int, Sendable {
    /// All that helps.
    case full
    /// Neither a form of the answer nor usage.
    case plain
    /// Not even an output limit, where the API can do without one.
    case bare

    /// What is added to the key of the call: a plainer request is another one, and an idempotent server must not take
    /// it for the rejected one.
    var suffix: String {
        switch self {
        case .full: ""
        case .plain: "-plain"
        case .bare: "-bare"
        }
    }

    /// The request that may be accepted after a refusal, or nil where there is none.
    ///
    /// The limit is left out only where the server speaks of it: some write no more than a few words without one.
    func plainer(after failure: ProviderFailure) -> RequestStyle? {
        if failure.isAboutLimit { return self == .bare ? nil : .bare }
        return self == .full ? .plain : nil
    }
}

/// Remembers the style that a server accepts.
final class PreferredStyle: Sendable {
    private let number = Atomic(RequestStyle.full.rawValue)

    var value: RequestStyle { RequestStyle(rawValue: number.load(ordering: .relaxed)) ?? .full }

    /// Keeps a style; a plainer one that another call found meanwhile stays.
    func set(_ style: RequestStyle) { number.max(style.rawValue, ordering: .relaxed) }
}
