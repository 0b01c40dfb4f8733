import Channels
import CoreTypes
import EmailIntegration
import Foundation
import TestSupport
import Testing
import Transport

/// A mail server that we did not write takes the letters, and a library that we did not write reads them.
@Suite(.timeLimit(.minutes(5))) struct MailServerTests {
    private func adapter(port: Int) throws -> EmailAdapter {
        let configuration = try #require(
            try EmailConfiguration(from: [
                "ARAGORA_SMTP_URL": "smtp://127.0.0.1:\(port)",
                "ARAGORA_MAIL_FROM": "Aragora Prüfung <aragora@example.org>",
            ])
        )
        return EmailAdapter(
            configuration: configuration,
            transport: SMTPClient(configuration.server),
            time: ManualTime()
        )
    }

    private func send(_ adapter: EmailAdapter, to person: String, _ post: Post) async throws -> SendOutcome {
        let part = try #require(adapter.render(post).first)
        let address = Address(platform: "email", workspace: .local, channel: person)
        return await adapter.send(part, to: address, key: "approval/1/2#1")
    }

    @Test func aLetterArrivesAsItWasMeant() async throws {
        let server = try await MailServer.start()
        let post = Post(
            title: "Freigabe nötig: Straße 7\r\nBcc: eve@example.org",
            body: "May \\*it\\* go?\n.\nA line that begins with a dot.\n日本語",
            fields: [.init("Status", "0 of 2")],
            buttons: [.init(label: "Look at it", url: "https://a.example/approvals/answer/abc")],
            fallbackText: "x"
        )
        guard case .sent(let id) = try await send(try adapter(port: server.port), to: "ann@example.org", post) else {
            Issue.record("It was not sent.")
            return
        }
        let letter = try await eventually("the letter", timeout: .seconds(10)) { try server.letters.first }
        #expect(letter["sender"] == "aragora@example.org" && letter["recipients"] == ["ann@example.org"])
        #expect(letter["from"]?.string == "Aragora Prüfung <aragora@example.org>")
        #expect(letter["subject"]?.string == "Freigabe nötig: Straße 7 Bcc: eve@example.org")
        #expect(letter["headers"]?.array?.contains("Bcc") == false)
        #expect(letter["id"]?.string == "<\(id)@example.org>" && letter["defects"]?.integer == 0)
        let body = letter["body"]?.string?.replacing("\r\n", with: "\n") ?? ""
        #expect(body.contains("May *it* go?\n.\nA line that begins with a dot.\n日本語"))
        #expect(body.contains("Status: 0 of 2") && body.contains("https://a.example/approvals/answer/abc"))
    }

    @Test func refusalsAreForGoodOrForNow() async throws {
        let server = try await MailServer.start()
        let adapter = try adapter(port: server.port)
        let post = Post(title: "x", body: "y", fallbackText: "z")
        let never = try await send(adapter, to: "nobody@example.org", post)
        guard case .permanent(code: "smtp_550", _) = never else {
            Issue.record("\(never)")
            return
        }
        let later = try await send(adapter, to: "later@example.org", post)
        guard case .transient(code: "smtp_451", _) = later else {
            Issue.record("\(later)")
            return
        }
        try await server.process.killNow()
        let gone = try await send(adapter, to: "ann@example.org", post)
        guard case .transient = gone else {
            Issue.record("\(gone)")
            return
        }
    }
}
