import CoreTypes
import Persistence

/// Who people are to the requests of a workspace: their ids, their roles, and who decides for whom now.
///
/// Delegations are given where people are asked, which may be another workspace than that of the request: they hold for
/// both.
struct ApprovalPeople: Sendable {
    let directory: ApproverDirectory
    let delegations = ApprovalDelegationStore()
    let places: any ApprovalPlaces
    /// The platforms on which people are asked.
    let platforms: Set<String>
    let time: any TimeSource

    /// Users and programs have no channel of their own: they look into the inbox.
    static let inboxes: Set<String> = ["user", "api", "web"]

    /// Somebody with all their ids and roles.
    func resolved(_ actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalActor
    {
        var actor = actor
        (actor.person, actor.ids) = try directory.ids(of: actor.identity, workspace: workspace, in: transaction)
        actor.roles.formUnion(try directory.roles(of: actor.ids, workspace: workspace, in: transaction))
        return actor
    }

    /// Somebody with all their ids and roles, and those for whom they decide now; what they answer is left open.
    func attempt(of actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> ApprovalMachine.Attempt
    {
        let actor = try resolved(actor, workspace: workspace, in: transaction)
        return ApprovalMachine.Attempt(
            actor: actor,
            delegators: try delegators(of: actor, workspace: workspace, in: transaction),
            optionID: ""
        )
    }

    /// Those for whom somebody decides now.
    private func delegators(of actor: ApprovalActor, workspace: WorkspaceID, in transaction: borrowing Transaction)
        throws -> [ApprovalDelegator]
    {
        let now = time.now()
        var found = try delegators(of: actor.ids, at: now, in: workspace, transaction)
        for home in try homes(for: workspace, in: transaction) {
            let known = try ids(of: actor.ids, in: home.workspace, transaction)
            let others = try delegators(of: known, at: now, in: home.workspace, transaction)
            // As whoever they are on that platform, they are asked there.
            for id in others.flatMap(\.ids).filter(home.has).sorted() {
                let (person, all) = try directory.ids(of: id, workspace: workspace, in: transaction)
                guard person != actor.person, !found.contains(where: { $0.person == person }) else { continue }
                let roles = try directory.roles(of: all, workspace: workspace, in: transaction)
                found.append(ApprovalDelegator(person: person, ids: all, roles: roles))
            }
        }
        return found
    }

    /// Those for whom somebody decides at a moment in one workspace, whichever of their ids was named then.
    private func delegators(
        of delegate: Set<String>,
        at now: Timestamp,
        in workspace: WorkspaceID,
        _ transaction: borrowing Transaction
    ) throws -> [ApprovalDelegator] {
        let named = try delegations.delegators(of: delegate, at: now, workspace: workspace, in: transaction)
        return try named.map { person in
            let known = try directory.ids(of: person, workspace: workspace, in: transaction).all
            let held = try directory.roles(of: known, workspace: workspace, in: transaction)
            return ApprovalDelegator(person: person, ids: known, roles: held)
        }
    }

    /// Those who decide for somebody now, each with all their ids.
    func deputies(of person: Set<String>, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> [(person: String, all: Set<String>)]
    {
        let now = time.now()
        var found = try delegations.delegates(of: person, at: now, workspace: workspace, in: transaction)
        for home in try homes(for: workspace, in: transaction) {
            let known = try ids(of: person.filter(home.has), in: home.workspace, transaction)
            let others = try delegations.delegates(of: known, at: now, workspace: home.workspace, in: transaction)
            for other in others {
                found += try directory.ids(of: other, workspace: home.workspace, in: transaction).all
                    .filter(Self.isAnywhere).sorted()
            }
        }
        return try found.map { try directory.ids(of: $0, workspace: workspace, in: transaction) }
    }

    /// Where a platform's people are asked on behalf of a workspace that is none of the platform's.
    private struct Home {
        let platform: String
        let workspace: WorkspaceID

        func has(_ id: String) -> Bool { id.hasPrefix("\(platform):") }
    }

    private func homes(for workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> [Home] {
        try platforms.sorted().compactMap { platform in
            let home = try places.home(of: platform, for: workspace, in: transaction)
            guard let home, home != workspace else { return nil }
            return Home(platform: platform, workspace: home)
        }
    }

    /// All ids that people have in a workspace who are known by some of another one.
    private func ids(of people: Set<String>, in workspace: WorkspaceID, _ transaction: borrowing Transaction) throws
        -> Set<String>
    {
        try people.filter(Self.isAnywhere).reduce(into: Set<String>()) { found, id in
            found.formUnion(try directory.ids(of: id, workspace: workspace, in: transaction).all)
        }
    }

    /// Whether an id is a platform's, and so the same person in every workspace.
    static func isAnywhere(_ id: String) -> Bool { !inboxes.contains(String(id.prefix { $0 != ":" })) }
}
