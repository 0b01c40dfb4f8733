package import Persistence

/// What became of somebody's answer.
package enum ApprovalAnswer: Sendable {
    /// It counts; the request as it stands now.
    case counted(ApprovalRecord, ApprovalDecision)
    /// It does not count, and nothing was changed.
    case refused(ApprovalRecord, ApprovalRefusal)
    /// There is no such request.
    case unknown

    /// What the person is told, and nobody else.
    package var text: String {
        switch self {
        case .counted(let record, let decision): ApprovalLines.counted(record, decision)
        case .refused(let record, let refusal): ApprovalLines.refused(record, refusal)
        case .unknown: ApprovalLines.unknown
        }
    }

    /// A word of a closed vocabulary for programs and metrics.
    package var code: String {
        switch self {
        case .counted: "counted"
        case .unknown: "not_found"
        case .refused(_, let refusal):
            switch refusal {
            case .second, .represented: "already_answered"
            case .late: "already_decided"
            case .expired: "expired"
            case .foreign: "forbidden"
            case .requester: "requester"
            case .unknownOption: "invalid_option"
            case .changed: "changed"
            case .commentRequired: "comment_required"
            case .editRefused: "edit_refused"
            }
        }
    }

    /// The request, where there is one.
    package var record: ApprovalRecord? {
        switch self {
        case .counted(let record, _), .refused(let record, _): record
        case .unknown: nil
        }
    }
}

/// Somebody's answer, before it is known whether it counts.
package struct ApprovalReply: Sendable {
    package var actor: ApprovalActor
    package var optionID: String
    package var comment: String
    /// What the person made of the text; nil where they left it as it was.
    package var editedText: String?
    /// The hash of what the person saw; nil where they named the request alone.
    package var operationHash: String?

    /// Describes an answer.
    package init(
        actor: ApprovalActor,
        optionID: String,
        comment: String = "",
        editedText: String? = nil,
        operationHash: String? = nil
    ) {
        self.actor = actor
        self.optionID = optionID
        self.comment = comment
        self.editedText = editedText
        self.operationHash = operationHash
    }

    /// The longest reason or guidance, in characters.
    package static let longestComment = 10_000
    /// The longest edited text, in characters.
    package static let longestText = 100_000
}

/// What follows from the end of a request of one kind.
package protocol ApprovalFollowUp: Sendable {
    /// Writes down what follows, in the transaction that ends the request.
    /// - Throws: `DatabaseError`; the answer is then not recorded either.
    func approvalEnded(
        _ record: ApprovalRecord,
        decisions: [ApprovalDecision],
        in transaction: borrowing Transaction
    ) throws
}
