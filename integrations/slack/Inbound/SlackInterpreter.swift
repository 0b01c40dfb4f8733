import Channels
import CoreTypes

/// Reads stored rows in full.
struct SlackInterpreter: Sendable {
    /// How long a response URL lives (https://docs.slack.dev/interactivity/handling-user-interaction/).
    static let responseURLLifetime: Duration = .seconds(30 * 60)

    let apiURL: String

    /// Reads a row; an event that means nothing to us gives no events.
    /// - Throws: `SlackRowError` for a row that cannot be read.
    func interpret(_ event: StoredEvent) throws -> [InboundEvent] {
        switch SlackShape(rawValue: event.shape) {
        case .event: try [platformEvent(event)].compactMap { $0 }
        case .command: try [command(event)]
        case .interaction: try [interaction(event)].compactMap { $0 }
        case nil: throw SlackRowError("A row has the unknown shape \(event.shape).")
        }
    }

    private func platformEvent(_ row: StoredEvent) throws -> InboundEvent? {
        let document = try json(row.body)
        guard let event = document["event"] else { throw SlackRowError("An event has no content.") }
        guard let message = SlackMessageFacts(document) else { return removal(row, document, event) }
        guard message.concernsUs else { return nil }
        let author = event["user"]?.string ?? event["bot_id"]?.string
        guard let author else { return nil }
        let content = SlackMessageContent(JSONValue(event), without: message.botUser)
        let thread = SlackKeys.thread(channel: message.channel, thread: message.thread, message: message.ts)
        let isBot = event["bot_id"] != nil || message.subtype == "bot_message" || author == "USLACKBOT"
        return InboundEvent(
            workspace: row.workspace,
            originKey: "slack:\(message.channel):\(message.ts)",
            conversationKey: row.conversationKey,
            actor: InboundEvent.Actor(
                id: author,
                displayName: event["username"]?.string ?? event["bot_profile"]?["name"]?.string,
                isBot: isBot
            ),
            address: Address(
                platform: SlackAdapter.platformName,
                workspace: row.workspace,
                channel: message.channel,
                thread: thread,
                threadIsNew: thread != nil && message.thread == nil,
                person: author
            ),
            kind: .message(
                text: content.words,
                messageID: message.ts,
                mentionsUs: message.mentionsUs,
                isDirect: message.isDirect
            ),
            mentions: content.people,
            quotation: content.quotation,
            hasFiles: content.hasFiles,
            writtenAt: message.writtenAt
        )
    }

    private func removal(_ row: StoredEvent, _ document: JSONDocument, _ event: JSONNode) -> InboundEvent? {
        let type = event["type"]?.string ?? ""
        switch type {
        case "app_uninstalled": break
        // The tokens of single people may be revoked while the bot's own stays.
        case "tokens_revoked": guard event["tokens"]?["bot"]?.array?.isEmpty == false else { return nil }
        default: return nil
        }
        // Whole seconds, and no more of them than a calendar has; it happened at some moment of that second.
        let seconds = document["event_time"]?.integer.flatMap { (0..<100_000_000_000).contains($0) ? $0 : nil }
        return InboundEvent(
            workspace: row.workspace,
            originKey: "slack:event:\(document["event_id"]?.string ?? row.eventKey)",
            conversationKey: row.conversationKey,
            actor: InboundEvent.Actor(id: "slack", isBot: true),
            address: Address(platform: SlackAdapter.platformName, workspace: row.workspace, channel: ""),
            kind: .uninstalled(reason: type, at: seconds.map { Timestamp(milliseconds: $0 * 1000 + 999) })
        )
    }

    private func command(_ row: StoredEvent) throws -> InboundEvent {
        let form = SlackFormBody(row.body)
        guard let channel = form["channel_id"], let user = form["user_id"], let trigger = form["trigger_id"] else {
            throw SlackRowError("A command names no channel, user or trigger.")
        }
        let text = SlackText(form["text"] ?? "")
        return InboundEvent(
            workspace: row.workspace,
            originKey: "slack:command:\(trigger)",
            conversationKey: row.conversationKey,
            actor: InboundEvent.Actor(id: user, displayName: form["user_name"]),
            address: address(
                row,
                channel: channel,
                thread: nil,
                person: user,
                responseURL: form["response_url"],
                trigger: trigger
            ),
            kind: .command(text: text.markdown),
            mentions: text.people
        )
    }

    private func interaction(_ row: StoredEvent) throws -> InboundEvent? {
        guard let payload = SlackFormBody(row.body).bytes(of: "payload") else {
            throw SlackRowError("An interaction has no payload.")
        }
        guard let interaction = SlackInteraction(try json(payload)) else { return nil }
        guard let user = interaction.userID else { throw SlackRowError("An interaction names nobody.") }
        var address = address(
            row,
            channel: interaction.channel,
            thread: interaction.thread,
            person: user,
            responseURL: interaction.responseURL,
            trigger: interaction.trigger
        )
        address.threadIsNew = interaction.threadIsNew
        let kind: InboundEvent.Kind
        switch interaction.kind {
        case .button(let token): kind = .button(token: token)
        case .shortcut(let text): kind = .formRequested(text: text)
        case .submission(let submission):
            // The URL is older than the form: it lives as long as it did when the form was asked for.
            address.responseURLExpires = address.responseURL == nil ? nil : submission.origin.responseURLExpires
            kind = .formSubmitted(
                callback: submission.callback,
                answers: submission.answers,
                state: submission.state
            )
        }
        return InboundEvent(
            workspace: row.workspace,
            originKey: interaction.originKey,
            conversationKey: row.conversationKey,
            actor: InboundEvent.Actor(id: user, displayName: interaction.userName),
            address: address,
            kind: kind
        )
    }

    private func address(
        _ row: StoredEvent,
        channel: String,
        thread: String?,
        person: String,
        responseURL: String?,
        trigger: String?
    ) -> Address {
        let url = responseURL.flatMap { WebAddress.isResponseURL($0, ofAPI: apiURL) ? $0 : nil }
        return Address(
            platform: SlackAdapter.platformName,
            workspace: row.workspace,
            channel: channel,
            thread: thread,
            person: person,
            responseURL: url,
            responseURLExpires: url == nil ? nil : row.receivedAt + Self.responseURLLifetime,
            trigger: trigger
        )
    }

    private func json(_ bytes: [UInt8]) throws -> JSONDocument {
        do {
            return try JSONDocument(bytes)
        } catch {
            throw SlackRowError(error.description)
        }
    }
}

/// A stored row that cannot be read.
struct SlackRowError: CodedError {
    let description: String
    var code: String { "slack_unreadable" }
    var isRetryable: Bool { false }

    init(_ description: String) {
        self.description = description
    }
}
