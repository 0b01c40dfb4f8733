import CoreTypes
import Persistence

/// Finds what the buttons and links of prompts stand for.
struct ApprovalTokenReader: Sendable {
    /// What a token stands for.
    struct Meaning: Sendable {
        let record: ApprovalRecord
        /// Where the copy is.
        let workspace: WorkspaceID
        /// The answer of a button; nil for a link, whose page asks.
        let option: ApprovalOption?
        /// A person's one id, or `channel:<platform>:<channel>`.
        let boundTo: String
        /// The id to which the copy was sent, or the channel.
        let recipient: String
        /// What was shown with it.
        let operationHash: String
    }

    let tokens: ApprovalTokens
    let course: ApprovalCourse

    /// What a token stands for; nil for one that is none of ours, or leads to what has ended long ago.
    func meaning(of token: String, in transaction: borrowing Transaction) throws -> Meaning? {
        guard let claim = tokens.read(token),
            let prompt = try ApprovalPromptStore().find(number: claim.number, in: transaction),
            let record = try course.requests.find(prompt.request, in: transaction)
        else { return nil }
        var shown = record.operationHash
        if !tokens.isMade(claim, for: prompt, operationHash: shown, workspace: record.workspace) {
            shown = try course.requestedHash(record, in: transaction)
            guard tokens.isMade(claim, for: prompt, operationHash: shown, workspace: record.workspace) else {
                return nil
            }
        }
        if let ended = record.respondedAt, course.time.now() >= ended + ApprovalTokens.lifetimeAfterEnd { return nil }
        if let position = claim.option, !record.policy.options.indices.contains(position) { return nil }
        return Meaning(
            record: record,
            workspace: prompt.workspace,
            option: claim.option.map { record.policy.options[$0] },
            boundTo: prompt.boundTo,
            recipient: prompt.recipient,
            operationHash: shown
        )
    }
}
