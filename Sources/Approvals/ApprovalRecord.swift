package import CoreTypes
import Crypto
import Persistence

package enum ApprovalKind {}
/// One request to people.
package typealias ApprovalID = Identifier<ApprovalKind>

/// A request that is to be made.
package struct ApprovalDraft: Sendable {
    package var workspace: WorkspaceID
    /// The same for every try of the same request: it is made once.
    package var originKey: String
    /// What kind of thing is decided: `workflow`, `decision_plan`, `computer_use`, `gateway`, `inbox_wedge`, `debate`,
    /// `publication`, or a program's own word.
    package var kind: String
    package var title: String
    package var question: String
    /// Markdown that people need to decide; empty for nothing.
    package var context: String
    /// What exactly is decided about; its member `text` is what may be edited.
    package var operation: JSONValue
    package var policy: ApprovalPolicy
    /// From 1, the most urgent, to 5.
    package var priority: Int
    /// The platform's immutable id of whoever asks, such as `slack:U012`.
    package var requester: String
    package var requesterName: String
    /// Who really sent the request, where that is somebody else than the requester.
    package var askedBy: String?
    /// Names the verified request with which it came; nil where the origin does.
    package var evidence: String?
    package var debate: DebateID?
    /// Where it was asked for, so that a prompt in that channel lands in its thread.
    package var address: JSONValue?
    package var metadata: JSONValue

    /// Describes a request.
    package init(
        workspace: WorkspaceID,
        originKey: String,
        kind: String,
        title: String,
        question: String,
        context: String = "",
        operation: JSONValue,
        policy: ApprovalPolicy = ApprovalPolicy(),
        priority: Int = 3,
        requester: String,
        requesterName: String = "",
        askedBy: String? = nil,
        evidence: String? = nil,
        debate: DebateID? = nil,
        address: JSONValue? = nil,
        metadata: JSONValue = [:]
    ) {
        self.workspace = workspace
        self.originKey = originKey
        self.kind = kind
        self.title = title
        self.question = question
        self.context = context
        self.operation = operation
        self.policy = policy
        self.priority = priority
        self.requester = requester
        self.requesterName = requesterName
        self.askedBy = askedBy
        self.evidence = evidence
        self.debate = debate
        self.address = address
        self.metadata = metadata
    }
}

/// A request as it stands in its row.
package struct ApprovalRecord: Sendable {
    package let id: ApprovalID
    /// Grows with each request of the installation; people use it as the short name.
    package let number: Int64
    package let workspace: WorkspaceID
    package let kind: String
    package let title: String
    package let question: String
    package let context: String
    package var operation: JSONValue
    package var operationHash: String
    package let policy: ApprovalPolicy
    package var status: ApprovalStatus
    package var outcome: String?
    /// What every copy of the prompt says about where it stands.
    package var outcomeLine: String
    package let priority: Int
    package let requester: String
    package let requesterName: String
    package let debate: DebateID?
    package let address: JSONValue?
    package let metadata: JSONValue
    /// Grows with each change.
    package var version: Int64
    package let expiresAt: Timestamp?
    package var respondedAt: Timestamp?
    package let createdAt: Timestamp

    init(_ row: Row) throws {
        id = try row.id("request_id")
        number = try row.integer("approval_number")
        workspace = try row.id("workspace_id")
        kind = try row.text("kind")
        title = try row.text("title")
        // Lists do without what is long.
        question = try row.textOrNil("question") ?? ""
        context = try row.textOrNil("context") ?? ""
        operation = try row.textOrNil("operation_json") == nil ? [:] : try row.json("operation_json")
        operationHash = try row.text("operation_hash")
        policy = try ApprovalPolicy(stored: try row.json("policy_json"))
        status = try row.word("status", of: "an approval")
        outcome = try row.textOrNil("outcome_option")
        outcomeLine = try row.text("outcome_line")
        priority = Int(try row.integer("priority"))
        requester = try row.text("requester_id")
        requesterName = try row.text("requester_name")
        debate = try row.textOrNil("debate_id").map { DebateID($0) }
        address = try row.textOrNil("address_json") == nil ? nil : try row.json("address_json")
        metadata = try row.textOrNil("metadata_json") == nil ? [:] : try row.json("metadata_json")
        version = try row.integer("version")
        expiresAt = try row.timestampOrNil("expires_at")
        respondedAt = try row.timestampOrNil("responded_at")
        createdAt = try row.timestamp("created_at")
    }
}

extension ApprovalRecord {
    /// What is decided about besides the text; nil where that is nothing.
    ///
    /// Canonical JSON: together with the text, it is what the hash is made of.
    package var boundDocument: String? {
        let rest = (operation.object ?? [:]).filter { $0.key != "text" }
        return rest.isEmpty ? nil : JSONValue.object(rest).text
    }

    /// Whether a request says the same as this one, but for the operation and the policy.
    func asksTheSame(as draft: ApprovalDraft) -> Bool {
        kind == draft.kind && title == draft.title && question == draft.question && context == draft.context
            && priority == draft.priority && debate == draft.debate
            // A number may have been written in another way.
            && metadata.text == draft.metadata.text
    }

    /// The beginning of the hash, by which people compare two requests.
    package var shortHash: String { String(operationHash.prefix(12)) }

    /// The hash of what people read about it; the log has it.
    var shownHash: String {
        let shown: JSONValue = [
            "title": .string(title), "question": .string(question), "context": .string(context),
        ]
        return hexadecimal(SHA256.hash(data: shown.bytes))
    }
}

/// Who made or withdrew a request, and by which verified request.
package struct ApprovalCause: Hashable, Sendable {
    /// The immutable id, such as `api:key:…` or `debate:…`.
    package let identity: String
    package let evidence: String

    /// Names somebody.
    package init(identity: String, evidence: String) {
        self.identity = identity
        self.evidence = evidence
    }

    var json: JSONValue { ["identity": .string(identity), "evidence": .string(evidence)] }
}
