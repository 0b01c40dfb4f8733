package import Channels
import CoreTypes
package import Persistence

/// What people do with approvals from a chat: buttons, forms, numbers in a thread, commands.
///
/// Whatever it is, the actor is the platform's immutable id from the verified event, and the answer is for that person
/// alone.
package struct ApprovalChat: Sendable {
    /// What the person gets.
    package enum Answer: Sendable {
        case say(Post)
        /// A form that asks for what is missing, and what is said where it cannot be shown.
        case ask(Form, otherwise: Post)

        init(_ text: String) {
            self = .say(Self.post(text))
        }

        static func post(_ text: String) -> Post {
            Post(body: ApprovalPosts.escaped(text), fallbackText: text)
        }
    }

    private let desk: ApprovalDesk
    private let posts: ApprovalPosts
    private let prompts = ApprovalPromptStore()

    /// Makes the chat's side of the desk.
    package init(desk: ApprovalDesk, posts: ApprovalPosts) {
        self.desk = desk
        self.posts = posts
    }

    /// A button was pressed.
    /// - Returns: nil where the button is none of ours.
    /// - Throws: `DatabaseError`.
    package func press(token: String, _ event: InboundEvent, in transaction: borrowing Transaction) throws -> Answer? {
        let hasForms = event.address.trigger != nil
        let answer = try decide(token: token, surface: .button, offersForm: hasForms, event, in: transaction)
        guard let answer else { return nil }
        // A button cannot carry a reason or a changed text; a form can, where the platform has forms.
        guard hasForms, case .refused(let record, let refusal) = answer else { return Answer(answer.text) }
        let otherwise = Answer.post("The form could not be opened. \(answer.text)")
        switch refusal {
        case .commentRequired(let option):
            return .ask(posts.form(record, option: option, token: token, mayEdit: false), otherwise: otherwise)
        case .mayEdit(let option):
            return .ask(posts.form(record, option: option, token: token, mayEdit: true), otherwise: otherwise)
        default: return Answer(answer.text)
        }
    }

    /// A form came back.
    /// - Returns: nil where the form is none of ours.
    /// - Throws: `DatabaseError`.
    package func submit(
        callback: String,
        answers: [String: String],
        state: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer? {
        guard callback == ApprovalPosts.formCallback else { return nil }
        let answer = try decide(
            token: state,
            comment: answers["comment"] ?? "",
            editedText: answers["text"],
            surface: .form,
            event,
            in: transaction
        )
        return Answer((answer ?? .unknown).text)
    }

    /// Something was written where a prompt is: a number, and perhaps a reason behind it.
    /// - Returns: nil where it is no answer to a prompt.
    /// - Throws: `DatabaseError`.
    package func reply(
        _ text: String,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer? {
        let text = text.drop(while: \.isWhitespace)
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let rest = text.dropFirst(digits.count)
        guard (1...2).contains(digits.count), let number = Int(digits),
            rest.first.map({ $0.isWhitespace || ".:),".contains($0) }) ?? true
        else { return nil }
        var open = try prompts.open(
            inConversation: event.conversationKey,
            workspace: event.workspace,
            in: transaction
        )
        if open.isEmpty, isDirect {
            open = try prompts.open(
                to: actor(event, .reply).identity,
                platform: event.address.platform,
                workspace: event.workspace,
                in: transaction
            )
        }
        let requests = Set(open.map(\.request))
        guard let request = requests.first else { return nil }
        guard requests.count == 1 else {
            return Answer(
                "Several requests wait here. Answer one with `approve <number>` or `reject <number> <reason>`."
            )
        }
        guard let record = try desk.requests.find(request, workspace: event.workspace, in: transaction) else {
            return nil
        }
        guard record.policy.options.indices.contains(number - 1) else {
            return Answer("There is no answer \(number); there are 1 to \(record.policy.options.count).")
        }
        let comment = rest.drop { $0.isWhitespace || ".:),".contains($0) }
        let answer = try desk.decide(
            request,
            workspace: event.workspace,
            ApprovalReply(
                actor: actor(event, .reply),
                optionID: record.policy.options[number - 1].id,
                comment: String(comment)
            ),
            in: transaction
        )
        return Answer(answer.text)
    }

    /// `approvals`: what waits for the person.
    /// - Throws: `DatabaseError`.
    package func list(_ event: InboundEvent, in transaction: borrowing Transaction) throws -> Answer {
        let waiting = try desk.waiting(for: actor(event, .command), workspace: event.workspace, in: transaction)
        return .say(posts.list(waiting))
    }

    /// `approve <id>`, `reject <id> <reason>`: the first option of that effect.
    /// - Throws: `DatabaseError`.
    package func decide(
        _ name: String,
        effect: ApprovalOption.Effect,
        comment: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer {
        guard let record = try desk.requests.find(named: name, workspace: event.workspace, in: transaction) else {
            return Answer("There is no request “\(name.prefix(40))”. `approvals` lists what waits for you.")
        }
        let answer = try desk.decide(
            record.id,
            workspace: event.workspace,
            ApprovalReply(
                actor: actor(event, .command),
                optionID: record.policy.options.first { $0.effect == effect }?.id ?? effect.rawValue,
                comment: comment
            ),
            in: transaction
        )
        return Answer(answer.text)
    }

    /// `delegate <person> until <date>`.
    /// - Throws: `DatabaseError`.
    package func delegate(
        _ person: String,
        until date: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer {
        guard let moment = ApprovalDate.read(date) else {
            return Answer("“\(date.prefix(40))” is no date; write 2026-01-31, or 2026-01-31 09:05 (UTC).")
        }
        guard let other = Self.person(person, platform: event.address.platform) else {
            return Answer("Name the person by a mention, by an id such as slack:U012, or by a mail address.")
        }
        do {
            try desk.delegate(
                from: actor(event, .command),
                to: other,
                until: moment,
                workspace: event.workspace,
                in: transaction
            )
        } catch let error as ApprovalError {
            return Answer(error.description)
        }
        return Answer("Until \(ApprovalPosts.minute(moment)), \(other) may decide whatever you may.")
    }

    /// An immutable id: `<@U012>`, `@U012`, `slack:U012` or a mail address; never a name as typed.
    private static func person(_ text: String, platform: String) -> String? {
        var name = text
        if name.hasPrefix("<"), name.hasSuffix(">") { name = String(name.dropFirst().dropLast()) }
        if let bar = name.firstIndex(of: "|") { name = String(name[..<bar]) }
        if name.hasPrefix("@") {
            let id = name.dropFirst()
            // Platforms' ids have no lower-case letters; the names that people choose nearly always do.
            guard !id.isEmpty, !id.contains(where: { $0.isLowercase || $0.isWhitespace }) else { return nil }
            return "\(platform):\(id)"
        }
        if name.contains("@"), !name.contains(":") { return "email:\(name)" }
        return name.contains(":") ? name : nil
    }

    private func decide(
        token: String,
        comment: String = "",
        editedText: String? = nil,
        surface: ApprovalActor.Surface,
        offersForm: Bool = false,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> ApprovalAnswer? {
        try desk.decide(token: token, workspace: event.workspace, in: transaction) { option, _ in
            ApprovalReply(
                actor: actor(event, surface),
                optionID: option ?? "",
                comment: comment,
                editedText: editedText,
                offersForm: offersForm
            )
        }
    }

    private func actor(_ event: InboundEvent, _ surface: ApprovalActor.Surface) -> ApprovalActor {
        ApprovalActor(
            identity: "\(event.address.platform):\(event.actor.id)",
            name: event.actor.displayName ?? event.actor.id,
            channel: "\(event.address.platform):\(event.address.channel)",
            surface: surface,
            evidence: event.originKey
        )
    }
}
