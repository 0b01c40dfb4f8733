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

    /// The one of these parts that a refusal may be about, or nil where leaving out another one would help nothing.
    ///
    /// The limit and the stream are left out only where the server speaks of them: some servers write no more than a few
    /// words without a limit, and nobody hears an answer in one piece grow.
    func refused(by failure: ProviderFailure) -> RequestParts? {
        // Without a stream no usage is asked for.
        var suspects = contains(.stream) ? self : subtracting(.usage)
        suspects.formIntersection(failure.namedParts.isEmpty ? [.form, .usage] : failure.namedParts)
        // Some servers quote the whole request; then the limit is the last that is meant.
        return [.stream, .form, .usage, .limit].first { suspects.contains($0) }
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
