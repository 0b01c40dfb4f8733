import ChannelSupport
import Channels
import CoreTypes
import Synchronization
import TestSupport

/// A chat platform in memory: what it posts is kept readable, and its inbox rows mean what the test says.
final class ChatPlatform: EditingChannel, EphemeralChannel, FormChannel, HistoryChannel, LinkingChannel, NamingChannel,
    RedirectingChannel
{
    let channel = ScriptedChannel(platform: "chat", partSize: 1_000_000)
    private let meanings = Mutex<[String: [InboundEvent]]>([:])
    private let earlier = Mutex<[HistoryMessage]>([])
    private let people = Mutex<[String: String]>([:])
    private let asked = Mutex<[String?]>([])
    private let longest = Mutex(Int.max)

    var platform: String { channel.platform }
    var routes: [AdapterRoute] { channel.routes }
    var limits: ChannelLimits { channel.limits }

    /// Says what a row of the inbox means; all others cannot be read.
    func teach(_ eventKey: String, _ events: [InboundEvent]) {
        meanings.withLock { $0[eventKey] = events }
    }

    /// Says what was written in every thread before.
    func remember(_ messages: HistoryMessage...) {
        earlier.withLock { $0 = messages }
    }

    /// Says how long a message may be; what is longer becomes several.
    func split(at length: Int) {
        longest.withLock { $0 = length }
    }

    /// Says how people are called, by their ids.
    func introduce(_ names: [String: String]) {
        people.withLock { $0 = names }
    }

    func names(in text: String, workspace: WorkspaceID) async -> [String: String] {
        people.withLock { $0.filter { text.contains("@\($0.key)") } }
    }

    func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest { try channel.verify(request) }
    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception { try channel.receive(request) }

    func interpret(_ event: StoredEvent) throws -> [InboundEvent] {
        guard let events = meanings.withLock({ $0[event.eventKey] }) else { throw UnreadableEvent() }
        return events
    }

    /// A line for the title, each field, each button, the footer and whoever is mentioned, with the body between them.
    func render(_ post: Post) -> [RenderedPart] {
        var lines = [post.title, post.body].compactMap { $0 }
        lines += post.fields.map { "\($0.name): \($0.value)" }
        lines += post.buttons.map { "[\($0.label)]\($0.token)" }
        if let footer = post.footer { lines.append(footer) }
        if let mention = post.mention { lines.append("@\(mention)") }
        let (text, length) = (lines.joined(separator: "\n"), longest.withLock { $0 })
        var parts: [RenderedPart] = []
        var rest = text[...]
        repeat {
            parts.append(RenderedPart(payload: JSONText(String(rest.prefix(length)))))
            rest = rest.dropFirst(length)
        } while !rest.isEmpty
        return parts
    }

    func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await channel.send(part, to: address, key: key)
    }

    func edit(_ part: RenderedPart, messageID: String, at address: Address) async -> SendOutcome {
        await channel.edit(part, messageID: messageID, at: address)
    }

    func sendEphemeral(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await channel.sendEphemeral(part, to: address, key: key)
    }

    func open(_ form: Form, at address: Address, key: String) async -> SendOutcome {
        await channel.open(form, at: address, key: key)
    }

    /// What was sent to a person names the channel that it came out in before a colon.
    func place(of messageID: String, sentTo address: Address) -> MessagePlace {
        let parts = messageID.split(separator: ":", maxSplits: 1).map(String.init)
        return MessagePlace(channel: parts.count == 2 ? parts[0] : address.channel, messageID: parts.last ?? messageID)
    }

    func permalink(of messageID: String, at address: Address) -> String? {
        "https://chat.example/\(address.channel)/\(messageID)"
    }

    func history(of address: Address, before message: String?, limit: Int) async throws -> [HistoryMessage] {
        asked.withLock { $0.append(message) }
        return earlier.withLock { Array($0.prefix(limit)) }
    }

    /// The messages that histories were asked to be older than.
    var askedBefore: [String?] { asked.withLock { $0 } }
}

extension ScriptedChannel.Message {
    /// The token of a button below the message.
    func token(_ label: String) -> String? {
        payload.split(separator: "\n").first { $0.hasPrefix("[\(label)]") }.map {
            String($0.dropFirst(label.count + 2))
        }
    }
}

/// A row of the inbox that nobody can read.
struct UnreadableEvent: CodedError {
    let code = "unreadable"
    let description = "The event cannot be read."
    let isRetryable = false
}
