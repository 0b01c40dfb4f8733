package import Channels
import CoreTypes

extension SlackAdapter: EditingChannel, EphemeralChannel, LastingAnswerChannel, FormChannel {
    /// What marks our own messages, so that an uncertain send can be looked up.
    static let metadataType = "aragora_message"

    package func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        do throws(SlackFailure) {
            let token = try await credentials.credential(for: address.workspace).token
            var message = Self.marked(try Self.message(part), key: key)
            let isHeard = await channels.join(address.channel, workspace: address.workspace, token: token)
            if !isHeard, Self.mayBeUnheard(address) { Self.addInvitation(to: &message) }
            if SlackKeys.isDirect(address.channel) { Self.removeMention(from: &message) }
            message["channel"] = .string(address.channel)
            message["thread_ts"] = address.thread.map { .string(SlackMessageID($0, channel: address.channel).ts) }
            let reply = try await api.call("chat.postMessage", token: token, json: message)
            guard let ts = reply.body["ts"]?.string else {
                return .unknown(code: "unreadable_answer", description: "Slack took the message and named no id.")
            }
            let channel = reply.body["channel"]?.string ?? address.channel
            return .sent(messageID: SlackMessageID(ts: ts, channel: channel).text(in: address.channel))
        } catch {
            return error.outcome(.channel)
        }
    }

    package func edit(_ part: RenderedPart, messageID: String, at address: Address) async -> SendOutcome {
        do throws(SlackFailure) {
            let token = try await credentials.credential(for: address.workspace).token
            let id = SlackMessageID(messageID, channel: address.channel)
            var message = try Self.message(part)
            let thread = address.thread.map { SlackMessageID($0, channel: address.channel) }
            if thread == id || Self.mayBeUnheard(address),
                await !channels.join(id.channel, workspace: address.workspace, token: token)
            {
                Self.addInvitation(to: &message)
            }
            message["channel"] = .string(id.channel)
            message["ts"] = .string(id.ts)
            _ = try await api.call("chat.update", token: token, json: message)
            return .sent(messageID: messageID)
        } catch {
            return error.outcome(.method)
        }
    }

    package func sendEphemeral(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        do throws(SlackFailure) {
            var message = try Self.message(part)
            // "Ephemeral messages in threads are only shown if there is already an active thread"
            // (https://docs.slack.dev/reference/methods/chat.postEphemeral).
            if let thread = address.thread, !address.threadIsNew {
                message["thread_ts"] = .string(SlackMessageID(thread, channel: address.channel).ts)
            }
            if let url = aliveResponseURL(of: address) {
                message["response_type"] = "ephemeral"
                message["replace_original"] = false
                do throws(SlackFailure) {
                    try await api.respond(to: url, json: message)
                    return .sent(messageID: "")
                } catch {
                    // Used up or expired: nothing was shown, and there is another way.
                    guard error.kind == .permanent else { return error.outcome(.channel) }
                }
                message["response_type"] = nil
                message["replace_original"] = nil
            }
            guard let person = address.person else {
                return .permanent(code: "no_person", description: "Nobody is named to show the message to.")
            }
            let token = try await credentials.credential(for: address.workspace).token
            message["channel"] = .string(address.channel)
            do throws(SlackFailure) {
                if answerLasts(at: address) {
                    try await postLasting(message, key: key, token)
                } else {
                    message["user"] = .string(person)
                    _ = try await api.call("chat.postEphemeral", token: token, json: message)
                }
            } catch {
                // Where the app may not speak in the place, or the person is not there, there is their own channel.
                guard error.isAboutPlace, address.channel != person else { throw error }
                message["user"] = nil
                message["thread_ts"] = nil
                message["channel"] = .string(person)
                try await postLasting(message, key: key, token)
            }
            return .sent(messageID: "")
        } catch {
            return error.outcome(.channel)
        }
    }

    /// Where nobody else is, an answer lasts, and is there on each of the person's devices.
    package func answerLasts(at address: Address) -> Bool { SlackKeys.isDirect(address.channel) }

    private func postLasting(_ message: JSONValue, key: String, _ token: Secret) async throws(SlackFailure) {
        _ = try await api.call("chat.postMessage", token: token, json: Self.marked(message, key: key))
    }

    /// A message that can be looked up by its key, and that shows no previews of links.
    private static func marked(_ message: JSONValue, key: String) -> JSONValue {
        var message = message
        message["metadata"] = ["event_type": .string(metadataType), "event_payload": ["key": .string(key)]]
        message["unfurl_links"] = false
        message["unfurl_media"] = false
        return message
    }

    package func open(_ form: Form, at address: Address, key: String) async -> SendOutcome {
        guard let trigger = address.trigger else {
            return .permanent(
                code: "no_trigger",
                description: "Slack opens forms only right after a click or a command."
            )
        }
        do throws(SlackFailure) {
            let token = try await credentials.credential(for: address.workspace).token
            let origin = SlackFormOrigin(
                channel: address.channel.isEmpty ? nil : address.channel,
                thread: address.thread,
                threadIsNew: address.threadIsNew,
                responseURL: address.responseURL,
                responseURLExpires: address.responseURLExpires,
                state: form.state
            )
            let call: JSONValue = ["trigger_id": .string(trigger), "view": SlackModal.view(form, origin: origin)]
            let reply = try await api.call("views.open", token: token, json: call)
            return .sent(messageID: reply.body["view"]?["id"]?.string ?? "")
        } catch {
            return error.outcome(.method)
        }
    }

    /// Whether we may not be told what is replied at an address.
    ///
    /// We open a thread there, or were asked into a new one by a shortcut, which works in every channel. What comes as an
    /// event is told to members alone.
    private static func mayBeUnheard(_ address: Address) -> Bool {
        address.thread == nil || address.threadIsNew && address.responseURL != nil
    }

    /// Lets a message say how we would hear what is replied to it.
    private static func addInvitation(to message: inout JSONValue) {
        guard let blocks = message["blocks"]?.array, blocks.count < SlackLimits.blocksPerMessage else { return }
        message["blocks"] = .array(blocks + [invitation])
    }

    private static let invitation: JSONValue = [
        "type": "context",
        "elements": [
            [
                "type": "mrkdwn",
                "text": "If I am not in this channel, I do not hear replies: `/invite @Aragora`",
            ]
        ],
    ]

    /// Takes the mention out of a message whose only reader is told of it anyway.
    private static func removeMention(from message: inout JSONValue) {
        guard let blocks = message["blocks"]?.array, blocks.count > 1 else { return }
        message["blocks"] = .array(blocks.filter { !SlackRenderer.isMention($0) })
    }

    /// The address's response URL, while it lives and leads to Slack.
    private func aliveResponseURL(of address: Address) -> String? {
        guard let url = address.responseURL, address.hasResponseURL(at: time.now()),
            WebAddress.isResponseURL(url, ofAPI: configuration.apiURL)
        else { return nil }
        return url
    }

    private static func message(_ part: RenderedPart) throws(SlackFailure) -> JSONValue {
        guard let value = try? JSONValue(parsing: part.payload.text), value.object != nil else {
            throw SlackFailure(.permanent, code: "unreadable_part", "The stored message is no JSON object.")
        }
        return value
    }
}

/// A message's id as it is stored: its `ts`, with the channel in front where that is not the address's own, as for a
/// message that was sent to a person and came out in a direct channel.
struct SlackMessageID: Equatable {
    let ts: String
    let channel: String

    init(ts: String, channel: String) {
        self.ts = ts
        self.channel = channel
    }

    /// Reads a stored id.
    /// - Parameter channel: the address's channel.
    init(_ text: String, channel: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        self.init(ts: parts.last ?? text, channel: parts.count == 2 ? parts[0] : channel)
    }

    /// The id as it is stored beside an address in this channel.
    func text(in channel: String) -> String {
        self.channel == channel ? ts : "\(self.channel):\(ts)"
    }
}
