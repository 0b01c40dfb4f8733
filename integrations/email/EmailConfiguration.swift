import CoreTypes
package import Transport

/// What the operator sets for mail.
///
/// Without a server nothing is mounted.
package struct EmailConfiguration: Sendable {
    /// The environment variables that are read here.
    package static let knownConfigurationKeys = [
        "ARAGORA_SMTP_URL", "ARAGORA_SMTP_USERNAME", "ARAGORA_SMTP_PASSWORD", "ARAGORA_MAIL_FROM",
    ]

    package let server: SMTPClient.Configuration
    /// Who the letters are from, such as `Aragora <aragora@example.org>`.
    package let from: EmailAddress

    /// Reads the configuration; nil where mail is not configured.
    /// - Parameter values: environment variables by name; an empty one counts as missing.
    /// - Throws: `EmailConfigurationError` for values that cannot work together.
    package init?(from values: [String: String]) throws(EmailConfigurationError) {
        guard let url = values["ARAGORA_SMTP_URL"] else {
            guard values["ARAGORA_SMTP_USERNAME"] == nil, values["ARAGORA_SMTP_PASSWORD"] == nil else {
                throw EmailConfigurationError("ARAGORA_SMTP_URL is missing: it names the server that takes the mail.")
            }
            return nil
        }
        let username = values["ARAGORA_SMTP_USERNAME"]
        let password = values["ARAGORA_SMTP_PASSWORD"].map { Secret($0) }
        guard (username == nil) == (password == nil) else {
            throw EmailConfigurationError(
                "ARAGORA_SMTP_USERNAME and ARAGORA_SMTP_PASSWORD are only of use together."
            )
        }
        server = SMTPClient.Configuration(url: url, username: username, password: password)
        guard server.host != nil else {
            throw EmailConfigurationError(
                "ARAGORA_SMTP_URL takes smtp://host:port or smtps://host:port, without a name or a password in it."
            )
        }
        guard let text = values["ARAGORA_MAIL_FROM"], let address = EmailAddress(text) else {
            throw EmailConfigurationError("ARAGORA_MAIL_FROM takes an address such as Aragora <aragora@example.org>.")
        }
        from = address
    }
}

/// Mail settings that cannot work.
package struct EmailConfigurationError: CodedError {
    package let description: String
    package var code: String { "email_configuration" }
    package var isRetryable: Bool { false }

    init(_ description: String) {
        self.description = description
    }
}

/// An address with the name beside it.
package struct EmailAddress: Hashable, Sendable {
    /// Empty where there is none.
    package let name: String
    /// `local@domain`.
    package let address: String

    /// Reads `local@domain` or `Name <local@domain>`; nil for anything else, above all for what could add a header.
    package init?(_ text: String) {
        guard !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else { return nil }
        var address = text[...]
        var name = ""
        if let open = text.lastIndex(of: "<"), text.hasSuffix(">") {
            address = text[text.index(after: open)...].dropLast()
            name = String(text[..<open])
            while name.last == " " { name.removeLast() }
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), address.utf8.count <= 254,
            !address.contains(where: { " <>,;:\"()[]\\".contains($0) }), address.utf8.allSatisfy({ $0 < 128 })
        else { return nil }
        self.name = name
        self.address = String(address)
    }

    var domain: String { address.split(separator: "@").last.map(String.init) ?? "localhost" }
}
