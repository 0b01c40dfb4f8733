package import Persistence

/// Where the release of a publication is asked for, so that a person decides.
///
/// Whoever decides calls `PublicationDesk.release` with the content's hash that was shown: what was changed since is not
/// released by it.
package protocol PublicationRelease: Sendable {
    /// Asks, in the transaction in which the publication becomes `previewed`.
    /// - Parameters:
    ///   - preview: what is to be shown, in Markdown.
    ///   - text: what may be changed before it is released; nil where nothing may.
    /// - Returns: the id of the request that people answer; nil where nobody is asked, so that the operator's word is
    ///   enough.
    /// - Throws: `DatabaseError`; the transaction then fails as a whole.
    func ask(
        for publication: Publication,
        preview: String,
        text: String?,
        in transaction: borrowing Transaction
    ) throws -> String?

    /// Counts the operator's word as an answer to the request.
    /// - Parameter text: what might have been changed, as it stands in the publication.
    /// - Returns: who has approved it, so that it goes out; nil where more answers are needed.
    /// - Throws: `PublicationError` where it does not count, or `DatabaseError`.
    func approve(
        _ request: String,
        of publication: Publication,
        text: String?,
        by person: String,
        in transaction: borrowing Transaction
    ) throws -> String?

    /// Ends a request: what it asks about was changed or taken back.
    /// - Throws: `DatabaseError`.
    func withdraw(_ request: String, of publication: Publication, in transaction: borrowing Transaction) throws

    /// Tells those who were shown a publication what became of it, in the transaction of the change.
    /// - Parameter preview: its content, in Markdown.
    /// - Throws: `DatabaseError`; the transaction then fails as a whole.
    func changed(_ publication: Publication, preview: String, in transaction: borrowing Transaction) throws
}

/// Nobody is asked: the operator releases by `aragora publish release`.
package struct OperatorRelease: PublicationRelease {
    /// Makes the rule.
    package init() {}

    package func ask(
        for publication: Publication,
        preview: String,
        text: String?,
        in transaction: borrowing Transaction
    ) -> String? { nil }

    package func approve(
        _ request: String,
        of publication: Publication,
        text: String?,
        by person: String,
        in transaction: borrowing Transaction
    ) -> String? { person }

    package func withdraw(_ request: String, of publication: Publication, in transaction: borrowing Transaction) {}

    package func changed(_ publication: Publication, preview: String, in transaction: borrowing Transaction) {}
}
