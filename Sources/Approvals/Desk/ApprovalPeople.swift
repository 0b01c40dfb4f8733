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
        let (identity, full) = (actor.identity, actor.fullIdentity)
        (actor.person, actor.ids) = try ids(of: identity, inFull: full, workspace, in: transaction)
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
        for home in try homes(of: actor.ids, for: workspace, in: transaction) {
            let known = try ids(of: Set(actor.ids.compactMap(home.own)), in: home.workspace, transaction)
            let others = try delegators(of: known, at: now, in: home.workspace, transaction)
            // As whoever they are on that platform, they are asked there.
            for id in others.flatMap(\.ids).filter(home.has).sorted() {
                let full = Approver.inFull(id, of: home.workspace)
                let (person, all) = try ids(of: id, inFull: full, workspace, in: transaction)
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
        for home in try homes(of: person, for: workspace, in: transaction) {
            let own = Set(person.filter(home.has).compactMap(home.own))
            let known = try ids(of: own, in: home.workspace, transaction)
            let others = try delegations.delegates(of: known, at: now, workspace: home.workspace, in: transaction)
            for other in others {
                found += try directory.ids(of: other, workspace: home.workspace, in: transaction).all
                    .filter(Self.isAnywhere).sorted().map(home.name)
            }
        }
        return try found.map { try directory.ids(of: $0, workspace: workspace, in: transaction) }
    }

    /// Where a platform's people are asked about what belongs to no platform's workspace.
    private struct Home: Hashable {
        let platform: String
        let workspace: WorkspaceID
        /// Whether the platform has no other one, so that its people need not be named with it.
        let isOnly: Bool

        func has(_ id: String) -> Bool { id.hasPrefix("\(platform):") }

        /// What an id is called there; nil for somebody of the platform who is not there.
        func own(_ id: String) -> String? {
            let short = Approver.inShort(id, of: workspace)
            return isOnly || short != id || !has(id) ? short : nil
        }

        /// What somebody from there is called elsewhere.
        func name(_ id: String) -> String {
            isOnly ? id : Approver.inFull(id, of: workspace) ?? id
        }
    }

    /// The only workspace of each platform, and those in which somebody is.
    private func homes(of ids: Set<String>, for workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> [Home]
    {
        guard workspace == .local else { return [] }
        var found: [Home] = []
        for platform in platforms.sorted() {
            guard let known = try places.workspaces(of: platform, in: transaction), !known.isEmpty else { continue }
            if known.count == 1 {
                found.append(Home(platform: platform, workspace: known[0], isOnly: true))
            } else {
                let there = known.filter { one in ids.contains { $0.hasPrefix("\(one):") } }
                found += there.map { Home(platform: platform, workspace: $0, isOnly: false) }
            }
        }
        return found
    }

    /// What those of one workspace are called in another one, about whose requests they are asked.
    func names(
        _ ids: [String],
        of home: WorkspaceID,
        in workspace: WorkspaceID,
        _ transaction: borrowing Transaction
    ) throws -> [String] {
        guard home != workspace else { return ids }
        var names: [String] = []
        for id in ids {
            let place = try places.place(of: id, for: workspace, in: transaction)
            names.append(place?.workspace == home ? id : Approver.inFull(id, of: home) ?? id)
        }
        return names
    }

    /// One id for a person whom a platform calls by two names, and all of them.
    private func ids(
        of id: String,
        inFull full: String?,
        _ workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> (person: String, all: Set<String>) {
        let known = try directory.ids(of: id, workspace: workspace, in: transaction)
        guard let full else { return known }
        let named = try directory.ids(of: full, workspace: workspace, in: transaction)
        // Either may be linked with others.
        let person = known.person == id && named.person != full ? named.person : known.person
        return (person, known.all.union(named.all))
    }

    /// All ids that people have in a workspace who are known by some of another one.
    private func ids(of people: Set<String>, in workspace: WorkspaceID, _ transaction: borrowing Transaction) throws
        -> Set<String>
    {
        try people.filter(Self.isAnywhere).reduce(into: Set<String>()) { found, id in
            found.formUnion(try directory.ids(of: id, workspace: workspace, in: transaction).all)
        }
    }

    /// Whether an id is a platform's, so that somebody can be found by it in another workspace; those who look into
    /// the inbox are known in their own alone.
    static func isAnywhere(_ id: String) -> Bool { !inboxes.contains(String(id.prefix { $0 != ":" })) }
}
