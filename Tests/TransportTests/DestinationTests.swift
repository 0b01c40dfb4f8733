import CoreTypes
import TestSupport
import Testing
import Transport

/// Where a request may go: the address guard and redirects.
@Suite(.timeLimit(.minutes(5))) struct DestinationTests {
    @Test(arguments: [
        "127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "0", "[::ffff:127.0.0.1]",
    ])
    func guardedRequestsDoNotReachThisMachine(_ host: String) async throws {
        let server = try RawServer { _ in }
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(method: "POST", url: "http://\(host):\(server.port)/", guardAddresses: true),
                with: client
            )
            #expect(error?.reason == .refusedAddress)
            #expect(error?.mayHaveBeenSent == false)
            #expect(error?.isRetryable == false)
        }
        #expect(server.connections == 0)
    }

    @Test func guardedRequestsUseNoConnectionOfOthers() async throws {
        let requests = Tally()
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                requests.add()
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        try await withClient { client in
            var request = HTTPRequest(url: "http://127.0.0.1:\(server.port)/")
            let answer1 = try await client.send(request)
            #expect(answer1.status == 200)
            request.guardAddresses = true
            let error = await failure(of: request, with: client)
            #expect(error?.reason == .refusedAddress)
            request.guardAddresses = false
            let answer2 = try await client.send(request)
            #expect(answer2.status == 200)
        }
        #expect(requests.count == 2)
    }

    @Test func theOperatorsRangesAreOpen() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n")
        }
        let open = AddressGuard(allowing: ["127.0.0.1"].compactMap { CIDR($0) })
        try await withClient(HTTPClient.Configuration(addressGuard: open, usesProxies: false)) { client in
            var request = HTTPRequest(url: "http://localhost:\(server.port)/", guardAddresses: true)
            let answer3 = try await client.send(request)
            #expect(answer3.status == 302)
            // The guard sees every hop.
            request.followRedirects = true
            let error = await failure(of: request, with: client)
            #expect(error?.reason == .refusedAddress)
            #expect(error?.mayHaveBeenSent == true)
        }
    }

    @Test func followsRedirectsWithoutSecrets() async throws {
        let target = try RawServer { connection in
            let request = (connection.readRequest() ?? "").lowercased()
            let isClean = !request.contains("t0ken") && request.contains("accept: text/plain")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\(isClean ? "clean" : "dirty")")
        }
        let port = target.port
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                let location = request.contains("/first") ? "second?a=1" : "http://127.0.0.1:\(port)/third"
                guard request.contains("t0ken") else { return }
                connection.write("HTTP/1.1 307 Moved\r\nLocation: \(location)\r\nContent-Length: 3\r\n\r\nold")
            }
        }
        try await withClient { client in
            let request = HTTPRequest(
                url: "http://127.0.0.1:\(server.port)/first",
                headers: [("Authorization", "Bearer t0ken"), ("X-Key", "t0ken"), ("Accept", "text/plain")],
                followRedirects: true
            )
            let answer4 = try await client.send(request)
            #expect(answer4.body == Array("clean".utf8))
            let streamed = try await client.stream(request) { try await $0.body.collect() }
            #expect(streamed == Array("clean".utf8))
            var post = request
            post.method = "POST"
            let answer5 = try await client.send(post)
            #expect(answer5.status == 307)
        }
    }

    @Test func endsARingOfRedirects() async throws {
        let requests = Tally()
        let server = try RawServer { connection in
            while connection.readRequest() != nil {
                requests.add()
                connection.write("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
            }
        }
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(url: "http://127.0.0.1:\(server.port)/", followRedirects: true),
                with: client
            )
            #expect(error?.reason == .protocolError)
        }
        #expect(requests.count == 6)
    }

    @Test(arguments: ["file:///etc/passwd", "gopher://127.0.0.1/", "http://"])
    func refusesRedirectsElsewhere(_ location: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 302 Found\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
        }
        try await withClient { client in
            let error = await failure(
                of: HTTPRequest(url: "http://127.0.0.1:\(server.port)/", followRedirects: true),
                with: client
            )
            #expect(error?.reason == .protocolError)
        }
    }
}
