import ChannelSupport
import Channels
import CoreTypes
import EmailIntegration
import TestSupport
import Testing
import Transport

@Suite struct EmailMessageTests {
    @Test(arguments: [
        "ann", "ann@", "@example.org", "a@b@c", "ann@example.org\r\nBcc: eve@example.org", "<a@b> x", "a b@c.d",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test func whatStandsBetweenFencesIsLeftAsItIs() throws {
        let code = "C:\\temp\\_x_ \\* `\n~~~\n\\`\\`"
        let values = ["ARAGORA_SMTP_URL": "smtp://mail.example.org", "ARAGORA_MAIL_FROM": "a@b.org"]
        let email = try #require(try EmailConfiguration(from: values))
        let adapter = EmailAdapter(configuration: email, transport: SMTPClient(email.server), time: ManualTime())
        let body = "Is \\*this\\* right?\n\n````\n\(code)\n````\n\nYes \\# or no."
        let part = try #require(adapter.render(Post(body: body, fallbackText: "x")).first)
        let text = try JSONValue(parsing: part.payload.text)["text"]?.string
        #expect(text == "Is *this* right?\n\n````\n\(code)\n````\n\nYes # or no.")
    }

    @Test func aSignLosesItsBackslashWhateverCharacterItIsAPartOf() throws {
        let values = ["ARAGORA_SMTP_URL": "smtp://mail.example.org", "ARAGORA_MAIL_FROM": "a@b.org"]
        let email = try #require(try EmailConfiguration(from: values))
        let adapter = EmailAdapter(configuration: email, transport: SMTPClient(email.server), time: ManualTime())
        let post = Post(body: "\u{600}\\<b \\*\u{301}", fallbackText: "x")
        let part = try #require(adapter.render(post).first)
        #expect(try JSONValue(parsing: part.payload.text)["text"]?.string == "\u{600}<b *\u{301}")
    }

    @Test func theContractOfAdaptersIsKept() throws {
        let values = ["ARAGORA_SMTP_URL": "smtp://mail.example.org", "ARAGORA_MAIL_FROM": "a@b.org"]
        let email = try #require(try EmailConfiguration(from: values))
        let adapter = EmailAdapter(configuration: email, transport: SMTPClient(email.server), time: ManualTime())
        #expect(AdapterContract(sendOnly: adapter).violations() == [])
    }

    @Test func settingsThatCannotWorkAreErrors() throws {
        #expect(try EmailConfiguration(from: [:]) == nil)
        for values in [
            ["ARAGORA_SMTP_URL": "smtp://mail.example.org"],
            ["ARAGORA_SMTP_URL": "http://mail.example.org", "ARAGORA_MAIL_FROM": "a@b.org"],
            ["ARAGORA_SMTP_URL": "smtp://me:secret@mail.example.org", "ARAGORA_MAIL_FROM": "a@b.org"],
            ["ARAGORA_SMTP_USERNAME": "me"],
        ] {
            #expect(throws: EmailConfigurationError.self) { try EmailConfiguration(from: values) }
        }
    }
}
