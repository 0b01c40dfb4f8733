/// A string that names one thing of one kind, so that the id of a debate is never taken for that of a workspace.
package struct Identifier<Kind>: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    /// Wraps an id as it is stored.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Wraps an id as it is stored.
    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// The kinds of `Identifier`; none of them has a value.
package enum IdentifierKind {
    package enum Workspace {}
    package enum Debate {}
    package enum Job {}
    package enum Outbox {}
}

/// The tenant that every row belongs to, such as `slack:T0123` or `local`.
package typealias WorkspaceID = Identifier<IdentifierKind.Workspace>
/// One debate, unique in the whole installation.
package typealias DebateID = Identifier<IdentifierKind.Debate>
/// One leased piece of background work.
package typealias JobID = Identifier<IdentifierKind.Job>
/// One effect on the outside world: the key under which it is reconciled after a crash.
package typealias OutboxKey = Identifier<IdentifierKind.Outbox>

extension WorkspaceID {
    /// The workspace of the built-in page, the terminal and the API token.
    package static let local = WorkspaceID("local")
}
