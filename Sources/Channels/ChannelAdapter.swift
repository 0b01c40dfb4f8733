package import CoreTypes

/// What every chat platform has.
///
/// What only some have is a further small protocol below.
///
/// Everything but `send` is pure. An adapter never retries, never waits for a rate limit and never decides whether a
/// message may be repeated: it makes one HTTP call and says what came of it; the dispatcher does the rest.
package protocol ChannelAdapter: Sendable {
    /// The platform's name in paths and tables, such as `slack`.
    var platform: String { get }
    /// The inbound routes below `/api/v1/bots/<platform>/`, each with its largest body in bytes.
    var routes: [AdapterRoute] { get }
    /// The platform's limits.
    var limits: ChannelLimits { get }

    /// Checks a request's signature on its raw bytes.
    /// - Throws: `RequestRefusal`.
    func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest

    /// Reads the few keys that the inbox needs and says what the platform wants as an answer.
    /// - Throws: `RequestRefusal` for a body that is none of the platform's.
    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception

    /// Reads a stored row in full; an event that means nothing to us gives no events.
    /// - Throws: a `CodedError` for a row that cannot be read; it is set aside.
    func interpret(_ event: StoredEvent) throws -> [InboundEvent]

    /// Gives a post the platform's form, split within its limits; the same post always gives the same parts.
    func render(_ post: Post) -> [RenderedPart]

    /// Makes one call that posts one part.
    /// - Parameters:
    ///   - key: the same for every try of this part; adapters put it where the platform can be asked for it later.
    func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome
}

/// An inbound route of an adapter.
package struct AdapterRoute: Sendable, Hashable {
    /// The path below the adapter's base, such as `events`.
    package let path: String
    package let method: String
    /// Larger bodies are refused with 413 before they are read to the end.
    package let maximumBodyBytes: Int

    /// Describes a route.
    package init(path: String, method: String = "POST", maximumBodyBytes: Int = 1 << 20) {
        self.path = path
        self.method = method
        self.maximumBodyBytes = maximumBodyBytes
    }
}

/// One message in a platform's own form.
package struct RenderedPart: Codable, Hashable, Sendable {
    /// The platform's payload, such as Slack's `blocks` and `text`.
    package var payload: JSONText

    /// Wraps a payload.
    package init(payload: JSONText) {
        self.payload = payload
    }
}

/// JSON text that is stored and sent as it is.
package struct JSONText: Codable, Hashable, Sendable {
    package var text: String

    /// Wraps a text.
    package init(_ text: String) { self.text = text }
    /// Writes a value.
    package init(_ value: JSONValue) { self.text = value.text }
}

/// What came of one call.
package enum SendOutcome: Sendable {
    /// The platform has it; its id there, empty where it gives none.
    case sent(messageID: String)
    /// The platform refused for now; nothing was posted.
    case rateLimited(retryAfter: Duration, scope: RateLimitScope)
    /// It did not work and nothing was posted; it may work later.
    case transient(code: String, description: String)
    /// It will never work as it is.
    case permanent(code: String, description: String)
    /// Our credentials were refused: everything for this workspace waits until somebody mends them.
    case authentication(code: String, description: String)
    /// It may or may not have been posted.
    case unknown(code: String, description: String)
}

/// What a rate limit holds back.
package enum RateLimitScope: Sendable, Hashable {
    case channel, method, workspace
}

/// A platform's limits, as data.
package struct ChannelLimits: Sendable {
    /// Messages that one channel takes: how many at once, and the time after which one more is allowed.
    package var channelBurst: Int
    package var channelInterval: Duration
    /// Calls of one kind that one workspace may make per minute, by `SendOperation` (`post`, `edit`, `ephemeral`,
    /// `form`); those that are not named have no limit of their own.
    package var methodsPerMinute: [String: Int]
    /// The shortest time between two edits of one message.
    package var editInterval: Duration

    /// Describes a platform's limits.
    package init(
        channelBurst: Int,
        channelInterval: Duration,
        methodsPerMinute: [String: Int],
        editInterval: Duration
    ) {
        self.channelBurst = channelBurst
        self.channelInterval = channelInterval
        self.methodsPerMinute = methodsPerMinute
        self.editInterval = editInterval
    }
}

/// A platform whose requests show already by their head that they cannot be verified, whatever their body is.
package protocol ScreeningChannel: ChannelAdapter {
    /// Looks at a request whose body did not come at once, before it is waited for.
    /// - Parameter head: the request with an empty body.
    /// - Throws: `RequestRefusal`; the rest of the request is then not read.
    func screen(_ head: RawRequest) throws(RequestRefusal)
}

