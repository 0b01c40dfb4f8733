package import CoreTypes
import Crypto
package import Persistence

/// Checks the audit log: that its chain is whole, and that the tables say what it says.
package struct ApprovalAuditVerifier: Sendable {
    /// What was found in one workspace.
    package struct Report: Sendable {
        package let workspace: WorkspaceID
        package let entries: Int64
        /// The hash of the last entry; whoever keeps it can prove later that nothing before it was changed.
        package let head: String
        /// What is wrong, in the order of the log; empty where nothing is.
        package let problems: [String]
    }

    private static let page = 1000
    /// Requests may hold long texts.
    private static let requestPage = 100
    private static let mostProblems = 20

    /// Makes the verifier.
    package init() {}

    /// The workspaces that have a log.
    /// - Throws: `DatabaseError`.
    package func workspaces(in transaction: borrowing Transaction) throws -> [WorkspaceID] {
        try transaction.query(
            """
            select workspace_id from governance_heads union select distinct workspace_id from governance_artifacts
            union select distinct workspace_id from approval_requests
            union select distinct workspace_id from approver_roles
            union select distinct workspace_id from approval_delegations order by 1
            """
        ).map { try $0.id("workspace_id") }
    }

    /// Checks one workspace.
    /// - Parameter knownHead: the hash of an entry that was noted earlier and has to be in the chain.
    /// - Throws: `DatabaseError`.
    package func verify(
        _ workspace: WorkspaceID,
        knownHead: String? = nil,
        in transaction: borrowing Transaction
    ) throws -> Report {
        var problems: [String] = []
        var (sequence, hash) = (Int64(0), ApprovalAuditLog.origin)
        var isKnownHeadSeen = knownHead == nil
        var logged: [String: Logged] = [:]
        var rights = ApprovalAuditedRights()
        while problems.count < Self.mostProblems {
            let rows = try transaction.query(
                """
                select * from governance_artifacts where workspace_id = \(workspace) and sequence > \(sequence)
                order by sequence limit \(Self.page)
                """
            )
            guard !rows.isEmpty else { break }
            for row in rows {
                let found = try row.integer("sequence")
                if found != sequence + 1 { problems.append("Entries \(sequence + 1) to \(found - 1) are missing.") }
                if let problem = try Self.problem(row, workspace: workspace, previous: hash) {
                    problems.append("Entry \(found): \(problem)")
                }
                sequence = found
                hash = try row.text("hash")
                if hash == knownHead { isKnownHeadSeen = true }
                let entry = try ApprovalAuditLog.entry(row)
                logged[entry.subject, default: Logged()].take(entry)
                rights.take(entry)
            }
        }
        let head = try transaction.query(
            "select sequence, hash from governance_heads where workspace_id = \(workspace)"
        ).first
        let (lastSequence, lastHash) = try head.map { (try $0.integer("sequence"), try $0.text("hash")) } ?? (0, hash)
        if lastSequence != sequence || lastHash != hash {
            problems.append("The log ends with entry \(sequence), but \(lastSequence) were written.")
        }
        if !isKnownHeadSeen { problems.append("The noted head is not in the log.") }
        problems += try tableProblems(workspace, logged, in: transaction)
        problems += try rights.problems(workspace, in: transaction)
        return Report(
            workspace: workspace,
            entries: sequence,
            head: hash,
            problems: Array(problems.prefix(Self.mostProblems))
        )
    }

    private static func problem(_ row: Row, workspace: WorkspaceID, previous: String) throws -> String? {
        let text = try row.text("entry_json")
        guard let document = try? JSONValue(parsing: text), document.text == text else {
            return "it is not the JSON that was written."
        }
        if try hexadecimal(SHA256.hash(data: document.bytes)) != row.text("hash") { return "its hash is not its own." }
        if try row.text("previous_hash") != previous || document["previous"]?.string != previous {
            return "it does not follow the entry before it."
        }
        let isSame =
            try document["sequence"]?.integer == row.integer("sequence")
            && document["workspace"]?.string == workspace.rawValue
            && document["subject"]?.string == row.text("subject_id")
            && document["type"]?.string == row.text("artifact_type")
        return isSame ? nil : "its columns and its JSON differ."
    }

    /// What the log says about one request.
    private struct Logged {
        var answers: Set<String> = []
        /// What was asked; nil for delegations and for what was never asked.
        var request: JSONValue?
        /// What the last entry says: `status`, `outcome`, `operation_hash`, `requester`.
        var last: JSONValue = [:]

        mutating func take(_ entry: ApprovalAuditLog.Entry) {
            guard let data = entry.document["data"], data["status"] != nil else { return }
            if entry.type == "requested" { request = data }
            if entry.type == "decided", let decision = data["decision"] { answers.insert(decision.text) }
            last = data
        }
    }

    /// Whether each request in the tables is what the log says, and nothing in the log is missing there.
    private func tableProblems(
        _ workspace: WorkspaceID,
        _ logged: [String: Logged],
        in transaction: borrowing Transaction
    ) throws -> [String] {
        var problems: [String] = []
        var missing = Set(logged.filter { $0.value.request != nil }.keys)
        var number = Int64.min
        while problems.count < Self.mostProblems {
            let rows = try transaction.query(
                """
                select * from approval_requests where workspace_id = \(workspace) and approval_number > \(number)
                order by approval_number limit \(Self.requestPage)
                """
            )
            guard !rows.isEmpty else { break }
            for row in rows {
                number = try row.integer("approval_number")
                let id = try row.text("request_id")
                missing.remove(id)
                guard let entries = logged[id], let request = entries.request else {
                    problems.append("Request #\(number) is not in the log.")
                    continue
                }
                guard let record = try? ApprovalRecord(row) else {
                    problems.append("Request #\(number) cannot be read.")
                    continue
                }
                let wrong = try differences(record, entries, request, in: transaction)
                if !wrong.isEmpty {
                    let names = wrong.joined(separator: ", ")
                    problems.append("Request #\(number) is not what the log says: \(names).")
                }
            }
        }
        return problems + missing.sorted().map { "The request \($0) is in the log, but not in its table." }
    }

    /// The names of what differs.
    private func differences(
        _ record: ApprovalRecord,
        _ entries: Logged,
        _ request: JSONValue,
        in transaction: borrowing Transaction
    ) throws -> [String] {
        let (id, workspace) = (record.id, record.workspace)
        let answers = try ApprovalRequestStore().decisions(of: id, workspace: workspace, in: transaction)
        let hash = ApprovalDesk.hash(kind: record.kind, operation: record.operation, workspace: workspace)
        let last = entries.last
        let checks = [
            ("status", record.status.rawValue == last["status"]?.string),
            ("outcome", record.outcome == last["outcome"]?.string),
            ("requester", record.requester == last["requester"]?.string),
            ("operation", hash == record.operationHash && hash == last["operation_hash"]?.string),
            ("policy", record.policy.json == request["policy"]),
            ("question", record.title == request["title"]?.string && record.shownHash == request["shown_hash"]?.string),
            ("time", record.createdAt.iso8601 == request["created_at"]?.string),
            ("answers", Set(answers.map(\.json.text)) == entries.answers),
        ]
        return checks.filter { !$0.1 }.map(\.0)
    }
}
