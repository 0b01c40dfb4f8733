import Crypto
import Glibc

/// Distinct Slack events of about 1.2 KB as whole HTTP requests, correctly signed.
struct SlackTraffic {
    /// What the events are.
    enum Kind: String {
        /// Answers in threads, which the gateway stores, and then finds that no debate is held there.
        case reply
        /// Questions to the app, each of which starts a debate.
        case mention
    }

    let requests: [[UInt8]]

    init(kind: Kind, count: Int, seed: Int, secret: String) {
        let key = SymmetricKey(data: Array(secret.utf8))
        let now = time(nil)
        requests = (0..<count).map { number in
            let body = Self.body(kind, seed: seed, number: number, at: now)
            var code = HMAC<SHA256>(key: key)
            code.update(data: Array("v0:\(now):".utf8))
            code.update(data: body)
            let digits = Array("0123456789abcdef".utf8)
            let signature = code.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            let head = """
                POST /api/v1/bots/slack/events HTTP/1.1\r
                Host: 127.0.0.1\r
                User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r
                Accept: */*\r
                Content-Type: application/json\r
                Content-Length: \(body.count)\r
                X-Slack-Request-Timestamp: \(now)\r
                X-Slack-Signature: v0=\(String(decoding: signature, as: UTF8.self))\r
                \r

                """
            return Array(head.utf8) + body
        }
    }

    private static func body(_ kind: Kind, seed: Int, number: Int, at now: Int) -> [UInt8] {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let unique = padded(seed, 3) + padded(number, 7)
        let channel = "C0BENCH" + padded(number % 1000, 4)
        // Slack's timestamps have six digits behind the point; each of ours names one event of one run.
        let timestamp = "\(now - 600 + seed).\(padded(number % 1_000_000, 6))"
        let (type, mention) = kind == .mention ? ("app_mention", "<@U0BENCHBOT> ") : ("message", "")
        let thread = kind == .reply ? #""thread_ts":"\#(now - 7000).\#(padded(number % 997, 6))","# : ""
        let text =
            mention + "Should the release of week \(unique) go out on Friday, although the migration of the billing "
            + "tables has run on the staging system alone, and half of the team is away until Monday?"
        let user = "U0BENCH" + padded(number % 97, 4)
        let json = """
            {"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","team_id":"T0BENCH0001","context_team_id":"T0BENCH0001",\
            "context_enterprise_id":null,"api_app_id":"A0BENCH0001","event":{"type":"\(type)","user":"\(user)",\
            "ts":"\(timestamp)",\(thread)"client_msg_id":"5b0b3a0e-6f0f-4f6e-9d3e-00\(unique)","text":"\(text)",\
            "team":"T0BENCH0001","blocks":[{"type":"rich_text","block_id":"Kx\(unique)","elements":\
            [{"type":"rich_text_section","elements":[{"type":"text","text":"\(text)"}]}]}],"channel":"\(channel)",\
            "event_ts":"\(timestamp)","channel_type":"channel"},"type":"event_callback","event_id":"Ev\(unique)",\
            "event_time":\(now),"authorizations":[{"enterprise_id":null,"team_id":"T0BENCH0001",\
            "user_id":"U0BENCHBOT","is_bot":true,"is_enterprise_install":false}],"is_ext_shared_channel":false,\
            "event_context":"4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMEJFTkNIMDAwMSIsImFpZCI6IkEwQkVOQ0gwMDAxIn0\(unique)"}
            """
        return Array(json.utf8)
    }
}
