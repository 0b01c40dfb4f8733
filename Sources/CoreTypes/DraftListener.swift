/// Hears what a model writes while it writes it, for people who watch.
///
/// Nothing of it is an answer yet.
package protocol DraftListener: AnyObject, Sendable {
    /// The answer as far as it goes; called with every piece, so it has to return at once.
    func hear(_ draft: DraftText)

    /// What was heard does not count any more: the answer failed and may begin anew.
    func forget()
}

/// An unfinished answer as the model sent it, and how to make of it what people may see.
package struct DraftText: Sendable {
    /// The most bytes of an answer that are shown before it is whole: longer than nearly all of them.
    package static let maximumBytes = 32 << 10

    private let raw: String
    private let clean: @Sendable (String) -> String

    /// Wraps a text; it is cleaned only when somebody looks.
    /// - Parameter clean: leaves out what is no part of the answer.
    package init(_ raw: String, clean: @escaping @Sendable (String) -> String) {
        self.raw = raw
        self.clean = clean
    }

    /// What people may see.
    package var shown: String { clean(raw) }
}
