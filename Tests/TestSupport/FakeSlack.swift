package import CoreTypes
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A server that speaks Slack's Web API, on a free port of this machine.
///
/// It keeps what is posted, holds to Slack's documented limits, gives every workspace a token of its own, and fails on
/// command. Its base URL for a product is `http://127.0.0.1:<port>/api`.
package actor FakeSlack {
    /// How the server treats a call.
    package enum Failure: Sendable {
        /// Status 429, with `Retry-After` in seconds or without.
        case rateLimited(retryAfter: Int?)
        /// Status 500, and nothing is done.
        case serverError
        /// Status 500, but what was asked for is done.
        case serverErrorAfterwards
        /// An answer that says what went wrong.
        case error(String)
        /// What was asked for is done, and no answer comes until the server ends.
        case hangAfterwards
        /// No answer comes until the server ends, and nothing is done.
        case hang
        /// Status 200 with a page instead of JSON.
        case html
    }

    /// A workspace, or an organisation, in which the app is installed.
    package struct Workspace: Sendable {
        package var team: String
        package var enterprise: String?
        /// Whether the token is good for several workspaces.
        package var teams: [String] = []
        package var name: String
        package var botUser: String
        package var app: String
        package var scopes: [String]

        /// Describes a workspace.
        package init(
            team: String = SlackPayloads.standard.team,
            enterprise: String? = nil,
            teams: [String] = [],
            name: String = "Test Workspace",
            botUser: String = SlackPayloads.standard.botUser,
            app: String = SlackPayloads.standard.app,
            scopes: [String] = []
        ) {
            self.team = team
            self.enterprise = enterprise
            self.teams = teams
            self.name = name
            self.botUser = botUser
            self.app = app
            self.scopes = scopes
        }
    }

    /// A call as it arrived.
    package struct Call: Sendable {
        package let method: String
        package let token: String?
        package let arguments: JSONValue
    }

    /// The token of the workspace that is there from the start.
    package static let token = "xoxb-fake-token"

    private let time: any TimeSource
    var workspaces: [String: Workspace] = [FakeSlack.token: Workspace()]
    var messageList: [FakeSlackMessage] = []
    var viewList: [JSONValue] = []
    var names: [String: String] = ["U0ALICE001": "Alice", "U0BOB00001": "Bob"]
    var usedTriggers: Set<String> = []
    var grants: [String: JSONValue] = [:]
    var missingChannels: Set<String> = []
    /// The channels that the app has joined.
    package var joinedChannels: Set<String> = []
    private var calls: [Call] = []
    private var scripts: [String: [Failure]] = [:]
    private var lastTimestamp: Int64 = 0
    /// How often each response URL was used; Slack takes five answers of each.
    private var responses: [String: Int] = [:]
    private static let responsesPerURL = 5
    private var perSecond: Int?
    private var recentPosts: [String: [Timestamp]] = [:]
    private let end = ModelGate()

    private init(time: any TimeSource) {
        self.time = time
    }

    /// Runs a server while the body runs.
    /// - Parameters:
    ///   - time: where the timestamps of messages come from.
    ///   - body: Gets the server and its port.
    package static func withServer<R: Sendable>(
        time: any TimeSource = SystemTime(),
        _ body: (FakeSlack, Int) async throws -> R
    ) async throws -> R {
        let server = FakeSlack(time: time)
        return try await withLocalServer(server.router()) { port in
            defer { server.end.open() }
            return try await body(server, port)
        }
    }

    /// The configuration under which a product uses this server as Slack.
    package static func configuration(port: Int) -> [String: String] {
        [
            "SLACK_API_URL": "http://127.0.0.1:\(port)/api",
            "SLACK_SIGNING_SECRET": SlackSigner.secret,
            "SLACK_BOT_TOKEN": token,
        ]
    }

    // MARK: What a test sets

    /// Lets a method's next calls fail, one after the other.
    package func fail(_ method: String, _ failures: Failure...) {
        scripts[method, default: []] += failures
    }

    /// Lets a method's calls succeed again.
    package func succeed(_ method: String) {
        scripts[method] = nil
    }

    /// Installs the app in one more workspace.
    package func install(_ workspace: Workspace, token: String) {
        workspaces[token] = workspace
    }

    /// Makes a token worthless.
    package func revoke(token: String) {
        workspaces[token] = nil
    }

    /// Lets a code or a refresh token be exchanged, once, for this answer.
    package func grant(_ code: String, answer: JSONValue) {
        grants[code] = answer
    }

    /// Makes a channel unknown.
    package func remove(channel: String) {
        missingChannels.insert(channel)
    }

    /// Allows so many messages per second in each channel.
    package func limit(messagesPerSecond: Int) {
        perSecond = messagesPerSecond
    }

    /// Lets a person write something.
    /// - Parameter attachments: what the message passes on.
    /// - Returns: the message's `ts`.
    @discardableResult
    package func say(
        _ text: String,
        channel: String,
        user: String,
        thread: String? = nil,
        attachments: [JSONValue] = []
    ) -> String {
        let ts = nextTimestamp()
        messageList.append(
            FakeSlackMessage(
                channel: channel,
                ts: ts,
                thread: thread,
                user: user,
                text: text,
                attachments: attachments
            )
        )
        return ts
    }

    // MARK: What a test sees

    /// The messages of a channel that everybody sees, in their order.
    package func messages(_ channel: String) -> [FakeSlackMessage] {
        messageList.filter { $0.channel == channel && $0.visibleTo == nil }
    }

    /// All messages of the app, in their order.
    package var posts: [FakeSlackMessage] { messageList.filter { $0.app != nil && $0.visibleTo == nil } }

    /// The messages that one person alone sees.
    package var ephemerals: [FakeSlackMessage] { messageList.filter { $0.visibleTo != nil && !$0.isUnseen } }

    /// The messages that Slack took for one person and that nobody sees.
    package var unseen: [FakeSlackMessage] { messageList.filter(\.isUnseen) }

    /// How often messages were changed.
    package var edits: Int { messageList.reduce(0) { $0 + $1.edits } }

    /// The forms that were opened.
    package var views: [JSONValue] { viewList }

    /// The calls of a method, or all of them.
    package func calls(_ method: String? = nil) -> [Call] {
        calls.filter { method == nil || $0.method == method }
    }

    /// Returns once the condition holds, or throws after ten seconds.
    package func wait(_ what: String, until condition: @Sendable (isolated FakeSlack) -> Bool) async throws {
        try await eventually(what) { self.holds(condition) ? true : nil }
    }

    private func holds(_ condition: @Sendable (isolated FakeSlack) -> Bool) -> Bool { condition(self) }

    // MARK: The server

    private nonisolated func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.post("/api/:method") { request, context in
            try await self.answer(request, method: try context.parameters.require("method"))
        }
        router.post("/response/:id") { request, context in
            try await self.respond(request, id: try context.parameters.require("id"))
        }
        return router
    }

    private func answer(_ request: Request, method: String) async throws -> Response {
        let bytes = Array(try await request.body.collect(upTo: 4 << 20).readableBytesView)
        let arguments = Self.arguments(bytes, contentType: request.headers[.contentType] ?? "")
        let authorization = request.headers[.authorization] ?? ""
        let token = authorization.hasPrefix("Bearer ") ? String(authorization.dropFirst(7)) : nil
        calls.append(Call(method: method, token: token, arguments: arguments))
        let failure = scripts[method]?.first
        if failure != nil { scripts[method]?.removeFirst() }
        switch failure {
        case .rateLimited(let seconds): return rateLimited(seconds)
        case .serverError: return Self.page(500)
        case .error(let code): return json(["ok": false, "error": .string(code)])
        case .html: return Self.page(200)
        case .hang:
            await end.wait()
            return Self.page(503)
        case .serverErrorAfterwards:
            _ = perform(method, arguments, token: token)
            return Self.page(500)
        case .hangAfterwards:
            _ = perform(method, arguments, token: token)
            await end.wait()
            return Self.page(503)
        case nil: break
        }
        if method == "chat.postMessage", let perSecond, let channel = arguments["channel"]?.string {
            let now = time.now()
            var recent = recentPosts[channel, default: []].filter { now - .seconds(1) < $0 }
            guard recent.count < perSecond else { return rateLimited(1) }
            recent.append(now)
            recentPosts[channel] = recent
        }
        return perform(method, arguments, token: token)
    }

    private func perform(_ method: String, _ arguments: JSONValue, token: String?) -> Response {
        let answer = answer(to: method, arguments, token: token)
        var response = json(answer)
        if let token, let workspace = workspaces[token], let name = HTTPField.Name("x-oauth-scopes") {
            response.headers[name] = workspace.scopes.joined(separator: ",")
        }
        return response
    }

    private func respond(_ request: Request, id: String) async throws -> Response {
        let bytes = Array(try await request.body.collect(upTo: 4 << 20).readableBytesView)
        let body = Self.arguments(bytes, contentType: "application/json")
        calls.append(Call(method: "response_url", token: request.headers[.authorization], arguments: body))
        let failure = scripts["response_url"]?.first
        if failure != nil { scripts["response_url"]?.removeFirst() }
        switch failure {
        case .rateLimited(let seconds): return rateLimited(seconds)
        case .serverError: return Self.page(500)
        case .error(let code):
            return Response(status: .notFound, body: ResponseBody(byteBuffer: ByteBuffer(string: code)))
        default: break
        }
        if let error = FakeSlackLimits.violation(in: body) {
            return Response(status: .badRequest, body: ResponseBody(byteBuffer: ByteBuffer(string: error)))
        }
        responses[id, default: 0] += 1
        guard responses[id, default: 0] <= Self.responsesPerURL else {
            return Response(status: .notFound, body: ResponseBody(byteBuffer: ByteBuffer(string: "used_url")))
        }
        // The id of a response URL of this server names the channel, the person and what was done: `C1-U1-1.2`.
        let parts = id.split(separator: "-").map(String.init)
        keep(
            FakeSlackMessage(
                channel: parts.first ?? "",
                ts: nextTimestamp(),
                thread: body["thread_ts"]?.string,
                user: workspaces[Self.token]?.botUser ?? "",
                app: workspaces[Self.token]?.app,
                text: body["text"]?.string ?? "",
                blocks: body["blocks"]?.array ?? [],
                visibleTo: body["response_type"]?.string == "in_channel" ? nil : parts.count > 1 ? parts[1] : nil
            )
        )
        return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "ok")))
    }

    /// Keeps a message; one for a single person is shown in a thread only if that has a reply already.
    func keep(_ message: FakeSlackMessage) {
        var message = message
        if message.visibleTo != nil, let thread = message.thread {
            message.isUnseen = !messageList.contains {
                $0.channel == message.channel && $0.thread == thread && $0.visibleTo == nil
            }
        }
        messageList.append(message)
    }

    /// A new timestamp, later than all before it.
    func nextTimestamp() -> String {
        lastTimestamp = max(lastTimestamp + 1, time.now().rawValue * 1000)
        let fraction = String(lastTimestamp % 1_000_000 + 1_000_000).dropFirst()
        return "\(lastTimestamp / 1_000_000).\(fraction)"
    }

    private func rateLimited(_ seconds: Int?) -> Response {
        var response = json(["ok": false, "error": "ratelimited"])
        response.status = .tooManyRequests
        if let seconds { response.headers[.retryAfter] = String(seconds) }
        return response
    }

    private func json(_ body: JSONValue) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.bytes))
        )
    }

    private static func page(_ status: Int) -> Response {
        Response(
            status: HTTPResponse.Status(code: status),
            headers: [.contentType: "text/html"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "<html><body>Slack is having trouble</body></html>"))
        )
    }

    /// The arguments of a call, from JSON or from a form.
    private static func arguments(_ bytes: [UInt8], contentType: String) -> JSONValue {
        if contentType.hasPrefix("application/json") { return (try? JSONValue(parsing: bytes)) ?? [:] }
        var members: [String: JSONValue] = [:]
        for pair in String(decoding: bytes, as: UTF8.self).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count == 2 ? parts[1] : ""
            let plain = value.split(separator: "+", omittingEmptySubsequences: false).joined(separator: " ")
            members[parts[0]] = .string(plain.removingPercentEncoding ?? plain)
        }
        return .object(members)
    }
}
