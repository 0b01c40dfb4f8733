import CoreTypes
import Hummingbird
import Logging
import TestSupport
import Testing
import Transport

#if canImport(Glibc)
import Glibc
#endif

/// Hummingbird brings a type of the same name.
typealias HTTPRequest = Transport.HTTPRequest

/// A client of a test's own, ended with the test.
func withClient<R>(
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration(usesProxies: false),
    _ body: (HTTPClient) async throws -> R
) async throws -> R {
    let client = HTTPClient(configuration: configuration, logger: Logger(label: "test"))
    defer { client.shutdown() }
    return try await body(client)
}

/// The error of a request that must fail.
func failure(of request: HTTPRequest, with client: HTTPClient) async -> TransportError? {
    do throws(TransportError) {
        let response = try await client.send(request)
        Issue.record("an answer with status \(response.status)")
        return nil
    } catch {
        return error
    }
}

private let okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

@Suite(.timeLimit(.minutes(5))) struct HTTPClientTests {
    @Test func sendsAndReceives() async throws {
        let router = Router()
        router.on("/echo", method: .put) { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            let seen = request.headers.map { "\($0.name.canonicalName): \($0.value)" }.sorted().joined(separator: "\n")
            return Response(
                status: .created,
                headers: [.contentType: "text/plain", .init("x-seen")!: seen.replacing("\n", with: "|")],
                body: .init(byteBuffer: body)
            )
        }
        try await withLocalServer(router) { port in
            try await withClient { client in
                let body = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                let response = try await client.send(
                    HTTPRequest(
                        method: "PUT",
                        url: "http://127.0.0.1:\(port)/echo",
                        headers: [("X-One", "1"), ("X-Empty", ""), ("User-Agent", "mine")],
                        body: body
                    )
                )
                #expect(response.status == 201)
                #expect(response.body == body)
                #expect(response.header("CONTENT-TYPE") == "text/plain")
                let seen = try #require(response.header("x-seen"))
                for expected in ["x-one: 1", "x-empty: ", "user-agent: mine", "content-length: 200000"] {
                    #expect(seen.contains(expected))
                }
                #expect(!seen.contains("content-type"))
                #expect(!seen.contains("expect"))
            }
        }
    }

    @Test(arguments: ["GET", "HEAD", "POST", "DELETE", "PATCH", "OPTIONS"])
    func sendsEveryMethodWithoutBody(_ method: String) async throws {
        let server = try RawServer { connection in
            let request = connection.readRequest() ?? ""
            let line = request.prefix { $0 != "\r\n" }
            let length = request.lowercased().contains("content-length: 0") ? "zero" : "none"
            let body = method == "HEAD" ? "" : "ok"
            connection.write(
                "HTTP/1.1 200 OK\r\nX-Line: \(line)\r\nX-Length: \(length)\r\nContent-Length: 2\r\n\r\n\(body)"
            )
        }
        try await withClient { client in
            let response = try await client.send(
                HTTPRequest(method: method, url: "http://127.0.0.1:\(server.port)/path?query=1#fragment")
            )
            #expect(response.header("x-line") == "\(method) /path?query=1 HTTP/1.1")
            #expect(response.header("x-length") == (method == "POST" || method == "PATCH" ? "zero" : "none"))
            #expect(response.body.count == (method == "HEAD" ? 0 : 2))
        }
    }

    @Test func usesConnectionsAgain() async throws {
        let server = try RawServer { connection in
            while connection.readRequest() != nil { connection.write(okay) }
        }
        try await withClient { client in
            for _ in 0..<20 {
                let response = try await client.send(
                    HTTPRequest(method: "POST", url: "http://127.0.0.1:\(server.port)/", body: [1, 2, 3])
                )
                #expect(response.status == 200)
            }
        }
        #expect(server.connections == 1)
    }

    @Test func undoesCompression() async throws {
        let compressed: [UInt8] = [
            31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 200, 64, 39, 1, 227, 81, 61, 141, 23, 0, 0, 0,
        ]
        let server = try RawServer { connection in
            let request = connection.readRequest() ?? ""
            guard request.lowercased().contains("accept-encoding: deflate, gzip, br") else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(compressed.count)\r\n\r\n")
            connection.write(compressed)
        }
        try await withClient { client in
            let response = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(server.port)/"))
            #expect(String(decoding: response.body, as: UTF8.self) == "hello hello hello hello")
            // The limit counts what comes out, not what came in.
            let error = await failure(
                of: HTTPRequest(url: "http://127.0.0.1:\(server.port)/", maximumResponseBytes: 22),
                with: client
            )
            #expect(error?.reason == .tooLarge)
        }
    }

    @Test func passesOverInterimResponsesAndTrailers() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n")
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n")
            connection.write("2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n")
        }
        try await withClient { client in
            let response = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(server.port)/"))
            #expect(response.status == 200)
            #expect(response.headers.map(\.name) == ["Transfer-Encoding", "X-A"])
            #expect(response.body == Array("ok".utf8))
        }
    }

    @Test func limitsTheResponse() async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            if request.contains("/announced") {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n")
                connection.waitForClose()
            } else if request.contains("/endless-head") {
                connection.write("HTTP/1.1 200 OK\r\n")
                while connection.write("X-Header: \(String(repeating: "a", count: 1000))\r\n") {}
            } else {
                connection.write("HTTP/1.1 200 OK\r\n\r\n")
                while connection.write([UInt8](repeating: 65, count: 10)) {}
            }
        }
        try await withClient { client in
            for path in ["announced", "endless", "endless-head"] {
                var request = HTTPRequest(url: "http://127.0.0.1:\(server.port)/\(path)", maximumResponseBytes: 100)
                request.timeout = .seconds(20)
                let error = await failure(of: request, with: client)
                #expect(error?.reason == .tooLarge, "\(path)")
                #expect(error?.mayHaveBeenSent == true)
            }
        }
    }

    @Test("an answer whose beginning is kept counts with its head", arguments: ["long", "silent", "broken", "empty"])
    func keepsTheBeginning(_ path: String) async throws {
        let server = try RawServer { connection in
            guard let request = connection.readRequest() else { return }
            connection.write("HTTP/1.1 202 OK\r\nX-A: 1\r\nContent-Length: \(1 << 40)\r\n\r\n")
            if request.contains("/long") { while connection.write([UInt8](repeating: 65, count: 1000)) {} }
            if request.contains("/silent") || request.contains("/broken") { connection.write("some") }
            // What is silent ends with the request's time.
            if request.contains("/silent") || request.contains("/empty") { connection.waitForClose() }
        }
        try await withClient { client in
            let response = try await client.send(
                HTTPRequest(
                    method: "POST",
                    url: "http://127.0.0.1:\(server.port)/\(path)",
                    timeout: path == "silent" || path == "empty" ? .milliseconds(300) : .seconds(60),
                    keptResponseBytes: 2500
                )
            )
            #expect(response.status == 202)
            #expect(response.header("x-a") == "1")
            let expected: [UInt8] =
                switch path {
                case "long": [UInt8](repeating: 65, count: 2500)
                case "empty": []
                default: Array("some".utf8)
                }
            #expect(response.body == expected)
        }
    }

    @Test("without a head there is no answer, whatever is kept")
    func needsAHead() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nX-A:")
        }
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(url: "http://127.0.0.1:\(server.port)/", keptResponseBytes: 10),
                with: client
            )
            #expect(error != nil)
        }
    }

    @Test("a server that closes resting connections is asked on a new one")
    func restingConnectionsThatEnd() async throws {
        let server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        try await withClient { client in
            for _ in 0..<20 {
                let response = try await client.send(HTTPRequest(url: "http://127.0.0.1:\(server.port)/"))
                #expect(response.body == Array("ok".utf8))
            }
        }
        #expect(server.connections == 20)
    }

    @Test(arguments: [
        HTTPRequest(url: ""), HTTPRequest(url: "/relative"), HTTPRequest(url: "ftp://127.0.0.1/"),
        HTTPRequest(url: "file:///etc/passwd"), HTTPRequest(url: "127.0.0.1"), HTTPRequest(url: "http://"),
        HTTPRequest(url: "http://127.0.0.1/\r\nX: y"), HTTPRequest(url: "http://127.0.0.1/a b"),
        HTTPRequest(url: "http://127.0.0.1/" + String(repeating: "a", count: 20_000)),
        HTTPRequest(method: "GET /x HTTP/1.1\r\nX: y\r\n\r\nGET", url: "http://127.0.0.1/"),
        HTTPRequest(method: "", url: "http://127.0.0.1/"),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("X", "a\r\nY: b")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("X", "a\nY: b")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("X", "a\u{1}b")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("X: a\r\nY", "b")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("", "b")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("Content-Length", "5")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("transfer-encoding", "chunked")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [("X", String(repeating: "a", count: 100_000))]),
    ])
    func refusesWhatMustNotBeWritten(_ request: HTTPRequest) async throws {
        try await withClient { client in
            let error = await failure(of: request, with: client)
            #expect(error?.reason == .invalidRequest)
            #expect(error?.mayHaveBeenSent == false)
        }
    }

    @Test func namesNothingButTheHost() async throws {
        let port = try RawServer.deadPort()
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(
                    url: "http://user:passw0rd@127.0.0.1:\(port)/path-t0ken?query-t0ken",
                    headers: [("Authorization", "Bearer t0ken")]
                ),
                with: client
            )
            let text = "\(try #require(error)) \(String(reflecting: error))"
            #expect(text.contains("127.0.0.1"))
            #expect(!text.contains("passw0rd"))
            #expect(!text.contains("t0ken"))
        }
    }

    @Test func heedsTheEnvironmentsProxies() async {
        await #expect(processExitsWith: .success) {
            let seen = Tally()
            let proxy = try RawServer { connection in
                guard let request = connection.readRequest(), request.hasPrefix("GET http://name.invalid/ HTTP/1.1")
                else { return }
                seen.add()
                connection.write(okay)
            }
            setenv("http_proxy", "http://127.0.0.1:\(proxy.port)", 1)
            setenv("no_proxy", "other.invalid", 1)
            try await withClient(HTTPClient.Configuration()) { client in
                let request = HTTPRequest(url: "http://name.invalid/")
                let answer1 = try await client.send(request)
                #expect(answer1.status == 200)
                #expect(seen.count == 1)
                // Neither an exempt host nor a guarded request goes there.
                let exempt = await failure(of: HTTPRequest(url: "http://other.invalid/"), with: client)
                #expect(exempt?.reason == .dns)
                var guarded = request
                guarded.guardAddresses = true
                let unproxied = await failure(of: guarded, with: client)
                #expect(unproxied?.reason == .dns)
            }
        }
    }

    @Test func endsEverythingAtShutdown() async throws {
        let started = Tally()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            started.add()
            connection.waitForClose()
        }
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: "http://127.0.0.1:\(server.port)/")
            async let waiting = failure(of: request, with: client)
            await started.reaches(1)
            client.shutdown()
            let error = await waiting
            #expect(error?.reason == .closed)
            #expect(error?.mayHaveBeenSent == true)
            let later = await failure(of: request, with: client)
            #expect(later?.reason == .closed)
            #expect(later?.mayHaveBeenSent == false)
        }
    }

    @Test func carriesAThousandSlowRequests() async throws {
        let arrived = Tally()
        let router = Router()
        router.get("/slow/:number") { _, context in
            arrived.add()
            // Nobody is answered before everybody is here.
            await arrived.reaches(1000)
            return context.parameters.get("number") ?? ""
        }
        try await withLocalServer(router) { port in
            try await withClient { client in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<1000 {
                        group.addTask {
                            let response = try await client.send(
                                HTTPRequest(url: "http://127.0.0.1:\(port)/slow/\(number)")
                            )
                            return response.body == Array("\(number)".utf8)
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }
    }
}
