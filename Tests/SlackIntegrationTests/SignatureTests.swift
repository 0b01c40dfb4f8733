import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("Slack's request signature")
struct SignatureTests {
    private let bench: SlackBench

    init() throws {
        bench = try SlackBench()
    }

    private func refusal(_ request: RawRequest) -> RequestRefusal? {
        do {
            _ = try bench.adapter.verify(request)
            return nil
        } catch {
            return error
        }
    }

    private func request(_ headers: [(String, String)], at seconds: Int64, body: String) -> RawRequest {
        RawRequest(
            method: "POST",
            route: "commands",
            query: "",
            headers: headers.map { (name: $0.0, value: $0.1) },
            body: Array(body.utf8),
            receivedAt: Timestamp(milliseconds: seconds * 1000)
        )
    }

    @Test("The example of Slack's own documentation verifies, and no other byte does")
    func documentedExample() {
        let body =
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
            + "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
            + "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        let headers = [("x-slack-signature", signature), ("x-slack-request-timestamp", "1531420618")]
        #expect(refusal(request(headers, at: 1_531_420_618, body: body)) == nil)
        #expect(refusal(request(headers, at: 1_531_420_618, body: body + " "))?.status == 401)
        #expect(SlackSigner().signature(timestamp: "1531420618", body: Array(body.utf8)) == signature)
    }

    @Test("Five minutes are allowed in both directions, and not a second more", arguments: [-301, -300, 0, 300, 301])
    func age(_ seconds: Int64) {
        let payload = bench.payloads.command("help")
        let signedAt = SlackBench.now + .seconds(seconds)
        let isRefused = refusal(bench.request(payload, signedAt: signedAt)) != nil
        #expect(isRefused == (abs(seconds) > 300))
    }

    @Test(
        "Malformed, missing and doubled headers are refused without a detail",
        arguments: [
            [("x-slack-signature", "v0=00"), ("x-slack-request-timestamp", "1750000000")],
            [
                ("x-slack-signature", "v1=" + String(repeating: "0", count: 64)),
                ("x-slack-request-timestamp", "1750000000"),
            ],
            [
                ("x-slack-signature", "v0=" + String(repeating: "g", count: 64)),
                ("x-slack-request-timestamp", "1750000000"),
            ],
            [
                ("x-slack-signature", "v0=" + String(repeating: "0", count: 66)),
                ("x-slack-request-timestamp", "1750000000"),
            ],
            [("x-slack-signature", "v0=" + String(repeating: "0", count: 64)), ("x-slack-request-timestamp", "now")],
            [
                ("x-slack-signature", "v0=" + String(repeating: "0", count: 64)),
                ("x-slack-request-timestamp", "-1750000000"),
            ],
            [
                ("x-slack-signature", "v0=" + String(repeating: "0", count: 64)),
                ("x-slack-request-timestamp", "99999999999999999999"),
            ],
            [("x-slack-request-timestamp", "1750000000")],
            [("x-slack-signature", "v0=" + String(repeating: "0", count: 64))],
            [],
        ]
    )
    func malformed(_ headers: [(String, String)]) {
        let refusal = refusal(request(headers, at: SlackBench.now.seconds, body: "text=hello"))
        #expect(refusal?.status == 401)
        #expect(refusal?.code == "unverified")
    }

    @Test("A second signature header is refused even if both are right")
    func doubled() {
        let good = bench.request(bench.payloads.command("help"))
        #expect(refusal(good) == nil)
        for name in ["x-slack-signature", "x-slack-request-timestamp"] {
            let twice = RawRequest(
                method: "POST",
                route: good.route,
                query: "",
                headers: good.headers + good.headers.filter { $0.name == name },
                body: good.body,
                receivedAt: good.receivedAt
            )
            #expect(refusal(twice)?.status == 401)
        }
    }

    @Test("Capital hexadecimal digits are the same digits")
    func capitals() {
        let good = bench.request(bench.payloads.command("help"))
        let headers = good.headers.map { header in
            header.name == "x-slack-signature"
                ? (name: header.name, value: "v0=" + header.value.dropFirst(3).uppercased()) : header
        }
        let request = RawRequest(
            method: "POST",
            route: good.route,
            query: "",
            headers: headers,
            body: good.body,
            receivedAt: good.receivedAt
        )
        #expect(refusal(request) == nil)
    }

    @Test("Slack's own library signs what we accept, and accepts what our tests sign")
    func peer() async throws {
        let bodies = [
            "text=hello", "payload=%7B%22type%22%3A%22block_actions%22%7D",
            #"{"type":"event_callback","text":"grüße 👋"}"#, "",
        ]
        let lines = try await runPeer("signatures.py", [SlackSigner.secret, "1750000000"] + bodies)
            .split(separator: "\n").map(String.init)
        try #require(lines.count == bodies.count)
        for (body, theirs) in zip(bodies, lines) {
            #expect(SlackSigner().signature(timestamp: "1750000000", body: Array(body.utf8)) == theirs)
            let headers = [("x-slack-signature", theirs), ("x-slack-request-timestamp", "1750000000")]
            #expect(refusal(request(headers, at: 1_750_000_000, body: body)) == nil)
            #expect(refusal(request(headers, at: 1_750_000_000, body: body + "x"))?.status == 401)
        }
    }

    @Test("Slack's own library refuses what we refuse")
    func peerVerdicts() async throws {
        let body = "text=hello"
        let good = SlackSigner().signature(timestamp: "1750000000", body: Array(body.utf8))
        let signatures = [good, good.replacing("v0", with: "v1"), String(good.dropLast()) + "0", "v0=", ""]
        let output = try await runPeer("verify.py", [SlackSigner.secret, "1750000000", body] + signatures)
        let theirs = output.split(separator: "\n").map { $0 == "True" }
        let ours = signatures.map { signature in
            let headers = [("x-slack-signature", signature), ("x-slack-request-timestamp", "1750000000")]
            return refusal(request(headers, at: 1_750_000_000, body: body)) == nil
        }
        #expect(ours == theirs)
        #expect(ours.filter { $0 }.count == (good.hasSuffix("0") ? 2 : 1))
    }
}
