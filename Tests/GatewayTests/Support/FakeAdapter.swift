import Channels
import CoreTypes
import Gateway
import Synchronization

/// What happened to a request, in its order.
final class Steps: Sendable {
    private let steps = Mutex<[String]>([])

    func add(_ step: String) { steps.withLock { $0.append(step) } }
    var all: [String] { steps.withLock { $0 } }
}

/// A platform whose signature is the header `x-fake-signature: right`.
struct FakeAdapter: ScreeningChannel {
    let steps: Steps
    let platform = "fake"
    let routes = [
        AdapterRoute(path: "events", maximumBodyBytes: 2048), AdapterRoute(path: "probe", method: "GET"),
    ]
    let limits = ChannelLimits(
        channelBurst: 1,
        channelInterval: .seconds(1),
        methodsPerMinute: [:],
        editInterval: .zero
    )

    func screen(_ head: RawRequest) throws(RequestRefusal) {
        guard head.body.isEmpty, head.header("x-fake-signature") != nil else {
            throw .unverified("The signature is missing.")
        }
    }

    func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest {
        steps.add("verify \(request.route) \(request.body.count)")
        guard request.header("x-fake-signature") == "right" else { throw .unverified("The signature is wrong.") }
        return VerifiedRequest(verified: request)
    }

    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception {
        steps.add("receive")
        if request.raw.route == "probe" {
            return Reception(entries: [], acknowledgement: Acknowledgement(body: Array(request.raw.query.utf8)))
        }
        if request.raw.body == Array("bad".utf8) { throw RequestRefusal(status: 400, code: "unreadable", "No event.") }
        let entry = Reception.Entry(
            workspace: WorkspaceID("fake:1"),
            eventKey: "event:1",
            shape: "event",
            conversationKey: "fake:c",
            body: request.raw.body
        )
        return Reception(
            entries: [entry],
            acknowledgement: Acknowledgement(
                status: 202,
                contentType: "text/plain",
                body: Array("ok".utf8),
                headers: [("X-Fake", "yes"), ("not a name", "no")]
            )
        )
    }

    func interpret(_ event: StoredEvent) throws -> [InboundEvent] { [] }
    func render(_ post: Post) -> [RenderedPart] { [] }
    func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        .permanent(code: "fake", description: "")
    }
}

/// An inbox that notes what it was given, or fails.
final class FakeIntake: Intake {
    private let steps: Steps
    private let failure: FakeError?
    private let rows = Mutex<[Reception.Entry]>([])

    init(steps: Steps, failure: FakeError? = nil) {
        self.steps = steps
        self.failure = failure
    }

    var entries: [Reception.Entry] { rows.withLock { $0 } }

    func append(
        _ entries: [Reception.Entry],
        platform: String,
        receivedAt: Timestamp,
        completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        steps.add("append \(platform)")
        if let failure { return completion(failure) }
        rows.withLock { $0 += entries }
        steps.add("committed")
        completion(nil)
    }
}

/// A page of the fake platform.
struct FakePages: BrowserRoutes {
    let platform = "fake"
    let browserRoutes = ["install"]

    func visit(route: String, query: [(name: String, value: String)], cookies: String) async -> Acknowledgement {
        let text = query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
        return Acknowledgement(contentType: "text/plain", body: Array("\(route) \(text) \(cookies)".utf8))
    }
}

/// Health as a test wants it.
struct FakeHealth: HealthAPI {
    var checks: [(check: String, ok: Bool, detail: String)] = [("database", true, "")]
    func readiness() async -> [(check: String, ok: Bool, detail: String)] { checks }
}
