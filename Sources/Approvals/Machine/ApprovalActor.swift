package import CoreTypes

/// Who answers, as a verified request has told us.
package struct ApprovalActor: Hashable, Sendable {
    /// The way on which an answer came; the raw values are those of the column `surface`.
    package enum Surface: String, Sendable {
        case button, form, command, reply, page, email, api
    }

    /// One id for the person, whichever platform they answer from: `user:42` where the platforms' ids are mapped to a
    /// user, else the platform's own.
    package var person: String
    /// Every id of the person, their own one among them.
    package var ids: Set<String>
    /// The platform's immutable id, such as `slack:U012`.
    package let identity: String
    /// What others read; never compared with anything.
    package var name: String
    package var roles: Set<String>
    /// Where the request came from, such as `slack:C012`; nil where there is no channel.
    package let channel: String?
    /// The platform's workspace in which they are that person, and that channel is; nil where there is none.
    package let workspace: WorkspaceID?
    package let surface: Surface
    /// Names the verified request, such as the platform's id of the click.
    package let evidence: String

    /// Describes somebody who answers.
    package init(
        identity: String,
        name: String,
        roles: Set<String> = [],
        channel: String? = nil,
        workspace: WorkspaceID? = nil,
        surface: Surface,
        evidence: String
    ) {
        self.identity = Approver.normalized(identity)
        self.person = self.identity
        self.ids = [self.identity]
        self.name = name
        self.roles = roles
        self.channel = channel
        self.workspace = workspace
        self.surface = surface
        self.evidence = evidence
    }

    /// The platform's id with the workspace in it; nil where there is none.
    var fullIdentity: String? { workspace.flatMap { Approver.inFull(identity, of: $0) } }

    /// Both names of the channel.
    var channels: [String] {
        guard let channel else { return [] }
        return [channel] + (workspace.flatMap { Approver.inFull(channel, of: $0) }.map { [$0] } ?? [])
    }

    /// Whether the platform did not say what the person is called, so that the id stands in for it.
    var isNameless: Bool { name.isEmpty || identity == name || identity.hasSuffix(":\(name)") }
}

/// Somebody who let another person decide in their place.
package struct ApprovalDelegator: Hashable, Sendable {
    package let person: String
    /// Every id of the person.
    package let ids: Set<String>
    package let roles: Set<String>

    /// Describes somebody who is represented.
    package init(person: String, ids: Set<String> = [], roles: Set<String> = []) {
        self.person = person
        self.ids = ids.union([person])
        self.roles = roles
    }
}
