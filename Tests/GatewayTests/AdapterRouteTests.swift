import Channels
import CoreTypes
import Gateway
import TestSupport
import Testing

@Suite("Platform requests", .timeLimit(.minutes(5)))
struct AdapterRouteTests {
    private static let path = "/api/v1/bots/fake/events"
    private static let signed = [("X-Fake-Signature", "right")]

    private let steps = Steps()

    private func harness(failure: FakeError? = nil) -> (GatewayHarness, FakeIntake) {
        var harness = GatewayHarness()
        let intake = FakeIntake(steps: steps, failure: failure)
        harness.adapters = [FakeAdapter(steps: steps)]
        harness.pages = [FakePages()]
        harness.intake = intake
        harness.configuration.apiToken = Secret("not for platforms")
        return (harness, intake)
    }

    @Test("Verify, store, acknowledge, in that order")
    func order() async throws {
        let (harness, intake) = harness()
        let answer = try await harness.run { client async throws in
            try await client.request("POST", Self.path, headers: Self.signed, body: "the raw bytes\u{0}\r\n")
        }
        #expect(answer.status == 202)
        #expect(answer.body == "ok")
        #expect(answer.headers["x-fake"] == "yes")
        #expect(answer.headers["content-type"] == "text/plain")
        #expect(steps.all == ["verify events 16", "receive", "append fake", "committed"])
        #expect(intake.entries.map(\.body) == [Array("the raw bytes\u{0}\r\n".utf8)])
    }

    @Test("Nothing is acknowledged that was not stored")
    func commitFailure() async throws {
        let (harness, intake) = harness(failure: FakeError(code: "database_connection", isRetryable: true))
        let answer = try await harness.run { client async throws in
            try await client.request("POST", Self.path, headers: Self.signed, body: "event")
        }
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(answer.body.isEmpty)
        #expect(intake.entries.isEmpty)
        #expect(steps.all.last == "append fake")
    }

    @Test("A wrong signature is 401 without a word, and nothing is read or stored")
    func refused() async throws {
        let (harness, intake) = harness()
        let twice = Self.signed + Self.signed
        try await harness.run { client async throws in
            for headers in [[], [("X-Fake-Signature", "wrong")], twice] {
                let answer = try await client.request("POST", Self.path, headers: headers, body: "event")
                #expect(answer.status == 401)
                #expect(answer.body.isEmpty)
            }
        }
        #expect(intake.entries.isEmpty)
        #expect(!steps.all.contains("receive"))
    }

    @Test("A body that is none of the platform's gets the adapter's own status")
    func unreadable() async throws {
        let (harness, intake) = harness()
        let answer = try await harness.run { client async throws in
            try await client.request("POST", Self.path, headers: Self.signed, body: "bad")
        }
        #expect(answer.status == 400)
        #expect(answer.body.isEmpty)
        #expect(intake.entries.isEmpty)
    }

    @Test("A body that announces too much is refused before it is sent")
    func announcedTooLarge() async throws {
        let (harness, _) = harness()
        let answer = try await harness.run { client async throws in
            try await client.connect { connection async throws in
                let head = client.head("POST", Self.path, headers: Self.signed + [("Content-Length", "2049")])
                try await connection.send(head)
                return try RawResponse(try await connection.read(until: "\r\n\r\n"))
            }
        }
        #expect(answer.status == 413)
        #expect(answer.headers["connection"] == "close")
        #expect(steps.all.isEmpty)
    }

    @Test("What cannot be verified is refused before its body is sent")
    func unsigned() async throws {
        let (harness, _) = harness()
        let answer = try await harness.run { client async throws in
            try await client.connect { connection async throws in
                try await connection.send(client.head("POST", Self.path, headers: [("Content-Length", "2000")]))
                return try RawResponse(try await connection.read(until: "\r\n\r\n"))
            }
        }
        #expect(answer.status == 401)
        #expect(answer.headers["connection"] == "close")
        #expect(steps.all.isEmpty)
    }

    @Test("Bodies together hold no more than their budget; what keeps waiting longest makes room for what is there")
    func budget() async throws {
        var (harness, intake) = harness()
        harness.configuration.maximumHeldBytes = 1500
        try await harness.run { client async throws in
            let headers = Self.signed + [("Content-Length", "701")]
            let part = client.head("POST", Self.path, headers: headers, body: String(repeating: "x", count: 700))
            @Sendable func status(_ count: Int) async throws -> Int {
                let body = String(repeating: "x", count: count)
                return try await client.request("POST", Self.path, headers: Self.signed, body: body).status
            }
            try await client.connect { first async throws in
                try await first.send(part)
                // This answer comes after the loop has seen what was sent before.
                #expect(try await status(1) == 202)
                try await client.connect { second async throws in
                    try await second.send(part)
                    #expect(try await status(2) == 202)
                    #expect(try await status(700) == 202)
                    try await second.send("y")
                    #expect(try await second.read(until: "ok").contains("202"))
                }
                let refusal = try RawResponse(try await first.readAll())
                #expect(refusal.status == 503)
                #expect(refusal.headers["retry-after"] == "1" && refusal.headers["connection"] == "close")
                #expect(try await status(1500) == 202)
                #expect(try await status(1501) == 503)
            }
        }
        #expect(intake.entries.map(\.body.count) == [1, 2, 700, 701, 1500])
    }

