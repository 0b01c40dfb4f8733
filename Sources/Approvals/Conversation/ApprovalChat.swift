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
            Post(body: MarkdownDocument.escaped(text), fallbackText: text)
        }
    }

    private let desk: ApprovalDesk
    private let posts: ApprovalPosts

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
        guard hasForms, case .refused(let record, let refusal) = answer else { return said(answer, event) }
        let otherwise = Answer.post("The form could not be opened. \(answer.text(prefix: event.commandPrefix))")
        switch refusal {
        case .commentRequired(let option):
            return .ask(posts.form(record, option: option, token: token, mayEdit: false), otherwise: otherwise)
        case .mayEdit(let option):
            return .ask(posts.form(record, option: option, token: token, mayEdit: true), otherwise: otherwise)
        default: return said(answer, event)
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
        return said(answer ?? .unknown, event)
    }

    /// Something was written where a prompt is: a number, and perhaps a reason behind it.
    ///
    /// It answers the prompt that came last where it was written, or would be too late for that one: it never decides
    /// another request instead. What can be no answer is left to whoever reads the thread, and so are words of somebody
    /// who may not decide.
    /// - Returns: nil where it is no answer to a prompt.
    /// - Throws: `UnnamedActor` where nobody has told the person's name; `DatabaseError`.
    package func reply(
        _ text: String,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer? {
        guard let typed = NumberedAnswer(text) else { return nil }
        let copies = try CopiesInSight(event, isDirect: isDirect, in: transaction)
        guard let copy = try copies.last(in: transaction),
            let record = try desk.requests.listing(of: copy.request, in: transaction)?.record
        else { return nil }
        var isPlausible = typed.isPlausible(for: record.policy)
        if record.status == .pending {
            var hasSeveral = false
            // There may be many, so one after the other, without their texts.
            for other in try copies.open(in: transaction)
            where other.request != record.id && !(hasSeveral && isPlausible) {
                guard try copies.contains(other, in: transaction),
                    let found = try desk.requests.listing(of: other.request, in: transaction)?.record,
                    found.status == .pending
                else { continue }
                hasSeveral = true
                isPlausible = isPlausible || typed.isPlausible(for: found.policy)
            }
            guard isPlausible else { return nil }
            guard !hasSeveral else {
                return Answer(
                    "Several requests wait here. Answer one with `\(event.commandPrefix)approve <number>` or "
                        + "`\(event.commandPrefix)reject <number> <reason>`."
                )
            }
        } else {
            // Whoever is late is told so.
            guard isPlausible, typed.option(of: record.policy) != nil else { return nil }
        }
        guard let option = typed.option(of: record.policy) else {
            return Answer("There is no answer \(typed.number); there are 1 to \(record.policy.options.count).")
        }
        let answer = try desk.decide(
            record.id,
            workspace: record.workspace,
            ApprovalReply(
                actor: try namedActor(event, .reply, workspace: record.workspace, in: transaction),
                optionID: option.id,
                comment: typed.comment,
                operationHash: option.effect.isForText && record.status == .pending
                    ? Self.hash(seenIn: copy, event) : nil
            ),
            in: transaction
        )
        if case .refused(_, .foreign) = answer, !typed.comment.isEmpty { return nil }
        return said(answer, event)
    }

    /// The hash of what a copy showed to somebody who wrote beside it; nil where it may have been another text, because
    /// it was written before the copy came to show this one: an edit keeps the number of its message.
    private static func hash(seenIn copy: ApprovalPrompt, _ event: InboundEvent) -> String? {
        guard let written = event.writtenAt, written >= copy.updatedAt else { return nil }
        return copy.shownHash
    }

    /// How many requests a list in a chat has at most.
    private static let longestList = 20

    /// `approvals`: what waits for the person.
    /// - Throws: `DatabaseError`.
    package func list(_ event: InboundEvent, in transaction: borrowing Transaction) throws -> Answer {
        var waiting = desk.waiting(for: actor(event, .command))
        let found = try waiting.list(workspace: event.workspace, limit: Self.longestList, in: transaction)
        return .say(posts.list(found.map(\.record), prefix: event.commandPrefix))
    }

    /// `approve <id>`, `reject <id> <reason>`, `revise <id> <guidance>`: the first option of that effect.
    /// - Throws: `UnnamedActor` where nobody has told the person's name; `DatabaseError`.
    package func decide(
        _ name: String,
        effect: ApprovalOption.Effect,
        comment: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer {
        try decide(name, comment: comment, event, in: transaction) { policy in
            policy.options.first { $0.effect == effect }?.id ?? effect.rawValue
        }
    }

    /// `answer <id> <option> <reason>`: any option, by its own id.
    /// - Throws: `UnnamedActor` where nobody has told the person's name; `DatabaseError`.
    package func decide(
        _ name: String,
        option: String,
        comment: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer {
        try decide(name, comment: comment, event, in: transaction) { _ in option.lowercased() }
    }

    private func decide(
        _ name: String,
        comment: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction,
        optionID: (ApprovalPolicy) -> String
    ) throws -> Answer {
        guard let record = try desk.find(named: name, for: event.workspace, in: transaction) else {
            return Answer(
                "There is no request “\(name.shortened(to: 40))”. `\(event.commandPrefix)approvals` lists what waits "
                    + "for you."
            )
        }
        let actor = try namedActor(event, .command, workspace: record.workspace, in: transaction)
        let optionID = optionID(record.policy)
        var comment = comment
        var seen: String?
        // `approve 7 3f2a9c01b4de`: exactly what has this hash, wherever it was read.
        let word = comment.prefix { !$0.isWhitespace }
        if word.lowercased() == record.shortHash {
            seen = record.operationHash
            comment = String(comment[word.endIndex...].drop(while: \.isWhitespace))
        } else if record.policy.option(optionID)?.effect.isForText == true {
            seen = try desk.hashShown(of: record, to: actor, before: event.writtenAt, in: transaction)
        }
        let answer = try desk.decide(
            record.id,
            workspace: record.workspace,
            ApprovalReply(actor: actor, optionID: optionID, comment: comment, operationHash: seen),
            in: transaction
        )
        return said(answer, event)
    }

    /// What somebody is told; with the text, where it is another one than they saw.
    private func said(_ answer: ApprovalAnswer, _ event: InboundEvent) -> Answer {
        let text = answer.text(prefix: event.commandPrefix)
        guard case .refused(let record, .changed) = answer else { return Answer(text) }
        return .say(posts.changed(record, text))
    }

    /// `delegations`: for whom the person decides, and who decides for them.
    /// - Throws: `DatabaseError`.
    package func listDelegations(_ event: InboundEvent, in transaction: borrowing Transaction) throws -> Answer {
        let workspace = event.workspace
        let found = try desk.delegations.list(of: actor(event, .command), workspace: workspace, in: transaction)
        guard !found.mine.isEmpty || !found.forOthers.isEmpty else {
            return Answer("Nobody decides for you, and you decide for nobody else.")
        }
        var lines: [String] = []
        for given in found.mine {
            let delegate = try called(given.delegate, workspace: workspace, in: transaction)
            lines.append("\(delegate) decides for you until \(ApprovalPosts.minute(given.endsAt)).")
        }
        for got in found.forOthers {
            let delegator = try called(got.delegator, workspace: workspace, in: transaction)
            lines.append("You decide for \(delegator) until \(ApprovalPosts.minute(got.endsAt)).")
        }
        let end = found.mine.isEmpty ? [] : ["`\(event.commandPrefix)undelegate` ends what you gave."]
        return Answer((lines + end).joined(separator: "\n"))
    }

    /// `undelegate`: nobody decides for the person any more.
    /// - Throws: `DatabaseError`.
    package func undelegate(_ event: InboundEvent, in transaction: borrowing Transaction) throws -> Answer {
        let ended = try desk.delegations.takeBack(
            by: actor(event, .command),
            workspace: event.workspace,
            in: transaction
        )
        guard !ended.isEmpty else { return Answer("Nobody decides for you.") }
        var delegates: [String] = []
        for delegation in ended {
            delegates.append(try called(delegation.delegate, workspace: event.workspace, in: transaction))
        }
        return Answer("From now on, \(delegates.joined(separator: " and ")) decides for you no more.")
    }

    /// `delegate <person> until <date>`.
    /// - Throws: `UnnamedActor` where nobody has told the person's name; `DatabaseError`.
    package func delegate(
        _ person: String,
        until date: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> Answer {
        guard let moment = ApprovalDate.read(date) else {
            return Answer("“\(date.shortened(to: 40))” is no date; write 2026-01-31, or 2026-01-31 09:05 (UTC).")
        }
        guard let other = Self.person(person, event) else {
            return Answer("Name the person by a mention, by an id such as slack:U012, or by a mail address.")
        }
        do {
            let actor = try namedActor(event, .command, workspace: event.workspace, in: transaction)
            try desk.delegations.give(
                from: actor,
                to: other.id,
                until: moment,
                workspace: event.workspace,
                in: transaction
            )
            // What is decided in their place says for whom.
            try desk.directory.learn(actor, workspace: event.workspace, in: transaction)
        } catch let error as ApprovalError {
            return Answer(error.description)
        }
        let name = try called(other.id, as: other.name, workspace: event.workspace, in: transaction)
        return Answer("Until \(ApprovalPosts.minute(moment)), \(name) may decide whatever you may.")
    }

    /// Somebody's id behind their name, so that it can be seen whether the right one was meant.
    /// - Parameter mention: what they were called in a mention; nil for what the platform has said before.
    private func called(
        _ id: String,
        as mention: String? = nil,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> String {
        var name = mention
        if name == nil {
            let ids = try desk.directory.ids(of: id, workspace: workspace, in: transaction).all
            name = try desk.directory.name(of: ids, workspace: workspace, in: transaction)
        }
        guard let name, !name.isEmpty, !id.hasSuffix(":\(name)") else { return id }
        return "\(name.shortened(to: 80)) (\(id))"
    }

    /// An immutable id: a mention that the platform resolved, `<@U012>`, `slack:U012` or a mail address; never a name as
    /// somebody typed it.
    ///
    /// The name is what the mention shows.
    private static func person(_ text: String, _ event: InboundEvent) -> (id: String, name: String?)? {
        if text.hasPrefix("<@"), text.hasSuffix(">") {
            let mention = text.dropFirst(2).dropLast()
            let id = mention.prefix { $0 != "|" }
            guard !id.isEmpty, !id.contains(where: \.isWhitespace) else { return nil }
            let name = mention[id.endIndex...].dropFirst()
            return ("\(event.address.platform):\(id)", name.isEmpty ? nil : String(name))
        }
        if text.hasPrefix("@") {
            let name = String(text.dropFirst())
            return event.mentions[name].map { ("\(event.address.platform):\($0)", name) }
        }
        if text.contains("@"), !text.contains(":") { return ("email:\(text)", nil) }
        return text.contains(":") ? (text, nil) : nil
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

    /// Whoever did something that is written down with their name.
    /// - Throws: `UnnamedActor` where neither this event nor an earlier one tells it; `DatabaseError`.
    private func namedActor(
        _ event: InboundEvent,
        _ surface: ApprovalActor.Surface,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> ApprovalActor {
        var named = actor(event, surface)
        guard event.actor.displayName == nil, !event.actor.isBot else { return named }
        let ids = try desk.directory.ids(of: named.identity, workspace: workspace, in: transaction).all
        guard let name = try desk.directory.name(of: ids, workspace: workspace, in: transaction) else {
            throw UnnamedActor(of: event)
        }
        named.name = name
        return named
    }

    private func actor(_ event: InboundEvent, _ surface: ApprovalActor.Surface) -> ApprovalActor {
        ApprovalActor(
            identity: "\(event.address.platform):\(event.actor.id)",
            name: event.actor.displayName ?? event.actor.id,
            channel: "\(event.address.platform):\(event.address.channel)",
            workspace: event.workspace,
            surface: surface,
            evidence: event.originKey
        )
    }
}
