package import Persistence

/// Where the release of a publication is asked for, so that a person decides.
///
/// Whoever decides calls `PublicationDesk.release` with the content's hash that was shown: what was changed since is not
/// released by it.
package protocol PublicationRelease: Sendable {
    /// Whether the operator may release by a command, without anybody being asked.
    var allowsOperator: Bool { get }

    /// Asks, in the transaction in which the publication becomes `previewed`.
    /// - Parameter preview: what is to be shown, in Markdown.
    /// - Throws: `DatabaseError`; the transaction then fails as a whole.
    func ask(for publication: Publication, preview: String, in transaction: borrowing Transaction) throws
}

/// Nobody is asked: the operator releases by `aragora publish release`.
package struct OperatorRelease: PublicationRelease {
    /// Makes the rule.
    package init() {}

    package let allowsOperator = true

    package func ask(for publication: Publication, preview: String, in transaction: borrowing Transaction) throws {}
}
