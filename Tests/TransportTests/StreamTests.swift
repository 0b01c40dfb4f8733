import CoreTypes
import Hummingbird
import Synchronization
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(5))) struct StreamTests {
    @Test func deliversPiecesAsTheyCome() async throws {
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        let router = Router()
        router.get("/events") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/event-stream"],
                body: .init { writer in
                    try await writer.write(ByteBuffer(string: "data: one\n\n"))
                    // The second piece waits for the test to have seen the first.
                    for await _ in gate { break }
                    try await writer.write(ByteBuffer(string: "data: two\n\n"))
                    try await writer.finish(nil)
                }
            )
        }
        try await withLocalServer(router) { port in
            try await withClient { client in
                let seen = try await client.stream(HTTPRequest(url: "http://127.0.0.1:\(port)/events")) { response in
                    #expect(response.status == 200)
                    #expect(response.header("content-type") == "text/event-stream")
                    var parser = ServerSentEvents()
                    var seen: [String] = []
                    for try await piece in response.body {
                        seen += parser.feed(piece).map(\.data)
                        if seen.count == 1 { opened.yield() }
                    }
                    return seen
                }
                #expect(seen == ["one", "two"])
            }
        }
    }

    @Test func makesAFastServerWait() async throws {
        let total = 64 << 20
        let (stalls, stalled) = AsyncStream.makeStream(of: Int.self)
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 16)
            defer { stalled.finish() }
            var written = 0
            var hasStalled = false
            while written < total {
                if !hasStalled, !connection.isWritable(within: 1200) {
                    hasStalled = true
                    stalled.yield(written)
                }
                guard connection.write(piece) else { return }
                written += piece.count
            }
            stalled.yield(written)
        }
        try await withClient { client in
            let request = HTTPRequest(
                url: "http://127.0.0.1:\(server.port)/",
                idleTimeout: .seconds(1),
                maximumResponseBytes: total
            )
            let received = try await client.stream(request) { response in
                var body = response.body.makeAsyncIterator()
                var received = try await body.next()?.count ?? 0
                // Nothing more is read until the server can write no more; the idle timeout must not count meanwhile.
                for await written in stalls {
                    #expect(written < total / 2)
                    break
                }
                while let piece = try await body.next() { received += piece.count }
                return received
            }
            #expect(received == total)
        }
    }

    @Test func endsWithItsConsumer() async throws {
        let closed = Tally()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write([UInt8](repeating: 7, count: 1000)) {}
            closed.add()
        }
        try await withClient { client in
            let request = HTTPRequest(url: "http://127.0.0.1:\(server.port)/")
            let first = try await client.stream(request) { response in
                var body = response.body.makeAsyncIterator()
                return try await body.next()
            }
            #expect(first?.first == 7)
            await closed.reaches(1)

            await #expect(throws: CancellationError.self) {
                try await client.stream(request) { _ in throw CancellationError() }
            }
            await closed.reaches(2)
        }
    }

    @Test func endsWithItsTask() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\nfirst")
            connection.waitForClose()
        }
        try await withClient { client in
            let started = Tally()
            let task = Task {
                try await client.stream(HTTPRequest(url: "http://127.0.0.1:\(server.port)/")) { response in
                    for try await _ in response.body { started.add() }
                }
            }
            await started.reaches(1)
            task.cancel()
            let error = await #expect(throws: TransportError.self) { try await task.value }
            #expect(error?.reason == .cancelled)
        }
    }

    @Test func limitsTheBody() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write([UInt8](repeating: 7, count: 100)) {}
        }
        try await withClient { client in
            let request = HTTPRequest(url: "http://127.0.0.1:\(server.port)/", maximumResponseBytes: 1_000_000)
            let received = Mutex(0)
            let error = await #expect(throws: TransportError.self) {
                try await client.stream(request) { response in
                    for try await piece in response.body { received.withLock { $0 += piece.count } }
                }
            }
            #expect(error?.reason == .tooLarge)
            #expect(received.withLock { $0 } <= 1_000_000)
        }
    }

    @Test func collectsTheBodyOfAnError() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nwait")
        }
        try await withClient { client in
            try await client.stream(HTTPRequest(url: "http://127.0.0.1:\(server.port)/")) { response in
                #expect(response.status == 429)
                #expect(response.retryAfter(now: Timestamp(milliseconds: 0)) == .seconds(3))
                let answer1 = try await response.body.collect()
                #expect(answer1 == Array("wait".utf8))
            }
        }
    }

    @Test func failsLikeARequest() async throws {
        let port = try RawServer.deadPort()
        try await withClient { client in
            let error = await #expect(throws: TransportError.self) {
                try await client.stream(HTTPRequest(url: "http://127.0.0.1:\(port)/")) { _ in }
            }
            #expect(error?.reason == .connect)
            #expect(error?.mayHaveBeenSent == false)
        }
    }
}
