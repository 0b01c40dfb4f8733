import CoreTypes
import Persistence

/// A request as lists have it: without those of its texts that are too long for one.
///
/// A thousand requests may hold gigabytes. Whoever needs all of a request finds it by its id.
package struct ApprovalListing: Sendable {
    /// The texts that programs make as long as they like, by the API's names.
    package enum Text: String, CaseIterable, Sendable {
        case question, context, operation, policy, metadata

        fileprivate var column: String {
            switch self {
            case .question, .context: rawValue
            case .operation, .policy, .metadata: "\(rawValue)_json"
            }
        }
    }

    /// The longest text of a list, in bytes.
    package static let longestText = 4096

    /// The request; what was left out of it is empty, but for the policy, by which it is known for whom it waits.
    package let record: ApprovalRecord
    package let leftOut: Set<Text>

    init(_ row: Row) throws {
        record = try ApprovalRecord(row)
        leftOut = Set(
            try Text.allCases.filter { text in
                try text == .policy
                    ? row.integer("policy_bytes") > Self.longestText : row.textOrNil(text.column) == nil
            }
        )
    }

    /// The columns of a list.
    static func columns(_ dialect: Dialect) -> String {
        let short = Text.allCases.filter { $0 != .policy }.map { text in
            "case when \(dialect.bytes(of: text.column)) <= \(longestText) then \(text.column) end as \(text.column)"
        }
        let others = """
            workspace_id, request_id, approval_number, kind, title, operation_hash, policy_json, status, outcome_option,
            outcome_line, priority, requester_id, requester_name, debate_id, address_json, version, expires_at,
            responded_at, created_at, \(dialect.bytes(of: "policy_json")) as policy_bytes
            """
        return ([others] + short).joined(separator: ", ")
    }
}
