import Channels
package import CoreTypes

/// What people read about a request.
///
/// Names, titles and reasons are what somebody typed, so they are escaped wherever Markdown would read them.
package struct ApprovalPosts: Sendable {
    /// The address under which people reach the gateway, without a slash at its end; nil where it is not known.
    package let publicURL: String?

    /// Makes the posts.
    package init(publicURL: String?) {
        self.publicURL = publicURL
    }

    /// The path of the page on which a link's token decides.
    package static let answerPath = "/approvals/answer"

    /// A prompt that can be answered.
    /// - Parameters:
    ///   - tokens: what its buttons carry, one for each option; empty where there are none.
    ///   - linkToken: what its link carries; nil where there is no link.
    func prompt(
        _ record: ApprovalRecord,
        tokens: [(option: ApprovalOption, token: String)],
        linkToken: String?,
        reminder: Bool = false
    ) -> Post {
        var buttons = tokens.map { option, token in
            Post.Button(label: option.label, token: token, style: Self.style(option.effect))
        }
        if let linkToken, let publicURL {
            let url = "\(publicURL)\(Self.answerPath)/\(linkToken)"
            buttons.append(Post.Button(label: "Look at it and decide", url: url))
        }
        let numbered = record.policy.options.enumerated().map { "\($0 + 1). \(MarkdownDocument.escaped($1.label))" }
        var body = text(of: record)
        let length = record.operation["text"]?.string?.utf16.count ?? 0
        if record.policy.allowsEdit, record.version == 0, length > ApprovalReply.longestFormText, linkToken == nil {
            body +=
                "\n\n“Approve” approves the text as it is; it is too long to be changed here. The inbox and the page of "
                + "a letter take it."
        }
        if linkToken == nil {
            body += "\n\n" + numbered.joined(separator: "\n")
            body += "\n\nAnswer with a button, or with the number alone in this thread"
            let withReason = record.policy.options.firstIndex(where: \.requiresComment)
            body += withReason.map { "; where a reason is needed, with `\($0 + 1): <reason>`." } ?? "."
        }
        return Post(
            title: "\(reminder ? "Reminder: " : "")\(record.title)",
            body: body,
            fields: fields(record),
            buttons: buttons,
            footer: footer(record),
            fallbackText: "\(reminder ? "Reminder: " : "")your decision is needed: \(oneLine(record.title))"
        )
    }

    /// A prompt that is answered: the same, without buttons.
    ///
    /// What people did not approve may be just what nobody else should read: it is not shown any more.
    func closed(_ record: ApprovalRecord) -> Post {
        let isOut = record.status == .approved || record.status == .decided
        return Post(
            title: record.title,
            body: isOut ? text(of: record) : MarkdownDocument.escaped(record.question),
            fields: fields(record),
            footer: footer(record),
            fallbackText: "\(oneLine(record.title)): \(oneLine(record.outcomeLine))"
        )
    }

    /// How it ended, for platforms on which a message cannot be changed.
    func outcome(_ record: ApprovalRecord) -> Post {
        Post(
            title: "\(record.title): \(record.status.rawValue)",
            body: "\(MarkdownDocument.escaped(record.outcomeLine)).\n\nNobody needs to answer any more.",
            footer: footer(record),
            fallbackText: "\(oneLine(record.title)): \(oneLine(record.outcomeLine))"
        )
    }

    /// What somebody is told whose answer was to another text than is decided now: with that one.
    func changed(_ record: ApprovalRecord, _ line: String) -> Post {
        Post(
            body: "\(MarkdownDocument.escaped(line))\n\n\(text(of: record))",
            footer: footer(record),
            fallbackText: line
        )
    }

    /// The form that asks for what an answer still needs.
    /// - Parameter mayEdit: whether it shows the text, which may be changed before it is approved.
    func form(_ record: ApprovalRecord, option: ApprovalOption, token: String, mayEdit: Bool) -> Form {
        var fields = [
            Form.Field(
                name: "comment",
                label: option.effect == .revise ? "What should be different?" : "Why?",
                hint: "It is shown with the decision and kept in the log.",
                kind: .text(multiline: true),
                isOptional: !option.requiresComment
            )
        ]
        if mayEdit {
            let text = Form.Field(
                name: "text",
                label: "The text; you may change it before you approve it",
                kind: .text(multiline: true),
                initial: record.operation["text"]?.string ?? ""
            )
            fields.insert(text, at: 0)
        }
        return Form(
            title: "\(option.label): #\(record.number)",
            callback: Self.formCallback,
            submitLabel: "Send",
            fields: fields,
            state: token
        )
    }

    /// What comes back with a form of ours.
    package static let formCallback = "approval"

    /// The list of what waits for somebody.
    /// - Parameter prefix: what stands before a command where it is read.
    func list(_ records: [ApprovalRecord], prefix: String) -> Post {
        guard !records.isEmpty else {
            let text = "Nothing waits for your decision."
            return Post(body: text, fallbackText: text)
        }
        let lines = records.map { record in
            "- **#\(record.number)** \(MarkdownDocument.escaped(oneLine(record.title))) – \(MarkdownDocument.escaped(record.outcomeLine))"
        }
        return Post(
            title: "Waiting for your decision",
            body: lines.joined(separator: "\n"),
            footer: "`\(prefix)approve <number>`, or `\(prefix)reject <number> <reason>`.",
            fallbackText: "What waits for your decision"
        )
    }

    private func text(of record: ApprovalRecord) -> String {
        var body = MarkdownDocument.escaped(record.question)
        if let text = record.operation["text"]?.string, !text.isEmpty {
            body += "\n\n\(CodeSplitter.fenced(text))"
        }
        if let document = record.boundDocument { body += "\n\n\(CodeSplitter.fenced(document))" }
        if !record.context.isEmpty { body += "\n\n\(record.context)" }
        return body
    }

    private func fields(_ record: ApprovalRecord) -> [Post.Field] {
        var fields: [Post.Field] = [.init("Status", record.outcomeLine)]
        if record.priority <= 2 { fields.append(.init("Priority", record.priority == 1 ? "urgent" : "high")) }
        if record.status == .pending, let expires = record.expiresAt {
            let outcome =
                switch record.policy.expiryOutcome {
                case .approved: "counts as approved"
                case .rejected: "counts as rejected"
                case .expired: "expires"
                }
            fields.append(.init("Until", "\(Self.minute(expires)), then it \(outcome)"))
        }
        return fields
    }

    private func footer(_ record: ApprovalRecord) -> String {
        let who = record.requesterName.isEmpty ? record.requester : record.requesterName
        return
            "Request #\(record.number), asked for by \(MarkdownDocument.escaped(who)), operation `\(record.shortHash)`."
    }

    private static func style(_ effect: ApprovalOption.Effect) -> Post.Button.Style {
        switch effect {
        case .approve: .primary
        case .reject: .danger
        case .revise, .custom: .plain
        }
    }

    /// A moment for people, such as `2026-01-31 09:05 UTC`.
    package static func minute(_ moment: Timestamp) -> String {
        "\(moment.iso8601.prefix(16).replacing("T", with: " ")) UTC"
    }

    private func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
