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
    private static let mostProblems = 20

    /// Makes the verifier.
    package init() {}

    /// The workspaces that have a log.
    /// - Throws: `DatabaseError`.
    package func workspaces(in transaction: borrowing Transaction) throws -> [WorkspaceID] {
        try transaction.query(
            """
            select workspace_id from governance_heads union select distinct workspace_id from governance_artifacts
            union select distinct workspace_id from approval_requests order by 1
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
        var decided: [String: Set<String>] = [:]
        var outcomes: [String: String] = [:]
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
                Self.note(try ApprovalAuditLog.entry(row), &decided, &outcomes)
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
        problems += try tableProblems(workspace, decided, outcomes, in: transaction)
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

    private static func note(
        _ entry: ApprovalAuditLog.Entry,
        _ decided: inout [String: Set<String>],
        _ outcomes: inout [String: String]
    ) {
        let data = entry.document["data"]
        if entry.type == "decided", let decision = data?["decision"] {
            decided[entry.subject, default: []].insert(decision.text)
        }
        if let status = data?["status"]?.string { outcomes[entry.subject] = status }
    }

    /// Whether each answer and each outcome in the tables is in the log, and nothing in the log is missing there.
    private func tableProblems(
        _ workspace: WorkspaceID,
        _ decided: [String: Set<String>],
        _ outcomes: [String: String],
        in transaction: borrowing Transaction
    ) throws -> [String] {
        var problems: [String] = []
        var seen: Set<String> = []
        let store = ApprovalRequestStore()
        let rows = try transaction.query(
            "select request_id, approval_number, status from approval_requests where workspace_id = \(workspace)"
        )
        for row in rows {
            let id = try row.text("request_id")
            let number = try row.integer("approval_number")
            seen.insert(id)
            if outcomes[id] != (try row.text("status")) {
                problems.append("Request #\(number) has another status than the log says.")
            }
            let answers = try store.decisions(of: ApprovalID(id), workspace: workspace, in: transaction)
            if Set(answers.map(\.json.text)) != decided[id] ?? [] {
                problems.append("Request #\(number) has other answers than the log says.")
            }
        }
        for id in outcomes.keys.sorted() where !seen.contains(id) {
            problems.append("The request \(id) is in the log, but not in its table.")
        }
        return problems
    }
}
