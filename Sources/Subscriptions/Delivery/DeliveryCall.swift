import CoreTypes
import Transport

/// Makes one request to an endpoint.
struct DeliveryCall: Sendable {
    /// The longest time that an endpoint may take (Standard Webhooks 1.0: 15 to 30 seconds).
    static let timeout = Duration.seconds(15)
    /// How much of an answer is kept, in bytes.
    static let keptBytes = 16 << 10
    /// The most that an answer may announce; what is behind `keptBytes` is not read.
    private static let mostBytes = 1 << 30

    let transport: any HTTPTransport
    let time: any TimeSource

    /// Sends a message; the address guard sees every connection.
    func send(_ delivery: ClaimedDelivery, to claimed: ClaimedEndpoint) async -> Attempt {
        let endpoint = claimed.endpoint
        let start = time.now()
        let signer = WebhookSigner(
            secrets: claimed.secrets.valid(at: start),
            addsLegacySignature: endpoint.settings.addsLegacySignature
        )
        let request = HTTPRequest(
            method: "POST",
            url: endpoint.url,
            headers: claimed.secrets.headers + [(name: "Content-Type", value: "application/json")]
                + signer.headers(id: delivery.message.rawValue, type: delivery.type, body: delivery.body, now: start),
            body: delivery.body,
            timeout: Self.timeout,
            maximumResponseBytes: Self.mostBytes,
            guardAddresses: true
        )
        do {
            return try await transport.stream(request) { response in
                // The status counts, even where the rest of the answer never comes.
                let body = await Self.beginning(of: response.body)
                let now = time.now()
                return Attempt(
                    status: response.status,
                    errorCode: "",
                    body: body,
                    retryAfter: response.retryAfter(now: now),
                    startedAt: start,
                    duration: now - start
                )
            }
        } catch {
            return Attempt(
                status: 0,
                errorCode: (error as? any CodedError)?.metricLabel ?? "transport_cancelled",
                body: [],
                retryAfter: nil,
                startedAt: start,
                duration: time.now() - start
            )
        }
    }

    private static func beginning(of body: HTTPBody) async -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await piece in body {
                bytes += piece
                if bytes.count >= keptBytes { return Array(bytes.prefix(keptBytes)) }
            }
        } catch {
            return bytes
        }
        return bytes
    }
}
