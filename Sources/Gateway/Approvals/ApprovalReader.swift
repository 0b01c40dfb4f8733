import Approvals
import CoreTypes
import HTTPTypes

/// Reads a request to people out of the body of `POST /api/v1/approvals`, and their answers.
enum ApprovalReader {
    /// What a body may say beside the policy.
    private static let members: Set<String> = [
        "workspace", "title", "question", "context", "operation", "kind", "priority", "requester", "debate_id",
        "metadata",
    ]

    /// Who asks and who answers, by the credentials that were shown.
    static func identity(of caller: Caller) -> String { "api:\(caller.rawValue)" }

    /// Reads a body.
    /// - Throws: `HTTPFailure` 400 that names the key; `ApprovalError`.
    static func draft(
        _ fields: JSONValue,
        caller: Caller,
        originKey: String,
        evidence: String
    ) throws -> ApprovalDraft {
        try ApprovalPolicy.check(fields, members.union(ApprovalPolicy.members), of: "A request")
        guard let title = try fields.textMember("title"), !title.isEmpty else {
            throw HTTPFailure.invalid("`title` has to be text.")
        }
        let requester = try fields["requester"].map { value in
            guard caller.workspace == nil else {
                throw HTTPFailure(.forbidden, "forbidden", "A program asks for itself: leave `requester` out.")
            }
            guard let name = value.string else { throw HTTPFailure.invalid("`requester` has to be a person's id.") }
            guard case .person(let id) = try Approver(name) else {
                throw HTTPFailure.invalid("`requester` has to be a person's id.")
            }
            return id
        }
        var operation = fields["operation"] ?? [:]
        if operation.object == nil { operation = ["value": operation] }
        if let priority = fields["priority"], priority.integer == nil {
            throw HTTPFailure.invalid("`priority` has to be a number from 1 to 5.")
        }
        let workspace = try fields.textMember("workspace").map { WorkspaceID($0) }
        return ApprovalDraft(
            workspace: caller.workspace ?? workspace ?? .local,
            originKey: originKey,
            kind: try fields.textMember("kind") ?? "program",
            title: title,
            question: try fields.textMember("question") ?? title,
            context: try fields.textMember("context") ?? "",
            operation: operation,
            policy: try ApprovalPolicy(json: fields),
            priority: Int(fields["priority"]?.integer ?? 3),
            requester: requester ?? identity(of: caller),
            requesterName: requester == nil ? caller.displayName : "",
            askedBy: identity(of: caller),
            evidence: evidence,
            debate: try fields.textMember("debate_id").map { DebateID($0) },
            metadata: fields["metadata"] ?? [:]
        )
    }

    /// The members that say why; the original has four words for it.
    static let reasons = ["comment", "reason", "notes", "guidance"]

    /// What the body of an answer may say.
    private static let answerMembers = Set(reasons + ["decision", "operation_hash", "option", "text"])

    /// Reads which option `POST /approvals/{id}/decide` chooses; nothing beside it is passed over.
    /// - Throws: `HTTPFailure` 400 that names the key; `ApprovalError`.
    static func option(_ fields: JSONValue) throws -> String {
        try ApprovalPolicy.check(fields, answerMembers, of: "An answer")
        let (option, decision) = (try fields.textMember("option"), try fields.textMember("decision"))
        guard let chosen = option ?? decision, chosen == decision ?? chosen else {
            throw HTTPFailure.invalid("`option` has to be the id of one of the request's options.")
        }
        return chosen
    }

    /// Reads an answer; one that says something in a form that cannot be read is none.
    /// - Throws: `HTTPFailure` 400 that names the key.
    static func reply(_ fields: JSONValue, option: String, actor: ApprovalActor) throws -> ApprovalReply {
        let comments = try reasons.compactMap { try fields.textMember($0) }
        return ApprovalReply(
            actor: actor,
            optionID: option,
            comment: comments.first { !$0.allSatisfy(\.isWhitespace) } ?? "",
            editedText: try fields.textMember("text"),
            operationHash: try fields.textMember("operation_hash")
        )
    }
}
