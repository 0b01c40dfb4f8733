import Synchronization

/// Parts of a request that a server may refuse and that an answer can do without.
struct RequestParts: OptionSet, Sendable {
    let rawValue: UInt8

    /// The form that the answer must have.
    static let form = RequestParts(rawValue: 1)
    /// The question for the usage of a streamed answer.
    static let usage = RequestParts(rawValue: 2)
    /// The output limit, where the API can do without one.
    static let limit = RequestParts(rawValue: 4)
    /// The wish for the answer as it is written, and not in one piece.
    static let stream = RequestParts(rawValue: 8)

    /// What is added to the key of a call that leaves these parts out: it is another request, and an idempotent server
    /// must not take it for the refused one.
    var suffix: String {
        var suffix = ""
        if contains(.form) { suffix += "-plain" }
        if contains(.usage) { suffix += "-uncounted" }
        if contains(.limit) { suffix += "-bare" }
        if contains(.stream) { suffix += "-whole" }
        return suffix
    }

    /// The parts that are sent: without a stream no usage is asked for.
    fileprivate var sent: RequestParts { contains(.stream) ? self : subtracting(.usage) }
}

/// Finds, refusal after refusal, with which parts a server takes a request.
struct PartsSearch {
    /// All that no refusal named.
    private var unnamed: RequestParts
    /// The parts that were refused by their names, for every question.
    private var named: RequestParts = []
    /// The parts that are left out because a refusal named none.
    private var suspected: RequestParts = []

    /// What is tried in turn where no part is named: each alone before both, so that nothing is left out for another's
    /// sake.
    ///
    /// The limit and the stream are left out only where the server speaks of them: some servers write no more than a few
    /// words without a limit, and nobody hears an answer in one piece grow.
    private static let suspicions: [RequestParts] = [.form, .usage, [.form, .usage]]

    /// Begins with all parts that are not known to be refused.
    init(_ parts: RequestParts) { unnamed = parts }

    /// What to ask with next.
    var parts: RequestParts { unnamed.subtracting(suspected) }
    /// What the server refuses for good, where it accepts `parts`.
    var lasting: RequestParts { named.union(suspected) }

    /// Leaves out what a refusal may be about.
    /// - Returns: false where leaving out anything else would help nothing.
    mutating func goOn(after failure: ProviderFailure) -> Bool {
        guard !failure.namedParts.isEmpty else { return suspectNext() }
        let candidates = parts.sent.intersection(failure.namedParts)
        // Some servers quote the whole request; then the limit is the last that is meant.
        let order: [RequestParts] = [.stream, .form, .usage, .limit]
        guard let part = order.first(where: { candidates.contains($0) }) else { return false }
        unnamed.subtract(part)
        if !failure.isAboutThisQuestion { named.formUnion(part) }
        return true
    }

    private mutating func suspectNext() -> Bool {
        // The numbers of the suspicions grow in the order in which they are tried.
        guard
            let next = Self.suspicions.first(where: {
                $0.rawValue > suspected.rawValue && $0.isSubset(of: unnamed.sent)
            })
        else { return false }
        suspected = next
        return true
    }
}

extension AnswerShape {
    /// The part of a request that asks for the form; none for a text.
    var part: RequestParts { self == .text ? [] : .form }
}

/// Remembers what a server refuses.
final class RefusedParts: Sendable {
    private let bits = Atomic(RequestParts.RawValue(0))

    var value: RequestParts { RequestParts(rawValue: bits.load(ordering: .relaxed)) }

    /// Adds parts; those that other calls found meanwhile stay.
    func add(_ parts: RequestParts) { bits.bitwiseOr(parts.rawValue, ordering: .relaxed) }
}
