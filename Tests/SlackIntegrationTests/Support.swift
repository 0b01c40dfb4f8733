import Channels
import CoreTypes
import DatabaseSupport
import Foundation
import Logging
import SlackIntegration
import Synchronization
import TestSupport
import Testing
import Transport

/// An adapter as an operator configures it, and the requests that Slack would send to it.
struct SlackBench {
    static let now = Timestamp(milliseconds: 1_750_000_000_000)

    let adapter: SlackAdapter
    let time: ManualTime
    let payloads: SlackPayloads

    /// Makes an adapter whose calls go to a fake server.
    init(
        port: Int = 9,
        installations: (any SlackInstallations)? = nil,
        transport: any HTTPTransport = RefusingTransport(),
        time: ManualTime = ManualTime(now: SlackBench.now, isAutomatic: true),
        changes: [String: String] = [:]
    ) throws {
        let values = FakeSlack.configuration(port: port).merging(changes) { $1 }
        let configuration = try #require(try SlackConfiguration(from: values))
        self.time = time
        var payloads = SlackPayloads()
        payloads.responseBase = "http://127.0.0.1:\(port)/response/"
        self.payloads = payloads
        adapter = SlackAdapter(
            configuration: configuration,
            transport: transport,
            installations: installations,
            time: time,
            identifiers: RandomIdentifiers(time: time),
            logger: .silent
        )
    }

    /// A request as the gateway hands it over, signed at the bench's time unless told.
    func request(_ payload: SlackPayload, signedAt: Timestamp? = nil) -> RawRequest {
        RawRequest(
            method: "POST",
            route: payload.route,
            query: "",
            headers: SlackSigner().headers(for: payload, at: signedAt ?? time.now()),
            body: payload.body,
            receivedAt: time.now()
        )
    }

    /// Takes a payload in.
    func receive(_ payload: SlackPayload) throws -> Reception {
        try adapter.receive(adapter.verify(request(payload)))
    }

    /// Takes a payload in and reads its rows.
    func events(_ payload: SlackPayload) throws -> [InboundEvent] {
        try receive(payload).entries.flatMap { entry in
            try adapter.interpret(
                StoredEvent(
                    workspace: entry.workspace,
                    eventKey: entry.eventKey,
                    shape: entry.shape,
                    conversationKey: entry.conversationKey,
                    body: entry.body,
                    receivedAt: time.now()
                )
            )
        }
    }

    /// Where the payloads' person writes.
    var address: Address {
        Address(
            platform: "slack",
            workspace: WorkspaceID("slack:\(payloads.team)"),
            channel: payloads.channel,
            person: payloads.user
        )
    }

    /// Sends a message and says in one word what came of it.
    func send(to address: Address) async throws -> String {
        word(await adapter.send(try part("x"), to: address, key: "k"))
    }

    /// A part with a text.
    func part(_ text: String) throws -> RenderedPart {
        try #require(adapter.render(Post(body: text, fallbackText: text)).first)
    }
}

/// A transport for tests that may not call anybody.
struct RefusingTransport: HTTPTransport {
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        throw TransportError(.connect, "Nobody may be called.")
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        throw TransportError(.connect, "Nobody may be called.")
    }
}

/// A transport that gives every answer another `Date`.
struct DatingTransport: HTTPTransport {
    let transport: any HTTPTransport
    let date: String

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let response = try await transport.send(request)
        let headers = response.headers.filter { $0.name.lowercased() != "date" } + [("date", date)]
        return HTTPResponse(status: response.status, headers: headers, body: response.body)
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        try await transport.stream(request, consume)
    }
}

/// A transport that does something before a renewal of tokens leaves.
struct RenewalTransport: HTTPTransport {
    let base: any HTTPTransport
    let hook: @Sendable () async -> Void

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        if request.url.hasSuffix("/oauth.v2.access") { await hook() }
        return try await base.send(request)
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        try await base.stream(request, consume)
    }
}

/// Gives a fake Slack, and a bench whose adapter calls it, to a test.
func withSlack<R: Sendable>(
    installations: (any SlackInstallations)? = nil,
    changes: [String: String] = [:],
    date: String? = nil,
    _ body: (FakeSlack, SlackBench) async throws -> R
) async throws -> R {
    let time = ManualTime(now: SlackBench.now, isAutomatic: true)
    return try await FakeSlack.withServer(time: time) { slack, port in
        let client = HTTPClient(logger: .silent)
        defer { client.shutdown() }
        let transport: any HTTPTransport = date.map { DatingTransport(transport: client, date: $0) } ?? client
        return try await body(
            slack,
            try SlackBench(port: port, installations: installations, transport: transport, time: time, changes: changes)
        )
    }
}

/// Runs a Python program beside the tests with the interpreter that has Slack's own library.
/// - Returns: what it wrote.
/// - Throws: where there is no such interpreter, or the program fails.
func runPeer(_ program: String, _ arguments: [String]) async throws -> String {
    let python = try #require(
        ProcessInfo.processInfo.environment["ARAGORA_TEST_PYTHON"],
        "Set ARAGORA_TEST_PYTHON to a Python that has slack_sdk."
    )
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Peers/\(program)").path()
    let process = try ChildProcess(python, [path] + arguments)
    let exit = try await process.waitForExit(timeout: .seconds(60))
    try #require(exit == .exited(0), "\(program): \(process.output)")
    return process.output
}

/// What came of a send, in one word and its detail.
func word(_ outcome: SendOutcome) -> String {
    switch outcome {
    case .sent: "sent"
    case .rateLimited(let wait, let scope): "rate limited \(wait.milliseconds / 1000) s, \(scope)"
    case .transient(let code, _): "transient \(code)"
    case .permanent(let code, _): "permanent \(code)"
    case .authentication(let code, _): "authentication \(code)"
    case .unknown(let code, _): "unknown \(code)"
    }
}

extension SendOutcome {
    /// The message's id, where it was sent.
    var messageID: String? { if case .sent(let id) = self { id } else { nil } }
}
