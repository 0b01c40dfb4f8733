import CoreTypes
import Dispatch
import TestSupport
import Testing
import Transport

private let okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/// Time, cancellation, and whether a request may have reached its peer.
@Suite(.timeLimit(.minutes(5))) struct DeliveryTests {
    @Test func wasNotSentWhereNobodyListens() async throws {
        let port = try RawServer.deadPort()
        try await withClient { client in
            let error = await failure(of: HTTPRequest(method: "POST", url: "http://127.0.0.1:\(port)/"), with: client)
            #expect(error?.reason == .connect)
            #expect(error?.mayHaveBeenSent == false)
            #expect(error?.isRetryable == true)
        }
    }

    @Test func wasNotSentWhereTheNameIsUnknown() async throws {
        try await withClient { client in
            let error = await failure(of: HTTPRequest(method: "POST", url: "http://name.invalid/"), with: client)
            #expect(error?.reason == .dns)
            #expect(error?.mayHaveBeenSent == false)
        }
    }

    @Test func wasNotSentWhereTheHandshakeFails() async throws {
        let server = try RawServer { connection in
            if connection.number == 1 { connection.write("this is not TLS\r\n\r\n") } else { connection.waitForClose() }
        }
        try await withClient { client in
            let url = "https://127.0.0.1:\(server.port)/"
            let failed = await failure(of: HTTPRequest(method: "POST", url: url), with: client)
            #expect(failed?.reason == .tls)
            #expect(failed?.mayHaveBeenSent == false)
            let late = await failure(
                of: HTTPRequest(method: "POST", url: url, connectTimeout: .milliseconds(50)),
                with: client
            )
            #expect(late?.reason == .timeout)
            #expect(late?.mayHaveBeenSent == false)
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"])
    func mayHaveBeenSentWhereTheConnectionBreaks(_ answer: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write(answer)
        }
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(method: "POST", url: "http://127.0.0.1:\(server.port)/", body: [1]),
                with: client
            )
            #expect(error?.reason == .interrupted)
            #expect(error?.mayHaveBeenSent == true)
        }
    }

    @Test func refusesWhatIsNotHTTP() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("SSH-2.0-OpenSSH_9.2\r\n\r\n")
        }
        try await withClient { client in
            let error = await failure(of: HTTPRequest(url: "http://127.0.0.1:\(server.port)/"), with: client)
            #expect(error?.reason == .protocolError)
        }
    }

    /// A connection that was used before breaks after the second request was written to it.
    @Test(arguments: [("POST", 2, false), ("DELETE", 2, false), ("GET", 3, true)])
    func isWrittenOnceUnlessSafe(_ method: String, _ expected: Int, _ succeeds: Bool) async throws {
        let requests = Tally()
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                requests.add()
                if requests.count == 2 { return }
                connection.write(okay)
            }
        }
        try await withClient { client in
            let request = HTTPRequest(method: method, url: "http://127.0.0.1:\(server.port)/")
            let answer1 = try await client.send(request)
            #expect(answer1.status == 200)
            if succeeds {
                let answer2 = try await client.send(request)
                #expect(answer2.status == 200)
            } else {
                let error = await failure(of: request, with: client)
                #expect(error?.reason == .interrupted)
                #expect(error?.mayHaveBeenSent == true)
            }
        }
        #expect(requests.count == expected)
    }

    @Test func endsAtItsDeadline() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(method: "POST", url: "http://127.0.0.1:\(server.port)/", timeout: .milliseconds(50)),
                with: client
            )
            #expect(error?.reason == .timeout)
            #expect(error?.mayHaveBeenSent == true)
        }
    }

    @Test func endsWhenNothingComes() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            connection.waitForClose()
        }
        try await withClient { client in
            let request = HTTPRequest(
                method: "POST",
                url: "http://127.0.0.1:\(server.port)/",
                timeout: .seconds(50),
                idleTimeout: .milliseconds(50)
            )
            let error = await failure(of: request, with: client)
            #expect(error?.reason == .timeout)
            #expect(error?.mayHaveBeenSent == true)

            let streamed = await #expect(throws: TransportError.self) {
                try await client.stream(request) { response in
                    var body = response.body.makeAsyncIterator()
                    let answer3 = try await body.next()
                    #expect(answer3 == Array("half".utf8))
                    _ = try await body.next()
                }
            }
            #expect(streamed?.reason == .timeout)
        }
    }

    @Test func waitsForTheFirstByteOfTheBodyAsLongAsItTakes() async throws {
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        let server = try RawServer { connection in
            let isLate = connection.readRequest()?.hasPrefix("GET /late") == true
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            if isLate { gate.wait() } else { connection.write("ha") }
            if isLate { connection.write("late") } else { connection.waitForClose() }
        }
        try await withClient { client in
            func request(_ path: String) -> HTTPRequest {
                HTTPRequest(url: "http://127.0.0.1:\(server.port)\(path)", idleTimeout: .milliseconds(50))
            }
            try await client.stream(request("/late")) { response in
                // Each of them is silent for as long as is allowed behind its first byte.
                for _ in 0..<2 {
                    let error = await failure(of: request("/silent"), with: client)
                    #expect(error?.reason == .timeout)
                }
                gate.signal()
                let body = try await response.body.collect()
                #expect(body == Array("late".utf8))
            }
        }
    }

    @Test func waitsForTheFirstByteOfTheBodyNoLongerThanItIsTold() async throws {
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        let server = try RawServer { connection in
            let isSilent = connection.readRequest()?.hasPrefix("GET /silent") == true
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            if isSilent {
                connection.waitForClose()
            } else {
                connection.write("ha")
                gate.wait()
                connection.write("lf")
            }
        }
        try await withClient { client in
            func request(_ path: String) -> HTTPRequest {
                HTTPRequest(url: "http://127.0.0.1:\(server.port)\(path)", firstPieceTimeout: .milliseconds(500))
            }
            try await client.stream(request("/slow")) { response in
                var body = response.body.makeAsyncIterator()
                let first = try await body.next()
                #expect(first == Array("ha".utf8))
                // It began later, so the other one's time for its first piece is over when this one's is.
                let error = await failure(of: request("/silent"), with: client)
                #expect(error?.reason == .timeout)
                gate.signal()
                let second = try await body.next()
                #expect(second == Array("lf".utf8))
            }
        }
    }

    @Test func endsWithItsTask() async throws {
        let started = Tally()
        let closed = Tally()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            started.add()
            connection.waitForClose()
            closed.add()
        }
        try await withClient { client in
            let request = HTTPRequest(method: "POST", url: "http://127.0.0.1:\(server.port)/", timeout: .seconds(50))
            let task = Task { await failure(of: request, with: client) }
            await started.reaches(1)
            task.cancel()
            let error = await task.value
            #expect(error?.reason == .cancelled)
            #expect(error?.mayHaveBeenSent == true)
            await closed.reaches(1)

            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure(of: request, with: client)
            }
            let unsent = await early.value
            #expect(unsent?.reason == .cancelled)
            #expect(unsent?.mayHaveBeenSent == false)
        }
        #expect(server.connections == 1)
    }
}
