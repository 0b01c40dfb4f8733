import CoreTypes

/// An answer while it arrives.
package struct AnswerDraft: Sendable, Hashable {
    /// Why a model stopped.
    package enum Stop: Sendable, Hashable {
        case finished, truncated, refused
    }

    package private(set) var text = ""
    package var inputTokens = 0
    package var outputTokens = 0
    /// What the provider says the answer cost, where it does.
    package var costMicrodollars: Int64?
    package var model: String?
    package var stop: Stop?
    private var length = 0

    /// The longest answer that is taken, in characters.
    package static let maximumLength = 200_000
    /// The most tokens that a provider is believed.
    static let maximumTokens = 1 << 40

    package init() {}

    /// Adds a piece of the answer.
    /// - Throws: `ProviderFailure` with `tooLong` once the answer is over the limit, so that an endless one is left.
    package mutating func add(_ piece: String) throws(ProviderFailure) {
        length += piece.unicodeScalars.count
        guard length <= Self.maximumLength else {
            throw ProviderFailure(.tooLong, "over \(Self.maximumLength) characters")
        }
        text += piece
    }
}

extension JSONNode {
    /// A number of tokens, or nil where this is no number; providers write negative and absurd ones, and fractions.
    var tokens: Int? {
        if let integer { return Int(min(max(integer, 0), Int64(AnswerDraft.maximumTokens))) }
        return double.map { Int(min(max($0, 0), Double(AnswerDraft.maximumTokens))) }
    }
}

/// Reads one provider's stream, event by event.
protocol AnswerReader {
    var draft: AnswerDraft { get }
    /// Whether nothing more has to be read.
    var isComplete: Bool { get }

    /// Reads one event's data.
    /// - Throws: `ProviderFailure` where the event is an error or cannot be read.
    mutating func read(_ data: String) throws(ProviderFailure)

    /// Reads an answer that came in one piece, from a server that does not stream; JSON that holds nothing of an answer
    /// leaves the draft as it was.
    /// - Throws: `ProviderFailure` where it is an error or no JSON.
    mutating func readWhole(_ body: [UInt8]) throws(ProviderFailure)
}
