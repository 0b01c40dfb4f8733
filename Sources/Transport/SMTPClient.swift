import CCurl
package import CoreTypes

#if os(Linux)
@preconcurrency import Dispatch
#else
import Dispatch
#endif

/// A letter as a server takes it.
package struct OutgoingMail: Sendable {
    /// The envelope's sender, an address without a name.
    package let sender: String
    /// The envelope's recipient, an address without a name.
    package let recipient: String
    /// Headers and body with CRLF line ends (RFC 5322).
    package let content: [UInt8]

    /// Describes a letter.
    package init(sender: String, recipient: String, content: [UInt8]) {
        self.sender = sender
        self.recipient = recipient
        self.content = content
    }
}

/// What a mail server said.
package enum MailOutcome: Sendable {
    case accepted
    /// It refused, with a reply code of 400 to 599 (RFC 5321): from 500 on for good.
    case refused(code: Int)
    case failed(TransportError)
}

/// Something that takes letters.
package protocol MailTransport: Sendable {
    /// Hands one letter over, once.
    func send(_ mail: OutgoingMail) async -> MailOutcome
}

/// Hands letters to one server over libcurl, one after the other.
///
/// TLS is required wherever the server is not on this machine.
package final class SMTPClient: MailTransport {
    /// Which server takes the letters.
    package struct Configuration: Sendable {
        /// `smtp://host:port` (STARTTLS) or `smtps://host:port`.
        package var url: String
        package var username: String?
        package var password: Secret?
        /// How long one letter may take.
        package var timeout = Duration.seconds(30)

        /// Describes a server.
        package init(url: String, username: String? = nil, password: Secret? = nil) {
            self.url = url
            self.username = username
            self.password = password
        }

        /// The server's name for messages; nil where the URL is none of SMTP.
        package var host: String? {
            guard let scheme = ["smtp://", "smtps://"].first(where: { url.lowercased().hasPrefix($0) }) else {
                return nil
            }
            let rest = url.dropFirst(scheme.count).prefix { $0 != "/" }
            guard !rest.contains("@"), !rest.isEmpty else { return nil }
            let host = rest.hasPrefix("[") ? rest.prefix { $0 != "]" } + "]" : rest.prefix { $0 != ":" }
            return host.isEmpty ? nil : String(host)
        }

        var isLocal: Bool { host.map { ["localhost", "127.0.0.1", "[::1]"].contains($0) } ?? false }
    }

    private let configuration: Configuration
    /// libcurl's easy interface blocks, which must not happen on the cooperative pool.
    private let queue = DispatchQueue(label: "aragora-smtp")

    /// Makes a client; nothing is connected yet.
    package init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    package func send(_ mail: OutgoingMail) async -> MailOutcome {
        await withCheckedContinuation { continuation in
            queue.async { [configuration] in
                continuation.resume(returning: SMTPTransfer(configuration, mail).run())
            }
        }
    }
}

/// One letter on its way.
private final class SMTPTransfer {
    private let configuration: SMTPClient.Configuration
    private let mail: OutgoingMail
    private var position = 0

    init(_ configuration: SMTPClient.Configuration, _ mail: OutgoingMail) {
        self.configuration = configuration
        self.mail = mail
    }

    func run() -> MailOutcome {
        let host = configuration.host ?? "the mail server"
        guard TransferLoop.isLibraryReady, let handle = curl_easy_init() else {
            return .failed(TransportError(.closed, "libcurl could not be started"))
        }
        defer { curl_easy_cleanup(handle) }
        guard let recipients = curl_slist_append(nil, "<\(mail.recipient)>") else {
            return .failed(TransportError(.closed, "There is no memory for a letter"))
        }
        defer { curl_slist_free_all(recipients) }
        let set = options(handle) + [ccurl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)]
        if let failure = set.first(where: { $0 != CURLE_OK }) {
            return .failed(TransportError(failure, host: host, mayHaveBeenSent: false))
        }
        let result = curl_easy_perform(handle)
        guard result != CURLE_OK else { return .accepted }
        var reply = 0
        ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &reply)
        if (400...599).contains(reply) { return .refused(code: reply) }
        if result == CURLE_LOGIN_DENIED { return .refused(code: 535) }
        // Until the last byte is out, no server takes the letter.
        let isOut = position >= mail.content.count
        return .failed(TransportError(result, host: host, mayHaveBeenSent: isOut))
    }

    private func options(_ handle: UnsafeMutableRawPointer) -> [CURLcode] {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let security = configuration.isLocal ? Int(CURLUSESSL_TRY.rawValue) : Int(CURLUSESSL_ALL.rawValue)
        var results = [
            ccurl_set_string(handle, CURLOPT_URL, configuration.url),
            ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
            ccurl_set_string(handle, CURLOPT_PROXY, ""),
            ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            ccurl_set_long(handle, CURLOPT_USE_SSL, security),
            ccurl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(configuration.timeout.milliseconds)),
            ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 10_000),
            ccurl_set_string(handle, CURLOPT_MAIL_FROM, "<\(mail.sender)>"),
            ccurl_set_long(handle, CURLOPT_UPLOAD, 1),
            ccurl_set_context(handle, CURLOPT_READDATA, context),
            ccurl_set_reader(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
                guard let buffer, let context else { return 0 }
                return Unmanaged<SMTPTransfer>.fromOpaque(context).takeUnretainedValue().read(buffer, size * count)
            },
            // What the server says is of no use to anybody.
            ccurl_set_writer(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count },
        ]
        if let username = configuration.username {
            results.append(ccurl_set_string(handle, CURLOPT_USERNAME, username))
            results.append(ccurl_set_string(handle, CURLOPT_PASSWORD, configuration.password?.reveal() ?? ""))
        }
        return results
    }

    private func read(_ buffer: UnsafeMutablePointer<CChar>, _ room: Int) -> Int {
        let count = min(room, mail.content.count - position)
        guard count > 0 else { return 0 }
        let target = UnsafeMutableRawBufferPointer(start: buffer, count: count)
        target.copyBytes(from: mail.content[position..<(position + count)])
        position += count
        return count
    }
}
