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
