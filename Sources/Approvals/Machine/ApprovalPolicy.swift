/// How a request is decided.
package struct ApprovalPolicy: Hashable, Sendable {
    /// More people who are asked when nobody has decided for a while.
    package struct Escalation: Hashable, Sendable {
        /// Since the request was made.
        package let after: Duration
        package let approvers: [Approver]

        /// Describes a step of the chain.
        package init(after: Duration, approvers: [Approver]) {
            self.after = after
            self.approvers = approvers
        }
    }

    /// What a request becomes when its time is over.
    package enum ExpiryOutcome: String, Sendable, CaseIterable {
        case approved, rejected, expired
    }

    package var options: [ApprovalOption]
    package var approvers: [Approver]
    package var excludesRequester: Bool
    /// How many people have to give the same answer.
    package var quorum: Int
    /// Whether a single no, or a single wish for changes, is the end.
    package var hasVeto: Bool
    /// Since the request was made; nil waits for ever.
    package var expiresAfter: Duration?
    package var expiryOutcome: ExpiryOutcome
    /// Since the request was made; nil reminds nobody.
    package var reminderAfter: Duration?
    package var escalations: [Escalation]
    /// Whether the first to approve may change the text of what is approved.
    package var allowsEdit: Bool

    /// Describes how a request is decided; the default is one of the operators, within a day, else nothing happens.
    package init(
        options: [ApprovalOption] = [.approve, .reject],
        approvers: [Approver] = [.role(Self.operators)],
        excludesRequester: Bool = false,
        quorum: Int = 1,
        hasVeto: Bool = true,
        expiresAfter: Duration? = .seconds(24 * 3600),
        expiryOutcome: ExpiryOutcome = .expired,
        reminderAfter: Duration? = nil,
        escalations: [Escalation] = [],
        allowsEdit: Bool = false
    ) {
        self.options = options
        self.approvers = approvers
        self.excludesRequester = excludesRequester
        self.quorum = quorum
        self.hasVeto = hasVeto
        self.expiresAfter = expiresAfter
        self.expiryOutcome = expiryOutcome
        self.reminderAfter = reminderAfter
        self.escalations = escalations
        self.allowsEdit = allowsEdit
    }

    /// The role of whoever holds the API's token, and so of the page.
    package static let operators = "operator"
    /// The longest time that a request or a step may take: a year.
    package static let longest = Duration.seconds(366 * 24 * 3600)
    private static let mostApprovers = 1000
    private static let mostOptions = 10

    /// Checks that the request can be decided at all.
    /// - Parameters:
    ///   - requester: who may not decide, where `excludesRequester` says so.
    ///   - persons: one id for whoever of the approvers has several.
    /// - Throws: `ApprovalError`.
    package func validate(requester: String, persons: [String: String] = [:]) throws(ApprovalError) {
        guard (1...Self.mostOptions).contains(options.count), Set(options.map(\.id)).count == options.count else {
            throw ApprovalError(.invalid, "A request has 1 to \(Self.mostOptions) options, each with an id of its own.")
        }
        for option in options { try option.validate() }
        guard !approvers.isEmpty, everybody.count <= Self.mostApprovers else {
            throw ApprovalError(.invalid, "A request has 1 to \(Self.mostApprovers) approvers.")
        }
        guard quorum >= 1, quorum <= Self.mostApprovers else {
            throw ApprovalError(.invalid, "`quorum` is a whole number from 1.")
        }
        if let people = Self.people(of: everybody, persons: persons) {
            let count = excludesRequester ? people.subtracting([requester]).count : people.count
            guard quorum <= count else {
                throw ApprovalError(.invalid, "\(quorum) have to agree, but only \(count) may decide.")
            }
        }
        let moments = [expiresAfter, reminderAfter].compactMap { $0 } + escalations.map(\.after)
        guard moments.allSatisfy({ $0 > .zero && $0 <= Self.longest }) else {
            throw ApprovalError(.invalid, "Times are at least one second and at most a year.")
        }
        guard zip(escalations, escalations.dropFirst()).allSatisfy({ $0.after < $1.after }) else {
            throw ApprovalError(.invalid, "The escalations have to stand in the order of their times.")
        }
        guard escalations.allSatisfy({ !$0.approvers.isEmpty }), escalations.count <= 10 else {
            throw ApprovalError(.invalid, "There are 10 escalations at most, each with approvers.")
        }
    }

    /// Everybody by name, where roles and channels play no part; nil where they do.
    static func people(of approvers: [Approver], persons: [String: String]) -> Set<String>? {
        let people = approvers.compactMap(\.person)
        return people.count == approvers.count ? Set(people.map { persons[$0] ?? $0 }) : nil
    }

    /// Everybody who may decide at some time.
    var everybody: [Approver] { approvers + escalations.flatMap(\.approvers) }

    /// The option with an id.
    package func option(_ id: String) -> ApprovalOption? {
        options.first { $0.id == id }
    }
}
