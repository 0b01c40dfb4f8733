package import CoreTypes
package import Persistence

/// Tells in which workspaces a platform's people can be reached.
package protocol ApprovalPlaces: Sendable {
    /// The workspaces in which a platform is connected; nil where it knows none, as mail.
    /// - Throws: `DatabaseError`.
    func workspaces(of platform: String, in transaction: borrowing Transaction) throws -> [WorkspaceID]?
}

/// The workspaces that the database knows: those that installed the app, and that of the configured token.
package struct ConnectedPlaces: ApprovalPlaces {
    /// Makes the list.
    package init() {}

    package func workspaces(of platform: String, in transaction: borrowing Transaction) throws -> [WorkspaceID]? {
        if platform == ApprovalCopies.mail { return nil }
        return try WorkspaceStore().connected(to: platform, in: transaction)
    }
}

extension ApprovalPlaces {
    /// Where a platform's people are asked on behalf of a workspace: there, or in the one that the platform has; nil
    /// where it cannot be told.
    /// - Throws: `DatabaseError`.
    func home(
        of platform: String,
        for workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> WorkspaceID? {
        if workspace.rawValue.hasPrefix("\(platform):") { return workspace }
        guard let known = try workspaces(of: platform, in: transaction) else { return workspace }
        return known.count == 1 ? known.first : nil
    }
}

extension ApprovalPeople {
    /// Checks that it can be told where those are asked who are named.
    /// - Throws: `ApprovalError` that says what to add; `DatabaseError`.
    func checkPlaces(of draft: ApprovalDraft, in transaction: borrowing Transaction) throws {
        let named = platforms.intersection(draft.policy.everybody.compactMap(\.platform))
        for platform in named.sorted()
        where try places.home(of: platform, for: draft.workspace, in: transaction) == nil {
            let known = try places.workspaces(of: platform, in: transaction) ?? []
            throw ApprovalError(
                .invalid,
                known.isEmpty
                    ? "`\(platform)` is connected to no workspace, so nobody can be asked there: connect it, or add "
                        + "`workspace`, such as \(platform):T012."
                    : "`\(platform)` is connected to several workspaces: add `workspace`, one of "
                        + "\(known.map(\.rawValue).joined(separator: ", "))."
            )
        }
    }
}

extension Approver {
    /// The platform on which they are asked; nil for roles, and for users and programs, who look into the inbox.
    var platform: String? {
        let name: String
        switch self {
        case .role: return nil
        case .person(let id): name = id
        case .channel(let place): name = place
        }
        let platform = name.prefix { $0 != ":" }
        return ApprovalPeople.inboxes.contains(String(platform)) ? nil : String(platform)
    }
}
