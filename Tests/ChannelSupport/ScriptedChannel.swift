package import Channels
package import CoreTypes
import Synchronization

/// A chat platform in memory: it keeps what is posted, and answers as the test tells it to.
///
/// It has every capability; `LimitedChannel` hides some.
package final class ScriptedChannel: EditingChannel, LastingAnswerChannel, FormChannel {
    /// A message that people see.
    package struct Message: Hashable, Sendable {
        package let id: String
        package let key: String
        package let address: Address
        package var payload: String
        package let isEphemeral: Bool
    }

    /// What a call meets.
    ///
    /// Where nothing is scripted, everything works.
    package enum Script: Sendable {
        /// The platform does nothing and answers so.
        case answer(SendOutcome)
        /// The platform does what was asked, and the answer is another one, such as a 500 after the write.
        case workThenAnswer(SendOutcome)
        /// The platform does what was asked, and the closure runs before it answers.
        case workThenRun(@Sendable () async -> Void)
        /// The closure runs before the platform does what was asked.
        case runThenWork(@Sendable () async -> Void)
    }

    fileprivate struct State {
        var messages: [Message] = []
        var forms: [Form] = []
        var calls: [String] = []
        var scripts: [Script] = []
        var reconciliations: [Reconciliation] = []
        var lastID = 0
    }

    package let platform: String
    package let limits: ChannelLimits
    private let state = Mutex(State())
    private let partSize: Int

    /// Makes a platform.
    /// - Parameter partSize: the most characters that a message may have.
    package init(
        platform: String = "scripted",
        limits: ChannelLimits = ChannelLimits(
            channelBurst: 1000,
            channelInterval: .zero,
            methodsPerMinute: [:],
            editInterval: .zero
        ),
        partSize: Int = 1000
    ) {
        self.platform = platform
        self.limits = limits
        self.partSize = partSize
    }

    package let routes: [AdapterRoute] = []

    /// What people see, in the order in which it was posted.
    package var messages: [Message] { state.withLock { $0.messages } }
    /// The texts that people see.
    package var texts: [String] { messages.map(\.payload) }
    package var forms: [Form] { state.withLock { $0.forms } }
    /// Every call that was made, such as `post K#1`.
    package var calls: [String] { state.withLock { $0.calls } }

    /// Scripts the next calls, one after the other.
    package func script(_ scripts: Script...) { state.withLock { $0.scripts += scripts } }

    /// Scripts the next answers about unclear sends; where nothing is scripted, the platform tells the truth.
    package func scriptReconciliations(_ answers: Reconciliation...) {
        state.withLock { $0.reconciliations += answers }
    }

    package func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest {
        throw .unverified("This platform sends nothing.")
    }

    package func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception {
        Reception(entries: [])
    }

    package func interpret(_ event: StoredEvent) throws -> [InboundEvent] { [] }

    package func render(_ post: Post) -> [RenderedPart] {
        TextSplitter.split(post.body, limit: partSize).map { RenderedPart(payload: JSONText(String($0))) }
    }

    package func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await call("post \(key)") { state in
            let id = state.newID()
            state.messages.append(
                Message(id: id, key: key, address: address, payload: part.payload.text, isEphemeral: false)
            )
            return .sent(messageID: id)
        }
    }

    package func edit(_ part: RenderedPart, messageID: String, at address: Address) async -> SendOutcome {
        await call("edit \(messageID)") { state in
            guard let position = state.messages.firstIndex(where: { $0.id == messageID }) else {
                return .permanent(code: "message_not_found", description: "No such message.")
            }
            state.messages[position].payload = part.payload.text
            return .sent(messageID: messageID)
        }
    }

    package func sendEphemeral(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await call("ephemeral \(key)") { state in
            state.messages.append(
                Message(id: "", key: key, address: address, payload: part.payload.text, isEphemeral: true)
            )
            return .sent(messageID: "")
        }
    }

    /// Channels whose names start with `D` are conversations with one person.
    package func answerLasts(at address: Address) -> Bool { address.channel.hasPrefix("D") }

    package func open(_ form: Form, at address: Address, key: String) async -> SendOutcome {
        await call("form \(key)") { state in
            state.forms.append(form)
            return .sent(messageID: "")
        }
    }

    package func reconcile(key: String, at address: Address, sentAfter: Timestamp) async -> Reconciliation {
        state.withLock { state in
            state.calls.append("reconcile \(key)")
            if !state.reconciliations.isEmpty { return state.reconciliations.removeFirst() }
            let found = state.messages.first { $0.key == key }
            return found.map { .sent(messageID: $0.id) } ?? .notSent
        }
    }

    package func reconcileAnswer(key: String, at address: Address, sentAfter: Timestamp) async -> Reconciliation {
        await reconcile(key: key, at: address, sentAfter: sentAfter)
    }

    private func call(_ name: String, work: @Sendable (inout State) -> SendOutcome) async -> SendOutcome {
        let script = state.withLock { state -> Script? in
            state.calls.append(name)
            return state.scripts.isEmpty ? nil : state.scripts.removeFirst()
        }
        switch script {
        case nil:
            return state.withLock { work(&$0) }
        case .answer(let outcome):
            return outcome
        case .workThenAnswer(let outcome):
            _ = state.withLock { work(&$0) }
            return outcome
        case .workThenRun(let run):
            let outcome = state.withLock { work(&$0) }
            await run()
            return outcome
        case .runThenWork(let run):
            await run()
            return state.withLock { work(&$0) }
        }
    }
}

extension ScriptedChannel.State {
    fileprivate mutating func newID() -> String {
        lastID += 1
        return "m\(lastID)"
    }
}

/// A platform that can only post: no edits, no forms, and nobody can ask it what it has.
package struct LimitedChannel: ChannelAdapter {
    private let whole: ScriptedChannel

    /// Hides what a platform can do.
    package init(_ whole: ScriptedChannel) { self.whole = whole }

    package var platform: String { whole.platform }
    package var routes: [AdapterRoute] { whole.routes }
    package var limits: ChannelLimits { whole.limits }
    package func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest { try whole.verify(request) }
    package func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception { try whole.receive(request) }
    package func interpret(_ event: StoredEvent) throws -> [InboundEvent] { try whole.interpret(event) }
    package func render(_ post: Post) -> [RenderedPart] { whole.render(post) }
    package func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        await whole.send(part, to: address, key: key)
    }
}