/// A platform on which a posted message can be changed.
///
/// An edit may be repeated without harm.
package protocol EditingChannel: ChannelAdapter {
    func edit(_ part: RenderedPart, messageID: String, at address: Address) async -> SendOutcome
}

/// A platform on which one person alone can be answered in a channel.
package protocol EphemeralChannel: ChannelAdapter {
    /// Answers `address.person`, through `address.responseURL` while it lives.
    ///
    /// As long as the URL takes it, the answer needs no credentials.
    func sendEphemeral(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome
}

/// A platform that shows forms.
package protocol FormChannel: ChannelAdapter {
    /// Opens a form by `address.trigger`.
    func open(_ form: Form, at address: Address, key: String) async -> SendOutcome
}

/// A platform that can be asked whether a message with a key was posted.
package protocol ReconcilingChannel: ChannelAdapter {
    func reconcile(key: String, at address: Address, sentAfter: Timestamp) async -> Reconciliation
}

/// A platform on which some answers to one person are messages that last: it can be asked for them as for others.
package protocol LastingAnswerChannel: EphemeralChannel, ReconcilingChannel {
    /// Whether an answer at the address lasts unless a response URL takes it. Makes no call.
    func answerLasts(at address: Address) -> Bool
    /// Whether such an answer is there, wherever it came out.
    func reconcileAnswer(key: String, at address: Address, sentAfter: Timestamp) async -> Reconciliation
}

/// What a platform says about an unknown send.
package enum Reconciliation: Sendable {
    case sent(messageID: String)
    case notSent
    /// It cannot be told now; it may be tried again after the duration.
    case undecided(retryAfter: Duration)
    /// It can never be told.
    case impossible(String)
}

/// A platform whose threads can be read.
package protocol HistoryChannel: ChannelAdapter {
    /// The thread's earlier messages, oldest first, without our own; at most `limit`.
    /// - Parameter message: the platform's id of the one that they are to be older than; nil for all that are there.
    /// - Throws: a `CodedError`.
    func history(of address: Address, before message: String?, limit: Int) async throws -> [HistoryMessage]
}

/// A message that was there before.
package struct HistoryMessage: Sendable, Hashable {
    package let author: String
    package let text: String

    /// Pairs a message with its author.
    package init(author: String, text: String) {
        self.author = author
        self.text = text
    }
}

/// A platform on which a message may come out elsewhere than where it was sent, as one to a person does.
package protocol RedirectingChannel: ChannelAdapter {
    /// The channel in which a message stands, and its id there. Makes no call.
    /// - Parameters:
    ///   - messageID: the id that `SendOutcome.sent` had.
    ///   - address: where it was sent.
    func place(of messageID: String, sentTo address: Address) -> MessagePlace
}

/// Where a message stands.
package struct MessagePlace: Hashable, Sendable {
    /// The platform's own id of the channel.
    package let channel: String
    /// The platform's own id of the message, as events of that channel have it.
    package let messageID: String

    /// Pairs a message with its channel.
    package init(channel: String, messageID: String) {
        self.channel = channel
        self.messageID = messageID
    }
}

/// A platform that names people by ids, and can be asked how they are called.
///
/// Names are for reading alone, never for deciding who somebody is.
package protocol NamingChannel: ChannelAdapter {
    /// The names, by their ids, of those whom a text mentions as `@` and an id; whoever is not known is left out.
    func names(in text: String, workspace: WorkspaceID) async -> [String: String]
}

/// A platform whose messages have addresses that a browser, or the platform's own app, opens.
package protocol LinkingChannel: ChannelAdapter {
    /// The address of a message; nil where it has none. Makes no call.
    /// - Parameters:
    ///   - messageID: the platform's id, as `SendOutcome.sent` or `Address.thread` has it.
    ///   - address: an address in the message's channel.
    func permalink(of messageID: String, at address: Address) -> String?
}

/// A platform that can be checked without posting anything.
package protocol DiagnosableChannel: ChannelAdapter {
    func diagnose() async -> [Finding]
}

/// One line of `aragora doctor`.
package struct Finding: Sendable, Hashable {
    /// How bad it is.
    package enum Level: String, Sendable { case fine, warning, problem }

    package let level: Level
    package let subject: String
    package let message: String
    /// What to do about it; empty where nothing has to be done.
    package let remedy: String

    /// Describes a finding.
    package init(_ level: Level, _ subject: String, _ message: String, remedy: String = "") {
        self.level = level
        self.subject = subject
        self.message = message
        self.remedy = remedy
    }
}
