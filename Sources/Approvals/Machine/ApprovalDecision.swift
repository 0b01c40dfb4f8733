package import CoreTypes

/// One person's answer.
package struct ApprovalDecision: Hashable, Sendable {
    /// Whose right to decide was used: the actor's own, or that of somebody who let the actor decide.
    package let seat: String
    /// One id for the person who answered.
    package let actor: String
    /// The platform's immutable id of that person.
    package let identity: String
    package let name: String
    package let surface: String
    package let optionID: String
    package let effect: ApprovalOption.Effect
    package let comment: String
    /// What exactly was decided about.
    package let operationHash: String
    /// Names the verified request.
    package let evidence: String
    package let decidedAt: Timestamp

    /// The answer as the API and the log show it.
    package var json: JSONValue {
        .record([
            "approver": .string(seat),
            "actor": .string(actor),
            "identity": .string(identity),
            "name": .string(name),
            "surface": .string(surface),
            "option": .string(optionID),
            "effect": .string(effect.rawValue),
            "comment": comment.isEmpty ? nil : .string(comment),
            "operation_hash": .string(operationHash),
            "evidence": .string(evidence),
            "decided_at": .string(decidedAt.iso8601),
        ])
    }
}

/// Where a request stands; the raw values are those of the column `status`.
package enum ApprovalStatus: String, Sendable, CaseIterable {
    case pending, approved, rejected, revised
    /// One of the asker's own options was chosen.
    case decided
    case expired
    /// The asker does not need an answer any more.
    case withdrawn
}

/// Why an answer does not count.
package enum ApprovalRefusal: Hashable, Sendable {
    /// The person has answered before.
    case second(ApprovalDecision)
    /// Somebody has answered on the person's behalf.
    case represented(ApprovalDecision)
    /// Others have decided it already.
    case late(ApprovalStatus)
    /// Its time is over.
    case expired
    /// The person is not among those who may decide.
    case foreign
    /// The person asked for it, and somebody else has to decide.
    case requester
    case unknownOption(String)
    /// What is to be decided was changed since the person saw it.
    case changed
    /// The answer needs a reason or guidance.
    case commentRequired(ApprovalOption)
    /// The text may not, or not any more, be changed.
    case editRefused
    /// The answer would count; the person is shown the text first, which they may change.
    case mayEdit(ApprovalOption)
    /// The reason or the text cannot be taken as it is; the sentence says why.
    case unusable(String)
}
