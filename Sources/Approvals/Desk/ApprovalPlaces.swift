import Channels
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

/// Where somebody, or whoever reads a channel, is asked.
struct ApprovalPlace: Hashable {
    let platform: String
    /// Of the person or the channel, in that workspace.
    let id: String
    /// Nil where it cannot be told, or where nobody may be asked there.
    let workspace: WorkspaceID?

    /// What they are called there, such as `slack:U012`.
    var name: String { "\(platform):\(id)" }
}

extension ApprovalPlaces {
    /// Where those are asked on behalf of a workspace whom a name means: there; and, on behalf of what belongs to no
    /// platform's workspace, in the one that the name or else the platform has.
    ///
    /// What belongs to one workspace is asked in no other one.
    /// - Parameter name: such as `slack:U012`, or with its workspace `slack:T012:U012`.
    /// - Returns: nil for what is no such name.
    /// - Throws: `DatabaseError`.
    func place(of name: String, for workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalPlace?
    {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        let (platform, id) = (parts[0], parts[1])
        guard let known = try workspaces(of: platform, in: transaction) else {
            return ApprovalPlace(platform: platform, id: id, workspace: workspace)
        }
        if case .found(let found, let own) = WorkspacePlace(id, on: platform, for: workspace, known: known),
            found == workspace || known.contains(found)
        {
            return ApprovalPlace(platform: platform, id: own, workspace: found)
        }
        return ApprovalPlace(platform: platform, id: id, workspace: nil)
    }
}

extension ApprovalPeople {
    /// Checks that it can be told where those are asked who are named.
    /// - Parameter choosesWorkspace: whether whoever asks may ask for any workspace, and so hear which there are.
    /// - Throws: `ApprovalError` that says what to add; `DatabaseError`.
    func checkPlaces(of draft: ApprovalDraft, choosesWorkspace: Bool, in transaction: borrowing Transaction) throws {
        for approver in draft.policy.everybody {
            guard let platform = approver.platform, platforms.contains(platform),
                try place(of: approver, for: draft.workspace, in: transaction) == nil
            else { continue }
            guard draft.workspace == .local else {
                throw ApprovalError(
                    .invalid,
                    "\(approver.text) cannot be asked about what belongs to \(draft.workspace): name people by mail, or "
                        + "by the id of a key or a user."
                )
            }
            let known = try places.workspaces(of: platform, in: transaction) ?? []
            throw ApprovalError(.invalid, Self.lost(approver, on: platform, choosesWorkspace ? known : nil))
        }
    }

    /// - Parameter known: where the platform is connected; nil where that is not told.
    private static func lost(_ approver: Approver, on platform: String, _ known: [WorkspaceID]?) -> String {
        let inFull = "name them with their workspace, such as \(platform):T012:U012"
        guard let known else { return "It cannot be told where on `\(platform)` \(approver.text) is: \(inFull)." }
        guard !known.isEmpty else {
            return "`\(platform)` is connected to no workspace, so nobody can be asked there: connect it, or add "
                + "`workspace`, such as \(platform):T012."
        }
        return "It cannot be told where on `\(platform)` \(approver.text) is: add `workspace`, one of "
            + "\(known.map(\.rawValue).joined(separator: ", ")), or \(inFull)."
    }

    /// Where an approver is asked; nil where it cannot be told, and for roles.
    func place(of approver: Approver, for workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> WorkspaceID?
    {
        switch approver {
        case .role: return nil
        case .person(let name), .channel(let name):
            return try places.place(of: name, for: workspace, in: transaction)?.workspace
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
