package import Channels
package import CoreTypes
package import Transport

/// Mail on the way out: letters over SMTP.
///
/// A letter cannot be changed once it is sent, and nobody can be asked whether it arrived.
package struct EmailAdapter: DiagnosableChannel {
    package let platform = "email"
    package let routes: [AdapterRoute] = []
    /// What servers of the usual providers take without frowning.
    package let limits = ChannelLimits(
        channelBurst: 5,
        channelInterval: .seconds(1),
        methodsPerMinute: ["post": 120],
        editInterval: .zero
    )

    private let configuration: EmailConfiguration
    private let transport: any MailTransport
    private let time: any TimeSource

    /// Makes the adapter.
    package init(configuration: EmailConfiguration, transport: any MailTransport, time: any TimeSource) {
        self.configuration = configuration
        self.transport = transport
        self.time = time
    }

    package func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest {
        throw .unverified("Mail is not received here.")
    }

    package func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception {
        Reception(entries: [])
    }

    package func interpret(_ event: StoredEvent) throws -> [InboundEvent] { [] }

    package func render(_ post: Post) -> [RenderedPart] {
        [RenderedPart(payload: JSONText(EmailMessage(post).json))]
    }

    package func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome {
        guard let recipient = EmailAddress(address.channel) else {
            return .permanent(code: "invalid_address", description: "This is no mail address.")
        }
        guard let value = try? JSONValue(parsing: part.payload.text), let message = EmailMessage(json: value) else {
            return .permanent(code: "unreadable_part", description: "The stored letter cannot be read.")
        }
        let id = key.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") || $0 == "." }
        let outcome = await transport.send(
            OutgoingMail(
                sender: configuration.from.address,
                recipient: recipient.address,
                content: message.bytes(from: configuration.from, to: recipient, id: id, at: time.now())
            )
        )
        switch outcome {
        case .accepted: return .sent(messageID: id)
        case .refused(530), .refused(535), .refused(534):
            return .authentication(code: "smtp_login", description: "The mail server refused our credentials.")
        case .refused(let code) where code >= 500:
            return .permanent(code: "smtp_\(code)", description: "The mail server refused the letter for good.")
        case .refused(let code):
            return .transient(code: "smtp_\(code)", description: "The mail server refused the letter for now.")
        case .failed(let error) where error.mayHaveBeenSent:
            return .unknown(code: error.code, description: error.description)
        case .failed(let error) where error.isRetryable:
            return .transient(code: error.code, description: error.description)
        case .failed(let error):
            return .permanent(code: error.code, description: error.description)
        }
    }

    package func diagnose() async -> [Finding] {
        [
            Finding(
                .fine,
                "E-mail",
                "Letters go out through \(configuration.server.host ?? "the server") as \(configuration.from.address)."
            )
        ]
    }
}
