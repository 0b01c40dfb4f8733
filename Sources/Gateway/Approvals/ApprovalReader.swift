import Approvals
import CoreTypes
import HTTPTypes

/// Reads a request to people out of the body of `POST /api/v1/approvals`.
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
        guard let title = try text(fields, "title"), !title.isEmpty else {
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
        let workspace = try text(fields, "workspace").map { WorkspaceID($0) }
        return ApprovalDraft(
            workspace: caller.workspace ?? workspace ?? .local,
            originKey: originKey,
            kind: try text(fields, "kind") ?? "program",
            title: title,
            question: try text(fields, "question") ?? title,
            context: try text(fields, "context") ?? "",
            operation: operation,
            policy: try ApprovalPolicy(json: fields),
            priority: Int(fields["priority"]?.integer ?? 3),
            requester: requester ?? identity(of: caller),
            requesterName: requester == nil ? caller.displayName : "",
            askedBy: identity(of: caller),
            evidence: evidence,
            debate: try text(fields, "debate_id").map { DebateID($0) },
            metadata: fields["metadata"] ?? [:]
        )
    }

    /// A member that is text; nil where it is missing.
    private static func text(_ fields: JSONValue, _ name: String) throws -> String? {
        guard let value = fields[name] else { return nil }
        guard let text = value.string else { throw HTTPFailure.invalid("`\(name)` has to be text.") }
        return text
    }
}
