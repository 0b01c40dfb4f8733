import CoreTypes
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
    package var text: String { self.text(prefix: "") }

    /// What the person is told, and nobody else.
    /// - Parameter prefix: what stands before a command where it is read.
    func text(prefix: String) -> String {
        switch self {
        case .counted(let record, _): ApprovalLines.counted(record)
        case .refused(let record, let refusal): ApprovalLines.refused(record, refusal, prefix: prefix)
        case .unknown: ApprovalLines.unknown(prefix: prefix)
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
            case .mayEdit: "may_edit"
            case .unusable: "invalid_answer"
            }
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
    /// Whether the person can be shown a form, and this is not what came back with one.
    package var offersForm: Bool

    /// Describes an answer.
    package init(
        actor: ApprovalActor,
        optionID: String,
        comment: String = "",
        editedText: String? = nil,
        operationHash: String? = nil,
        offersForm: Bool = false
    ) {
        self.actor = actor
        self.optionID = optionID
        self.comment = comment
        self.editedText = editedText
        self.operationHash = operationHash
        self.offersForm = offersForm
    }

    /// The longest reason or guidance, in characters.
    private static let longestComment = 10_000
    /// The longest edited text, in characters.
    private static let longestText = 100_000
    /// The longest text that a platform's form can hold, in UTF-16 units (Slack's `plain_text_input`, the shortest).
    static let longestFormText = 3000

    /// Why the answer cannot be kept as it is; nil where it can.
    ///
    /// Nothing is cut off: people are told.
    var problem: String? {
        let text = editedText ?? ""
        if comment.isLonger(than: Self.longestComment) {
            let count = comment.unicodeScalars.count
            return "The reason has \(count) characters, and \(Self.longestComment) at most are taken."
        }
        if text.isLonger(than: Self.longestText) {
            return "The text has \(text.unicodeScalars.count) characters, and \(Self.longestText) at most are taken."
        }
        return (comment + text).utf8.contains(0) ? "The answer has a character that cannot be kept (U+0000)." : nil
    }
}

/// What follows from the end of a request of one kind.
package protocol ApprovalFollowUp: Sendable {
    /// Why a changed text cannot be approved, in a sentence for whoever changed it; nil where it can.
    /// - Throws: `DatabaseError`.
    func problem(
        with text: String,
        for record: ApprovalRecord,
        in transaction: borrowing Transaction
    ) throws -> String?

    /// Writes down what follows, in the transaction that ends the request.
    /// - Throws: `DatabaseError`; the answer is then not recorded either.
    func approvalEnded(
        _ record: ApprovalRecord,
        decisions: [ApprovalDecision],
        in transaction: borrowing Transaction
    ) throws
}
