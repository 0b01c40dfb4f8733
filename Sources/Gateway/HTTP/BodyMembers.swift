import CoreTypes

/// The members of a body that is one JSON object.
extension JSONValue {
    /// Refuses members that nobody would look at: a misspelt one would count as none.
    /// - Parameter what: what the body says, such as `a webhook`.
    /// - Throws: `HTTPFailure` 400 that names the member.
    func refuseMembers(beside known: Set<String>, of what: String) throws(HTTPFailure) {
        guard let name = (object ?? [:]).keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw .invalid("There is no `\(name.prefix(50))`; \(what) has \(known.sorted().joined(separator: ", ")).")
    }

    /// A member that is text; nil where it is missing or null.
    /// - Throws: `HTTPFailure` 400 that names the member.
    func textMember(_ name: String) throws(HTTPFailure) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .invalid("`\(name.prefix(50))` has to be text.") }
        return text
    }
}
