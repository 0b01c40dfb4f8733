package import CoreTypes

/// The course of one request, as a value without effects: it is told what people answered and what time it is, and says
/// what counts.
///
/// A person may have several ids, of which one counts as theirs; whoever uses the machine looks them up first.
package struct ApprovalMachine: Sendable {
    /// Somebody's answer.
    package struct Attempt: Sendable {
        package var actor: ApprovalActor
        /// Those who let the actor decide for them now.
        package var delegators: [ApprovalDelegator]
        package var optionID: String
        package var comment: String
        /// The hash of what the person saw; nil where they named the request alone.
        package var operationHash: String?
        /// The hash of what the person made of it; nil where nothing was changed.
        package var editedHash: String?
        /// Whether the person can be shown the text to change it, and has not been yet.
        package var offersEdit: Bool

        /// Describes an answer.
        package init(
            actor: ApprovalActor,
            delegators: [ApprovalDelegator] = [],
            optionID: String,
            comment: String = "",
            operationHash: String? = nil,
            editedHash: String? = nil,
            offersEdit: Bool = false
        ) {
            self.actor = actor
            self.delegators = delegators
            self.optionID = optionID
            self.comment = comment
            self.operationHash = operationHash
            self.editedHash = editedHash
            self.offersEdit = offersEdit
        }
    }

    package let policy: ApprovalPolicy
    package let requester: String
    package let createdAt: Timestamp
    /// One id for whoever of those concerned has several; the others count as who they are called.
    package let persons: [String: String]
    package private(set) var operationHash: String
    package private(set) var status: ApprovalStatus
    /// The option that decided it.
    package private(set) var outcome: String?
    /// Whether its time was over before it was decided.
    package private(set) var isTimeOver = false
    package private(set) var decisions: [ApprovalDecision]

    /// Takes up a request where it stands.
    package init(
        policy: ApprovalPolicy,
        requester: String,
        createdAt: Timestamp,
        operationHash: String,
        status: ApprovalStatus = .pending,
        outcome: String? = nil,
        decisions: [ApprovalDecision] = [],
        persons: [String: String] = [:]
    ) {
        self.policy = policy
        self.requester = requester
        self.createdAt = createdAt
        self.operationHash = operationHash
        self.status = status
        self.outcome = outcome
        self.decisions = decisions
        self.persons = persons
    }

    /// When the request ends by itself.
    package var expiresAt: Timestamp? { policy.expiresAfter.map { createdAt + $0 } }

    /// Those who may decide at a moment: whoever was asked first, and those to whom it was escalated since.
    package func approvers(at now: Timestamp) -> [Approver] {
        policy.approvers + policy.escalations.filter { createdAt + $0.after <= now }.flatMap(\.approvers)
    }

    /// Takes in an answer.
    /// - Returns: what counts now, or why it does not count.
    package mutating func decide(_ attempt: Attempt, now: Timestamp) -> Result<ApprovalDecision, Refused> {
        if let refusal = refusal(of: attempt, now: now) { return .failure(Refused(refusal)) }
        guard let option = policy.option(attempt.optionID) else {
            return .failure(Refused(.unknownOption(attempt.optionID)))
        }
        guard case .allowed(let seat) = seat(of: attempt, now: now) else { return .failure(Refused(.foreign)) }
        if let edited = attempt.editedHash { operationHash = edited }
        let decision = ApprovalDecision(
            seat: seat,
            actor: attempt.actor.person,
            identity: attempt.actor.identity,
            name: attempt.actor.name,
            surface: attempt.actor.surface.rawValue,
            optionID: option.id,
            effect: option.effect,
            comment: attempt.comment,
            operationHash: operationHash,
            evidence: attempt.actor.evidence,
            decidedAt: now
        )
        decisions.append(decision)
        settle()
        return .success(decision)
    }

    /// The time is over: the request becomes what it was said to become.
    /// - Returns: false where it was decided before, or its time is not over.
    package mutating func expire(now: Timestamp) -> Bool {
        guard status == .pending, let expiresAt, now >= expiresAt else { return false }
        isTimeOver = true
        status =
            switch policy.expiryOutcome {
            case .approved: .approved
            case .rejected: .rejected
            case .expired: .expired
            }
        return true
    }

    /// Nobody needs an answer any more.
    /// - Returns: false where it was decided before.
    package mutating func withdraw() -> Bool {
        guard status == .pending else { return false }
        status = .withdrawn
        return true
    }

    /// How many have given the answer that decided it, or the yes that is nearest to deciding it.
    package var progress: Int {
        if let outcome { return count(of: outcome) }
        return policy.options.filter { $0.effect == .approve }.map { count(of: $0.id) }.max() ?? 0
    }

    /// An answer that does not count.
    package struct Refused: Error {
        package let refusal: ApprovalRefusal

        init(_ refusal: ApprovalRefusal) { self.refusal = refusal }
    }

    // MARK: Who may decide

    private enum Seat { case allowed(String), requester, represented(ApprovalDecision), none }

    private func refusal(of attempt: Attempt, now: Timestamp) -> ApprovalRefusal? {
        let ids = attempt.actor.ids
        // The person may have got one id for several only since.
        if let earlier = decisions.first(where: { ids.contains($0.actor) || ids.contains($0.identity) }) {
            return .second(earlier)
        }
        switch seat(of: attempt, now: now) {
        case .none: return .foreign
        case .requester: return .requester
        case .represented(let decision): return status == .pending ? .represented(decision) : .late(status)
        case .allowed: break
        }
        guard status == .pending else { return status == .expired ? .expired : .late(status) }
        if let expiresAt, now >= expiresAt { return .expired }
        guard let option = policy.option(attempt.optionID) else { return .unknownOption(attempt.optionID) }
        if let seen = attempt.operationHash, seen != operationHash { return .changed }
        if attempt.editedHash != nil, !(policy.allowsEdit && option.effect == .approve && decisions.isEmpty) {
            return .editRefused
        }
        if option.requiresComment, !attempt.comment.contains(where: { !$0.isWhitespace }) {
            return .commentRequired(option)
        }
        if attempt.offersEdit, policy.allowsEdit, option.effect == .approve, decisions.isEmpty {
            return .mayEdit(option)
        }
        return nil
    }

    private func seat(of attempt: Attempt, now: Timestamp) -> Seat {
        let approvers = approvers(at: now)
        let actor = attempt.actor
        if policy.excludesRequester, actor.ids.contains(requester) { return .requester }
        var taken: ApprovalDecision?
        if Self.allows(approvers, ids: actor.ids, roles: actor.roles, channels: actor.channels) {
            taken = decisions.first { actor.ids.contains($0.seat) }
            if taken == nil { return .allowed(actor.person) }
        }
        var isRequesters = false
        for delegator in attempt.delegators
        where Self.allows(approvers, ids: delegator.ids, roles: delegator.roles) {
            if policy.excludesRequester, delegator.ids.contains(requester) {
                isRequesters = true
            } else if !decisions.contains(where: { delegator.ids.contains($0.seat) }) {
                return .allowed(delegator.person)
            }
        }
        if let taken { return .represented(taken) }
        return isRequesters ? .requester : .none
    }

    private static func allows(
        _ approvers: [Approver],
        ids: Set<String>,
        roles: Set<String>,
        channels: [String] = []
    ) -> Bool {
        approvers.contains { approver in
            switch approver {
            case .person(let id): ids.contains(id)
            case .role(let role): roles.contains(role)
            case .channel(let place): channels.contains(place)
            }
        }
    }

    // MARK: What counts

    /// How many may decide in all; nil where roles and channels make it unknown.
    private var seats: Int? {
        ApprovalPolicy.people(of: policy.everybody, persons: persons).map {
            policy.excludesRequester ? $0.subtracting([person(requester)]).count : $0.count
        }
    }

    private func person(_ id: String) -> String { persons[id] ?? id }

    /// How many different people have given an answer.
    private func count(of option: String) -> Int { count { $0.optionID == option } }

    private func count(where isMeant: (ApprovalDecision) -> Bool) -> Int {
        Set(decisions.filter(isMeant).map { person($0.actor) }).count
    }

    private mutating func settle() {
        guard let last = decisions.last else { return }
        let same = count(of: last.optionID)
        let rejections = count { $0.effect == .reject }
        let againstQuorum = policy.hasVeto ? 1 : seats.map { max(1, $0 - policy.quorum + 1) } ?? policy.quorum
        switch last.effect {
        case .approve where same >= policy.quorum: settle(.approved, by: last)
        case .reject where rejections >= againstQuorum: settle(.rejected, by: last)
        case .revise where same >= (policy.hasVeto ? 1 : policy.quorum): settle(.revised, by: last)
        case .custom where same >= policy.quorum: settle(.decided, by: last)
        default:
            // Everybody has answered, and they do not agree.
            if let seats, Set(decisions.map { person($0.seat) }).count >= seats { settle(.rejected, by: nil) }
        }
    }

    private mutating func settle(_ status: ApprovalStatus, by decision: ApprovalDecision?) {
        self.status = status
        outcome = decision?.optionID
    }
}
