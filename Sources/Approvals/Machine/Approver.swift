/// Who may decide, as a request names them.
package enum Approver: Hashable, Sendable {
    /// A person, by an immutable id: `slack:U012`, `email:ann@example.org`, `user:42`.
    case person(String)
    /// Whoever holds a role: `role:release-managers`.
    case role(String)
    /// Whoever answers from a channel, by the platform's id: `channel:slack:C012`.
    case channel(String)

    /// Reads a name.
    /// - Throws: `ApprovalError`.
    package init(_ text: String) throws(ApprovalError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, text.utf8.count <= 320,
            text.utf8.allSatisfy({ $0 > 32 && $0 != 127 })
        else {
            throw ApprovalError(
                .invalid,
                "An approver is a person such as slack:U012 or email:ann@example.org, role:<name>, or "
                    + "channel:<platform>:<channel>."
            )
        }
        switch parts[0] {
        case "role": self = .role(String(parts[1]))
        case "channel":
            guard parts[1].contains(":") else {
                throw ApprovalError(.invalid, "A channel is named channel:<platform>:<channel>.")
            }
            self = .channel(String(parts[1]))
        default: self = .person(Self.normalized(text))
        }
    }

    /// The name.
    package var text: String {
        switch self {
        case .person(let id): id
        case .role(let name): "role:\(name)"
        case .channel(let channel): "channel:\(channel)"
        }
    }

    /// The person's id, or nil.
    package var person: String? { if case .person(let id) = self { id } else { nil } }

    /// One spelling for one person: mail addresses do not differ by case.
    package static func normalized(_ person: String) -> String {
        person.hasPrefix("email:") ? person.lowercased() : person
    }
}
