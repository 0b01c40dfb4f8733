import CoreTypes

/// Reads what a debate is to become on a platform out of the body of a request.
///
/// What nobody would look at is refused: with a text that is misspelt, another one would go out.
enum PublicationReader {
    /// What may be said of a draft on a platform: texts and the list `tags`.
    ///
    /// Files are named on the command line alone.
    private static let options: [String: Set<String>] = [
        "x": ["reply_to", "text"], "youtube": ["category", "description", "language", "privacy", "tags", "title"],
    ]

    /// Reads of what `POST /publications` makes a draft, and for which platform.
    /// - Throws: `HTTPFailure` 400 that names the member.
    static func subject(_ body: JSONValue) throws(HTTPFailure) -> (debate: DebateID, platform: String) {
        try body.refuseMembers(beside: ["debate_id", "options", "platform"], of: "a publication")
        guard let debate = try body.textMember("debate_id"), let platform = try body.textMember("platform") else {
            throw .invalid("`debate_id` and `platform` have to be text.")
        }
        return (DebateID(debate), platform)
    }

    /// Checks the options of a draft; the platform itself looks at what they say.
    /// - Throws: `HTTPFailure` 400 that names the member.
    static func check(_ options: JSONValue, on platform: String) throws(HTTPFailure) {
        guard options.object != nil else { throw .invalid("`options` has to be an object.") }
        // Of a platform that is not known the desk says so.
        guard let known = Self.options[platform] else { return }
        try options.refuseMembers(beside: known, of: "a draft for \(platform)")
        for name in known.sorted() where name != "tags" { _ = try options.textMember(name) }
        guard let tags = options["tags"] else { return }
        guard tags.array?.allSatisfy({ $0.string != nil }) == true else {
            throw .invalid("`tags` has to be a list of texts.")
        }
    }
}