    @Test("What has kept waiting longest makes room for no more of itself")
    func budgetOfTheOldest() async throws {
        var (harness, intake) = harness()
        harness.configuration.maximumHeldBytes = 1500
        try await harness.run { client async throws in
            @Sendable func head(_ length: Int) -> String {
                let headers = Self.signed + [("Content-Length", String(length))]
                return client.head("POST", Self.path, headers: headers, body: String(repeating: "x", count: 700))
            }
            @Sendable func status(_ count: Int) async throws -> Int {
                let body = String(repeating: "x", count: count)
                return try await client.request("POST", Self.path, headers: Self.signed, body: body).status
            }
            try await client.connect { first async throws in
                try await first.send(head(1000))
                // This answer comes after the loop has seen what was sent before.
                #expect(try await status(1) == 202)
                let sendMore = first.sender
                try await client.connect { second async throws in
                    try await second.send(head(701))
                    #expect(try await status(2) == 202)
                    try await sendMore(String(repeating: "x", count: 200))
                    #expect(try await status(3) == 202)
                    try await second.send("y")
                    #expect(try await second.read(until: "ok").contains("202"))
                }
                let refusal = try RawResponse(try await first.readAll())
                #expect(refusal.status == 503)
            }
        }
        #expect(intake.entries.map(\.body.count) == [1, 2, 3, 701])
    }

    @Test("A body without an announced length is read up to the limit and no further")
    func streamedTooLarge() async throws {
        let (harness, _) = harness()
        let answer = try await harness.run { client async throws in
            try await client.connect { connection async throws in
                let headers = Self.signed + [("Transfer-Encoding", "chunked")]
                try await connection.send(client.head("POST", Self.path, headers: headers))
                for _ in 0..<3 { try await connection.send("400\r\n" + String(repeating: "x", count: 1024) + "\r\n") }
                return try RawResponse(try await connection.read(until: "\r\n\r\n"))
            }
        }
        #expect(answer.status == 413)
        #expect(steps.all.isEmpty)
    }

    @Test("A body in pieces arrives whole, and the connection serves the next request")
    func pieces() async throws {
        let (harness, intake) = harness()
        try await harness.run { client async throws in
            try await client.connect { connection async throws in
                let headers = Self.signed + [("Transfer-Encoding", "chunked")]
                try await connection.send(client.head("POST", Self.path, headers: headers))
                for piece in ["6\r\nfirst \r\n", "6\r\nsecond\r\n", "0\r\n\r\n"] { try await connection.send(piece) }
                #expect(try await connection.read(until: "ok").contains("202"))
                try await connection.send(client.head("POST", Self.path, headers: Self.signed, body: "third"))
                #expect(try await connection.read(until: "ok").contains("202"))
            }
        }
        #expect(intake.entries.map(\.body) == ["first second", "third"].map { Array($0.utf8) })
    }

    @Test("A request without an event is answered and nothing is stored; the query comes as it was sent")
    func probe() async throws {
        let (harness, _) = harness()
        let answer = try await harness.run { client async throws in
            try await client.request("GET", "/api/v1/bots/fake/probe?challenge=a%20b&x=1", headers: Self.signed)
        }
        #expect(answer.status == 200)
        #expect(answer.body == "challenge=a%20b&x=1")
        #expect(steps.all == ["verify probe 0", "receive"])
    }

    @Test("Other methods and other platforms are not found")
    func unknown() async throws {
        let (harness, _) = harness()
        try await harness.run { client async throws in
            #expect(try await client.request("GET", Self.path).status == 404)
            #expect(try await client.request("POST", "/api/v1/bots/other/events", body: "x").status == 404)
        }
        #expect(steps.all.isEmpty)
    }

    @Test("A platform's pages get their query decoded")
    func pages() async throws {
        let (harness, _) = harness()
        try await harness.run { client async throws in
            let answer = try await client.request(
                "GET",
                "/api/v1/bots/fake/install?code=a%2Bb+c&state=%zz&empty",
                headers: [("Cookie", "s=1")]
            )
            #expect(answer.status == 200)
            #expect(answer.body == "install code=a+b c;state=%zz;empty= s=1")
            #expect(answer.headers["x-content-type-options"] == "nosniff")
            #expect(try await client.request("POST", "/api/v1/bots/fake/install").status == 405)
        }
    }
}
