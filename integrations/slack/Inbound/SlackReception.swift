import Channels
import CoreTypes
import Logging

/// Reads the few keys that the inbox needs out of a verified request, and says what Slack wants as an answer.
struct SlackReception: Sendable {
    /// The inbound routes: Slack's largest payloads, those of messages with many blocks, stay well below the limit.
    static let routes: [AdapterRoute] = ["events", "commands", "interactions"].map { AdapterRoute(path: $0) }

    let logger: Logger

    /// Reads a request.
    /// - Throws: `RequestRefusal` for a body that is none of Slack's.
    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception {
        let raw = request.raw
        switch raw.route {
        case "events": return try event(raw.body)
        case "commands": return try command(raw.body)
        case "interactions": return try interaction(raw.body)
        default: throw RequestRefusal(status: 404, code: "unknown_route", "Slack has no such route.")
        }
    }

    private func event(_ body: [UInt8]) throws(RequestRefusal) -> Reception {
        let document = try Self.json(body)
        switch document["type"]?.string {
        case "url_verification":
            guard let challenge = document["challenge"]?.string else {
                throw .malformed("A URL verification has no challenge.")
            }
            return Reception(entries: [], acknowledgement: .json(["challenge": .string(challenge)]))
        case "event_callback":
            break
        case "app_rate_limited":
            // Slack drops the workspace's events for the rest of that minute; nothing can be done but to tell.
            logger.warning(
                "Slack holds events back: the workspace sends more than 30,000 an hour",
                metadata: ["slack.team": "\(document["team_id"]?.string ?? "unknown")"]
            )
            return Reception(entries: [])
        default:
            return Reception(entries: [])
        }
        guard let workspace = SlackKeys.workspace(ofEvent: document) else {
            throw .malformed("An event names no workspace.")
        }
        if let message = SlackMessageFacts(document) {
            guard message.isSpokenByOthers else { return Reception(entries: []) }
            return Reception(entries: [
                Reception.Entry(
                    workspace: workspace,
                    eventKey: message.eventKey,
                    shape: SlackShape.event.rawValue,
                    conversationKey: SlackKeys.conversation(
                        channel: message.channel,
                        thread: message.thread,
                        opening: message.ts
                    ),
                    body: body
                )
            ])
        }
        guard let type = document["event"]?["type"]?.string, SlackKeys.removals.contains(type) else {
            return Reception(entries: [])
        }
        guard let id = document["event_id"]?.string else { throw .malformed("An event has no id.") }
        return Reception(entries: [
            Reception.Entry(
                workspace: workspace,
                eventKey: "event:\(id)",
                shape: SlackShape.event.rawValue,
                conversationKey: "slack:app",
                body: body
            )
        ])
    }

    private func command(_ body: [UInt8]) throws(RequestRefusal) -> Reception {
        let form = SlackFormBody(body)
        if form["ssl_check"] == "1" { return Reception(entries: []) }
        guard let workspace = SlackKeys.workspace(team: form["team_id"], enterprise: form["enterprise_id"]),
            let channel = form["channel_id"], let trigger = form["trigger_id"], form["user_id"] != nil
        else { throw .malformed("A command names no workspace, channel, user or trigger.") }
        return Reception(entries: [
            Reception.Entry(
                workspace: workspace,
                eventKey: "command:\(trigger)",
                shape: SlackShape.command.rawValue,
                conversationKey: SlackKeys.conversation(channel: channel, thread: nil, opening: trigger),
                body: body
            )
        ])
    }

    private func interaction(_ body: [UInt8]) throws(RequestRefusal) -> Reception {
        let form = SlackFormBody(body)
        if form["ssl_check"] == "1" { return Reception(entries: []) }
        guard let payload = form.bytes(of: "payload") else { throw .malformed("An interaction has no payload.") }
        let document = try Self.json(payload)
        if document["type"]?.string == "block_suggestion" {
            return Reception(entries: [], acknowledgement: .json(["options": []]))
        }
        guard let interaction = SlackInteraction(document) else { return Reception(entries: []) }
        if case .submission(let view) = interaction.kind {
            let errors = view.errors
            if !errors.isEmpty {
                return Reception(
                    entries: [],
                    acknowledgement: .json(["response_action": "errors", "errors": .object(errors)])
                )
            }
        }
        guard let workspace = interaction.workspace else { throw .malformed("An interaction names no workspace.") }
        return Reception(entries: [
            Reception.Entry(
                workspace: workspace,
                eventKey: interaction.eventKey,
                shape: SlackShape.interaction.rawValue,
                conversationKey: interaction.conversationKey,
                body: body
            )
        ])
    }

    private static func json(_ bytes: [UInt8]) throws(RequestRefusal) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(bytes)
        } catch {
            throw .malformed(error.description)
        }
    }
}

/// Which parser a stored body needs.
enum SlackShape: String {
    case event, command, interaction
}

extension RequestRefusal {
    fileprivate static func malformed(_ description: String) -> RequestRefusal {
        RequestRefusal(status: 400, code: "malformed", description)
    }
}

extension Acknowledgement {
    /// 200 with a JSON body.
    static func json(_ value: JSONValue) -> Acknowledgement {
        Acknowledgement(contentType: "application/json; charset=utf-8", body: value.bytes)
    }
}
