import Approvals
import Channels
import Conversations
import CoreTypes
import Persistence
import Publishing

/// What those are told in chat who were shown a publication: its preview keeps saying where it stands, and its end is
/// said once in the debate's thread.
extension PublicationApprovals {
    func changed(_ publication: Publication, preview: String, in transaction: borrowing Transaction) throws {
        guard let line = Self.line(publication),
            let address = try thread(of: publication, in: transaction)
        else { return }
        let platform = Self.name(of: publication)
        if let request = publication.approval.map({ ApprovalID($0) }),
            let record = try requests.find(request, workspace: publication.workspace, in: transaction),
            let shown = record.metadata["preview"]?.string
        {
            // What people did not let out may be just what nobody else should read.
            let isOut = ![.drafted, .withdrawn].contains(publication.state)
            try outbox.edit(
                target: OutboxKey(shown),
                post: self.shown(isOut ? preview : "", platform, line),
                address: address,
                key: OutboxKey("\(shown)/v\(publication.version)"),
                coalesceKey: "\(shown)/state",
                in: transaction
            )
        }
        guard [.published, .failed, .unknown].contains(publication.state) else { return }
        try outbox.post(
            Post(body: MarkdownDocument.escaped(line), fallbackText: line),
            to: address,
            key: OutboxKey("\(publication.id)/outcome/\(publication.version)"),
            in: transaction
        )
    }

    /// The platform as people call it.
    static func name(of publication: Publication) -> String { publication.platform == "x" ? "X" : "YouTube" }

    /// Where the debate was asked for; nil where that was no chat.
    func thread(of publication: Publication, in transaction: borrowing Transaction) throws -> Address? {
        try publication.debate.flatMap { debate in
            try DebateStore().find(debate, workspace: publication.workspace, in: transaction)
        }.flatMap { Address(json: $0.address)?.followingUp }
    }

    func shown(_ preview: String, _ platform: String, _ line: String) -> Post {
        Post(
            title: "To be published on \(platform)",
            body: preview,
            footer: MarkdownDocument.escaped(line),
            fallbackText: "For publication on \(platform): \(line)"
        )
    }

    /// Where a publication stands, for people; nil for a state of which there is nothing to say.
    private static func line(_ publication: Publication) -> String? {
        let platform = name(of: publication)
        let reason = publication.errorMessage.map { $0.isEmpty ? "" : " \($0)" } ?? ""
        let seen = publication.url.map { " See \($0)" } ?? ""
        switch publication.state {
        case .previewed, .sending: return nil
        case .drafted where publication.approval == nil: return nil
        case .drafted: return "Nothing is out: it went back to be changed.\(reason)"
        case .released:
            return "Approved by \(publication.releasedBy ?? "the operator"): it is on its way to \(platform)."
        case .published: return "Published on \(platform).\(reason)\(seen)"
        case .failed:
            return "Not published on \(platform).\(reason)\(publication.url.map { " What is out: \($0)" } ?? "")"
        case .unknown: return "It cannot be told whether all of it is out on \(platform); somebody has to look.\(seen)"
        case .withdrawing: return "It is being taken back."
        case .withdrawn: return "Nothing is out: it was not approved, or taken back.\(reason)"
        }
    }
}
