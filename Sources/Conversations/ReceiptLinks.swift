package import CoreTypes
package import Persistence

/// Links with which people look at the receipt of one debate without holding the API token.
///
/// The link carries a code that only this installation can make; it opens what can be checked about that one debate,
/// for reading, and nothing else.
package struct ReceiptLinks: Sendable {
    /// Where people reach the gateway, without a slash at its end; nil where the operator did not say.
    package let publicURL: String?
    private let sealer: Sealer

    private static let purpose = "receipt-link"

    /// Makes links for an installation.
    package init(publicURL: String?, sealer: Sealer) {
        self.publicURL = publicURL
        self.sealer = sealer
    }

    /// The link to a debate's receipt; nil where nobody said under which address people reach the gateway.
    func receipt(of debate: DebateRecord) -> String? {
        publicURL.map { "\($0)/api/v1/debates/\(debate.id)/receipt?access=\(code(debate.id, debate.workspace))" }
    }

    /// The code that opens a debate's receipt.
    package func code(_ debate: DebateID, _ workspace: WorkspaceID) -> String {
        sealer.code(for: [workspace.rawValue, debate.rawValue], purpose: Self.purpose)
    }

    /// Whether a code opens the receipt of this debate.
    package func opens(_ code: String, _ debate: DebateID, _ workspace: WorkspaceID) -> Bool {
        sealer.isCode(code, for: [workspace.rawValue, debate.rawValue], purpose: Self.purpose)
    }
}
