package import Channels
package import CoreTypes
import Crypto
package import Logging
package import Persistence

/// Where requests to people are made, answered and ended.
///
/// Everything happens in the caller's transaction: the answer, its audit entry, the rows that change every copy of the
/// prompt, the event for those who subscribed, and what follows from the end.
package struct ApprovalDesk: Sendable {
    /// Which platforms prompts can go to.
    package struct Platforms: Sendable {
        /// Those that are mounted.
        package var reachable: Set<String>
        /// Those on which a posted message can be changed.
        package var editing: Set<String>

        /// Names the platforms.
        package init(reachable: Set<String>, editing: Set<String>) {
            self.reachable = reachable
            self.editing = editing
        }

        /// Asks the adapters.
        package init(_ adapters: [any ChannelAdapter]) {
            self.init(
                reachable: Set(adapters.map(\.platform)),
                editing: Set(adapters.filter { $0 is any EditingChannel }.map(\.platform))
            )
        }
    }

    var course: ApprovalCourse
    let tokens: ApprovalTokens
    let identifiers: any IdentifierSource
    let logger: Logger

    /// What follows from the end of a request, by its kind.
    package var followUps: [String: any ApprovalFollowUp] {
        get { course.followUps }
        set { course.followUps = newValue }
    }

    var requests: ApprovalRequestStore { course.requests }
    var people: ApprovalPeople { course.people }
    var directory: ApproverDirectory { course.people.directory }
    var time: any TimeSource { course.time }

    /// Who decides for whom.
    package var delegations: ApprovalDelegations { ApprovalDelegations(course: course) }

    /// Which requests wait for somebody.
    func waiting(for actor: ApprovalActor) -> ApprovalWaiting { ApprovalWaiting(for: actor, people: people) }

    /// Makes the desk.
    /// - Parameters:
    ///   - places: where platforms that have workspaces of their own are connected.
    ///   - followUps: what follows from the end of a request, by its kind.
    ///   - sealer: makes what buttons and links carry.
    package init(
        outbox: Outbox,
        posts: ApprovalPosts,
        platforms: Platforms,
        places: any ApprovalPlaces = ConnectedPlaces(),
        events: any WorkspaceEventSink,
        followUps: [String: any ApprovalFollowUp] = [:],
        sealer: Sealer,
        time: any TimeSource,
        identifiers: any IdentifierSource,
        logger: Logger
    ) {
        tokens = ApprovalTokens(sealer: sealer)
        self.identifiers = identifiers
        self.logger = logger
        course = ApprovalCourse(
            people: ApprovalPeople(
                directory: ApproverDirectory(),
                places: places,
                platforms: platforms.reachable,
                time: time
            ),
            copies: ApprovalCopies(
                outbox: outbox,
                posts: posts,
                platforms: platforms,
                tokens: tokens,
                identifiers: identifiers,
                logger: logger
            ),
            events: events,
            followUps: followUps
        )
    }

    /// The hash that binds an approval to exactly one thing.
    package static func hash(kind: String, operation: JSONValue, workspace: WorkspaceID) -> String {
        let bound: JSONValue = [
            "kind": .string(kind), "operation": operation, "workspace": .string(workspace.rawValue),
        ]
        return hexadecimal(SHA256.hash(data: bound.bytes))
    }

    /// Makes a request and asks everybody who may decide it; the same origin gives the same request.
    /// - Throws: `ApprovalError` for a request that cannot be decided, or an origin that asked for something else;
    ///   `DatabaseError`.
    package func open(_ draft: ApprovalDraft, in transaction: borrowing Transaction) throws -> ApprovalRecord {
        var draft = draft
        let now = time.now()
        let cause = ApprovalCause(
            identity: draft.askedBy ?? draft.requester,
            evidence: draft.evidence ?? draft.originKey
        )
        // Before anything that another one may be waiting for.
        try course.audit.hold(draft.workspace, in: transaction)
        draft.policy = draft.policy.named(in: draft.workspace)
        draft.requester = try directory.ids(of: draft.requester, workspace: draft.workspace, in: transaction).person
        let named = draft.policy.everybody.compactMap(\.person)
        try draft.validate(persons: try directory.persons(of: named, workspace: draft.workspace, in: transaction))
        let id = ApprovalID(identifiers.next())
        let hash = Self.hash(kind: draft.kind, operation: draft.operation, workspace: draft.workspace)
        let isNew = try requests.insert(
            draft,
            id: id,
            operationHash: hash,
            expiresAt: draft.policy.expiresAfter.map { now + $0 },
            now: now,
            in: transaction
        )
        guard isNew else { return try existing(draft, hash: hash, in: transaction) }
        guard var record = try requests.find(id, workspace: draft.workspace, in: transaction) else {
            throw DatabaseError(.other, "The request was not kept.")
        }
        record.outcomeLine = ApprovalLines.standing(ApprovalMachine(record, []), now: now)
        try transaction.execute(
            """
            update approval_requests set outcome_line = \(record.outcomeLine)
            where workspace_id = \(record.workspace) and request_id = \(record.id)
            """
        )
        try course.begin(record, by: cause, in: transaction)
        return record
    }

    /// Ends a request that nobody needs an answer to any more.
    /// - Parameter cause: who wants that; nil for the request's own maker within the gateway.
    /// - Returns: false where it had ended before.
    /// - Throws: `DatabaseError`.
    package func withdraw(
        _ id: ApprovalID,
        workspace: WorkspaceID,
        by cause: ApprovalCause? = nil,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try course.audit.hold(workspace, in: transaction)
        guard var record = try requests.find(id, workspace: workspace, in: transaction) else { return false }
        let answers = try requests.decisions(of: id, workspace: workspace, in: transaction)
        var machine = ApprovalMachine(record, answers)
        guard machine.withdraw() else { return false }
        try course.end(
            &record,
            machine,
            entry: "withdrawn",
            event: "approval.withdrawn",
            by: cause ?? ApprovalCause(identity: record.requester, evidence: record.kind),
            in: transaction
        )
        return true
    }

    private func existing(
        _ draft: ApprovalDraft,
        hash: String,
        in transaction: borrowing Transaction
    ) throws -> ApprovalRecord {
        guard let record = try requests.find(origin: draft.originKey, workspace: draft.workspace, in: transaction)
        else { throw DatabaseError(.serialization, "The request is being made elsewhere.") }
        // They may have been linked with somebody since.
        let asker = try directory.ids(of: record.requester, workspace: draft.workspace, in: transaction).person
        guard record.asksTheSame(as: draft), asker == draft.requester, record.policy == draft.policy,
            try course.requestedHash(record, in: transaction) == hash
        else { throw ApprovalError(.conflict, "The same key was used for another request.") }
        return record
    }

    /// Takes one step that is due: once, however many processes try.
    /// - Returns: false where somebody else has taken it.
    /// - Throws: `DatabaseError`.
    func fire(_ step: ApprovalStep, in transaction: borrowing Transaction) throws -> Bool {
        // The log's end before the step and the request, as everywhere.
        try course.audit.hold(step.workspace, in: transaction)
        guard try course.steps.take(step, now: time.now(), in: transaction) else { return false }
        if step.kind == .delegationEnd {
            try delegations.lapse(step.subject, workspace: step.workspace, in: transaction)
        } else {
            try course.follow(step, in: transaction)
        }
        return true
    }
}
