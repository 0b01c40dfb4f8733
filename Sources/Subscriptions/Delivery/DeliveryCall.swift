import CoreTypes
import Transport

/// Makes one request to an endpoint.
struct DeliveryCall: Sendable {
    /// The longest time that an endpoint may take (Standard Webhooks 1.0: 15 to 30 seconds).
    static let timeout = Duration.seconds(15)
    /// How much of an answer is kept, in bytes.
    static let keptBytes = 16 << 10

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
            keptResponseBytes: Self.keptBytes,
            guardAddresses: true
        )
        do {
            // The status counts, even where the rest of the answer never comes.
            let response = try await transport.send(request)
            let now = time.now()
            return Attempt(
                status: response.status,
                errorCode: "",
                body: Array(response.body.prefix(Self.keptBytes)),
                retryAfter: response.retryAfter(now: now),
                startedAt: start,
                duration: now - start
            )
        } catch {
            return Attempt(
                status: 0,
                errorCode: error.metricLabel,
                body: [],
                retryAfter: nil,
                startedAt: start,
                duration: time.now() - start
            )
        }
    }
}
