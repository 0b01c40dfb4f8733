package import CoreTypes

/// Builds every kind of body that Slack sends, for one person in one channel of one workspace.
package struct SlackPayloads: Sendable {
    package var team = "T0TEAM0001"
    package var enterprise: String?
    /// Whether the app is installed for the whole organisation: then interactions name no team but the person's.
    package var isOrganisations = false
    /// The team that an event's envelope names, where it is not the one that it is delivered for, as in shared channels.
    package var hostTeam: String?
    /// How the envelopes say for whom an event is.
    package var authorization = Authorization.full
    package var app = "A0ARAGORA1"
    package var botUser = "U0BOT00001"
    package var channel = "C0CHANNEL1"
    package var directChannel = "D0DIRECT01"
    package var user = "U0ALICE001"
    package var userName = "alice"
    /// What response URLs start with; the fake server's own ones are `http://127.0.0.1:<port>/response/`.
    package var responseBase = "https://hooks.slack.com/commands/"

    /// What an envelope says about the installation that an event is for.
    package enum Authorization: Sendable {
        case full
        /// The older form: the bot user alone.
        case legacy
        case none
    }

    /// The ids that a fake server knows from its start.
    package static let standard = SlackPayloads()

    /// Builds bodies with the standard ids.
    package init() {}

    // MARK: Events

    /// A mention of the app.
    /// - Parameter more: what the event has beside its text, such as files.
    package func mention(
        _ text: String,
        ts: String,
        thread: String? = nil,
        eventID: String = "Ev0MENTION",
        with more: [String: JSONValue] = [:]
    ) -> SlackPayload {
        let text = "<@\(botUser)> \(text)"
        return event(type: "app_mention", text: text, ts: ts, thread: thread, eventID: eventID, with: more)
    }

    /// A message in a channel, as it comes to an app that listens to the channel; a mention is told so as well.
    package func message(
        _ text: String,
        ts: String,
        thread: String? = nil,
        subtype: String? = nil,
        eventID: String = "Ev0MESSAGE"
    ) -> SlackPayload {
        event(type: "message", text: text, ts: ts, thread: thread, subtype: subtype, eventID: eventID)
    }

    /// A message in the direct conversation with the app.
    /// - Parameter more: what the event has beside its text, such as files.
    package func directMessage(
        _ text: String,
        ts: String,
        thread: String? = nil,
        eventID: String = "Ev0DIRECT",
        with more: [String: JSONValue] = [:]
    ) -> SlackPayload {
        event(type: "message", text: text, ts: ts, thread: thread, eventID: eventID, kind: .direct, with: more)
    }

    /// A message in a conversation of several people and the app.
    package func groupMessage(_ text: String, ts: String, eventID: String = "Ev0GROUP") -> SlackPayload {
        event(type: "message", text: text, ts: ts, thread: nil, eventID: eventID, kind: .group)
    }

    /// What the app itself wrote, as Slack tells it to the app.
    package func ownMessage(_ text: String, ts: String, thread: String? = nil) -> SlackPayload {
        event(type: "message", text: text, ts: ts, thread: thread, eventID: "Ev0OWN", author: .ourselves)
    }

    /// What another app wrote.
    package func botMessage(_ text: String, ts: String, thread: String? = nil) -> SlackPayload {
        event(type: "message", text: text, ts: ts, thread: thread, eventID: "Ev0BOT", author: .anotherApp)
    }

    /// A changed message.
    package func edit(of ts: String, to text: String, at eventTS: String) -> SlackPayload {
        envelope(
            [
                "type": "message", "subtype": "message_changed", "channel": .string(channel), "channel_type": "channel",
                "ts": .string(eventTS), "event_ts": .string(eventTS), "hidden": true,
                "message": ["type": "message", "user": .string(user), "text": .string(text), "ts": .string(ts)],
                "previous_message": ["type": "message", "user": .string(user), "text": "before", "ts": .string(ts)],
            ],
            eventID: "Ev0EDIT"
        )
    }

    /// A removed message.
    package func deletion(of ts: String, at eventTS: String) -> SlackPayload {
        envelope(
            [
                "type": "message", "subtype": "message_deleted", "channel": .string(channel), "channel_type": "channel",
                "ts": .string(eventTS), "event_ts": .string(eventTS), "deleted_ts": .string(ts), "hidden": true,
            ],
            eventID: "Ev0DELETE"
        )
    }

    /// The removal of the app.
    package func uninstalled(eventID: String = "Ev0GONE") -> SlackPayload {
        envelope(["type": "app_uninstalled"], eventID: eventID)
    }

    /// The end of tokens: the app's own, or those of single people.
    package func tokensRevoked(bot: Bool) -> SlackPayload {
        let tokens: JSONValue = bot ? ["bot": [.string(botUser)]] : ["oauth": [.string(user)], "bot": []]
        return envelope(["type": "tokens_revoked", "tokens": tokens], eventID: "Ev0REVOKED")
    }

    /// The question whether the URL is ours.
    package func urlVerification(_ challenge: String) -> SlackPayload {
        .json("events", ["type": "url_verification", "token": "legacy", "challenge": .string(challenge)])
    }

    private enum Author { case person, ourselves, anotherApp }

    /// Kinds of conversations, as events name them.
    private enum Kind: String { case channel, direct = "im", group = "mpim" }

    private func event(
        type: String,
        text: String,
        ts: String,
        thread: String?,
        subtype: String? = nil,
        eventID: String,
        kind: Kind = .channel,
        author: Author = .person,
        with more: [String: JSONValue] = [:]
    ) -> SlackPayload {
        let place = kind == .direct ? directChannel : channel
        let blocks: JSONValue = [
            [
                "type": "rich_text", "block_id": "Kq9Zr",
                "elements": [
                    ["type": "rich_text_section", "elements": [["type": "text", "text": .string(text)]]]
                ],
            ]
        ]
        var event: [String: JSONValue] = [
            "type": .string(type), "text": .string(text), "ts": .string(ts), "event_ts": .string(ts),
            "channel": .string(place), "team": .string(team), "blocks": blocks,
            "client_msg_id": "6f3c1b1e-9c55-4a0f-9d0b-2f8f6e6f4b7a",
        ]
        if type == "message" { event["channel_type"] = .string(kind.rawValue) }
        if let thread {
            event["thread_ts"] = .string(thread)
            event["parent_user_id"] = .string(user)
        }
        if let subtype { event["subtype"] = .string(subtype) }
        switch author {
        case .person: event["user"] = .string(user)
        case .ourselves:
            event["user"] = .string(botUser)
            event["bot_id"] = "B0ARAGORA1"
            event["app_id"] = .string(app)
            event["bot_profile"] = ["id": "B0ARAGORA1", "app_id": .string(app), "name": "Aragora"]
        case .anotherApp:
            event["user"] = "U0OTHERBOT"
            event["bot_id"] = "B0OTHER001"
            event["app_id"] = "A0OTHER001"
            event["bot_profile"] = ["id": "B0OTHER001", "app_id": "A0OTHER001", "name": "Build Bot"]
        }
        event.merge(more) { $1 }
        return envelope(.object(event), eventID: eventID)
    }

    private func envelope(_ event: JSONValue, eventID: String) -> SlackPayload {
        let authorized: JSONValue = [
            [
                "enterprise_id": enterprise.map { .string($0) } ?? .null, "team_id": .string(team),
                "user_id": .string(botUser), "is_bot": true, "is_enterprise_install": .bool(isOrganisations),
            ]
        ]
        return .json(
            "events",
            .record([
                "type": "event_callback",
                "token": "legacy-verification-token",
                "team_id": .string(hostTeam ?? team),
                "enterprise_id": enterprise.map { .string($0) },
                "context_team_id": .string(team),
                "context_enterprise_id": enterprise.map { .string($0) } ?? .null,
                "api_app_id": .string(app),
                "event": event,
                "event_id": .string(eventID),
                "event_time": 1_750_000_000,
                "authorizations": authorization == .full ? authorized : nil,
                "authed_users": authorization == .legacy ? [.string(botUser)] : nil,
                "is_ext_shared_channel": false,
                "event_context": .string("4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMFRFQU0wMDAxIiwiYWlkIjoiQTBBUkFHT1JBMSJ9"),
            ])
        )
    }

    // MARK: Commands and interactions

    /// A slash command.
    package func command(_ text: String, trigger: String = "111.222.command") -> SlackPayload {
        .form(
            "commands",
            [
                "token": "legacy-verification-token", "team_id": team, "team_domain": "test",
                "channel_id": channel, "channel_name": "general", "user_id": user, "user_name": userName,
                "command": "/aragora", "text": text, "api_app_id": app, "is_enterprise_install": "false",
                "response_url": responseURL(trigger), "trigger_id": trigger,
            ]
        )
    }

    /// The check of a certificate, which carries no command.
    package func sslCheck() -> SlackPayload {
        .form("commands", ["ssl_check": "1", "token": "legacy-verification-token"])
    }

    /// A press of a button of ours.
    package func press(
        _ token: String,
        messageTS: String,
        thread: String? = nil,
        trigger: String = "111.222.press",
        actionID: String? = nil,
        isEphemeral: Bool = false
    ) -> SlackPayload {
        var payload = person(type: "block_actions", trigger: trigger)
        payload["container"] = .record([
            "type": "message", "message_ts": .string(messageTS), "channel_id": .string(channel),
            "is_ephemeral": .bool(isEphemeral), "thread_ts": thread.map { .string($0) },
        ])
        payload["channel"] = ["id": .string(channel), "name": "general"]
        if !isEphemeral {
            payload["message"] = .record([
                "type": "message", "ts": .string(messageTS), "thread_ts": thread.map { .string($0) },
                "bot_id": "B0ARAGORA1", "app_id": .string(app), "user": .string(botUser), "text": "Debate #1",
                "blocks": [["type": "actions", "block_id": "x1", "elements": []]],
            ])
        }
        payload["response_url"] = .string(responseURL(trigger))
        payload["actions"] = [
            [
                "action_id": .string(actionID ?? "aragora:\(token)"), "block_id": "x1", "type": "button",
                "text": ["type": "plain_text", "text": "Stop"], "value": .string(token),
                "action_ts": "1750000009.000001",
            ]
        ]
        return interaction(payload)
    }

    /// The use of the global shortcut.
    package func shortcut(trigger: String = "111.222.shortcut") -> SlackPayload {
        var payload = person(type: "shortcut", trigger: trigger)
        payload["callback_id"] = "ask_aragora"
        payload["action_ts"] = "1750000009.000002"
        return interaction(payload)
    }

    /// The use of the shortcut on a message.
    /// - Parameter attachments: what the message passes on.
    package func messageShortcut(
        on text: String,
        ts: String,
        thread: String? = nil,
        trigger: String = "111.222.about",
        attachments: [JSONValue] = []
    ) -> SlackPayload {
        var payload = person(type: "message_action", trigger: trigger)
        payload["callback_id"] = "ask_aragora_about"
        payload["channel"] = ["id": .string(channel), "name": "general"]
        payload["message_ts"] = .string(ts)
        payload["message"] = .record([
            "type": "message", "user": "U0BOB00001", "ts": .string(ts), "thread_ts": thread.map { .string($0) },
            "text": .string(text), "attachments": attachments.isEmpty ? nil : .array(attachments),
        ])
        payload["response_url"] = .string(responseURL(trigger))
        return interaction(payload)
    }

    /// A form that comes back.
    /// - Parameters:
    ///   - view: the form as it was opened.
    ///   - answers: texts and choices by block id; several choices are separated by commas.
    ///   - installedTeam: the workspace that we are installed in, where the form was opened from another one.
    package func submission(
        of view: JSONValue,
        answers: [String: String],
        hash: String = "hash-1",
        installedTeam: String? = nil
    ) -> SlackPayload {
        var values: [String: JSONValue] = [:]
        for block in view["blocks"]?.array ?? [] {
            guard let id = block["block_id"]?.string, let action = block["element"]?["action_id"]?.string else {
                continue
            }
            let answer = answers[id]
            let type = block["element"]?["type"]?.string ?? ""
            let element: JSONValue =
                switch type {
                case "plain_text_input": ["type": .string(type), "value": answer.map { .string($0) } ?? .null]
                case "static_select":
                    ["type": .string(type), "selected_option": answer.map { ["value": .string($0)] } ?? .null]
                default:
                    [
                        "type": .string(type),
                        "selected_options": .array(
                            (answer ?? "").split(separator: ",").map { ["value": .string(String($0))] }
                        ),
                    ]
                }
            values[id] = .object([action: element])
        }
        var payload = person(type: "view_submission", trigger: "111.222.submit")
        payload["view"] = .record([
            "id": view["id"] ?? "V1", "hash": .string(hash), "type": "modal", "callback_id": view["callback_id"],
            "private_metadata": view["private_metadata"], "state": ["values": .object(values)],
            "app_installed_team_id": installedTeam.map { .string($0) }, "team_id": .string(team),
        ])
        payload["response_urls"] = []
        return interaction(payload)
    }

    /// A request for options while somebody types.
    package func suggestion() -> SlackPayload {
        var payload = person(type: "block_suggestion", trigger: nil)
        payload["value"] = "cla"
        return interaction(payload)
    }

    /// A form that was closed.
    package func closedView() -> SlackPayload {
        var payload = person(type: "view_closed", trigger: nil)
        payload["view"] = ["id": "V1", "type": "modal"]
        return interaction(payload)
    }

    /// Every command and every click has a URL of its own.
    private func responseURL(_ trigger: String) -> String { "\(responseBase)\(channel)-\(user)-\(trigger)" }

    private func person(type: String, trigger: String?) -> JSONValue {
        .record([
            "type": .string(type),
            "token": "legacy-verification-token",
            "api_app_id": .string(app),
            "team": isOrganisations ? .null : ["id": .string(team), "domain": "test"],
            "enterprise": enterprise.map { ["id": .string($0), "name": "Test Org"] },
            "is_enterprise_install": .bool(isOrganisations),
            "user": [
                "id": .string(user), "username": .string(userName), "name": .string(userName), "team_id": .string(team),
            ],
            "trigger_id": trigger.map { .string($0) },
        ])
    }

    private func interaction(_ payload: JSONValue) -> SlackPayload {
        .form("interactions", ["payload": payload.text])
    }
}
