import CoreTypes
import Subscriptions
import Testing

@Suite struct SigningTests {
    private let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private let moment = Timestamp(milliseconds: 1_614_265_330_000)
    private let body = Array(#"{"test": 2432232314}"#.utf8)
    private static let symmetric = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    private static let asymmetric = Secret(
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    )
    private static let symmetricSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    private static let asymmetricSignature =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="

    private func headers(_ secrets: Secret..., legacy: Bool = false) throws -> [String: String] {
        let signer = WebhookSigner(
            secrets: try secrets.map { try WebhookSecret(parsing: $0) },
            addsLegacySignature: legacy
        )
        return Dictionary(
            signer.headers(id: id, type: "verdict", body: body, now: moment).map { ($0.name, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    @Test func thePublishedVectors() throws {
        let headers = try headers(Self.symmetric, Self.asymmetric)
        #expect(headers["webhook-id"] == id)
        #expect(headers["webhook-timestamp"] == "1614265330")
        #expect(headers["webhook-signature"] == "\(Self.symmetricSignature) \(Self.asymmetricSignature)")
        let key = try WebhookSecret(parsing: Self.asymmetric).receiverKey.reveal()
        #expect(key == "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")
    }

    @Test func theOriginalsSignatureCoversTheBody() throws {
        // Computed with Python's hmac over the body, keyed with the secret's text.
        let headers = try headers(Self.symmetric, legacy: true)
        #expect(
            headers["X-Aragora-Signature"] == "sha256=80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
        )
        #expect(headers["X-Aragora-Signature-Next"] == nil)
        #expect(headers["X-Aragora-Event"] == "verdict")
        #expect(headers["X-Aragora-Delivery"] == id)
    }

    @Test func whileASecretIsReplacedTheOriginalsHeaderStaysValid() throws {
        let next = WebhookSecret.generate(.symmetric).text
        let alone = try headers(Self.symmetric, legacy: true)["X-Aragora-Signature"]
        let overlap = try headers(next, Self.asymmetric, Self.symmetric, legacy: true)
        #expect(overlap["X-Aragora-Signature"] == alone)
        let after = try headers(next, legacy: true)
        #expect(overlap["X-Aragora-Signature-Next"] == after["X-Aragora-Signature"])
        #expect(after["X-Aragora-Signature-Next"] == nil)
    }

    private func verify(
        _ signatures: String?,
        key: Secret = Self.symmetric,
        id: String? = nil,
        timestamp: String? = "1614265330",
        body: [UInt8]? = nil,
        after: Duration = .zero
    ) throws {
        try WebhookVerifier(receiverKey: key).verify(
            id: id ?? self.id,
            timestamp: timestamp,
            signatures: signatures,
            body: body ?? self.body,
            now: moment + after
        )
    }

    @Test func rightOnesPass() throws {
        try verify(Self.symmetricSignature)
        try verify("v1,AAAA v2,\(Self.symmetricSignature.dropFirst(3)) \(Self.symmetricSignature)")
        try verify(Self.asymmetricSignature, key: try WebhookSecret(parsing: Self.asymmetric).receiverKey)
        try verify(Self.symmetricSignature, after: .seconds(300))
        try verify(Self.symmetricSignature, after: .seconds(-300))
    }

    @Test(arguments: [
        "", "v1,", "v1", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJE",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1,😀", "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ])
    func wrongSignaturesFail(_ signature: String) {
        #expect(throws: SubscriptionError.self) { try verify(signature) }
    }

    @Test func wrongMessagesFail() {
        #expect(throws: SubscriptionError.self) { try verify(nil) }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, id: "") }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, id: "msg_other") }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, timestamp: nil) }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, timestamp: "Infinity") }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, timestamp: "1614265330.0") }
        #expect(throws: SubscriptionError.self) {
            try verify(Self.symmetricSignature, timestamp: "99999999999999999999")
        }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, after: .seconds(301)) }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, after: .seconds(-301)) }
        #expect(throws: SubscriptionError.self) { try verify(Self.symmetricSignature, body: []) }
        #expect(throws: SubscriptionError.self) { try verify(Self.asymmetricSignature) }
    }

    @Test(arguments: [
        "", "whsec_", "whsec_AAAA", "whsk_AAAA", "plain", "whsec_" + String(repeating: "A", count: 100),
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvw==",
    ])
    func secretsThatAreNoneAreRefused(_ text: String) {
        #expect(throws: SubscriptionError.self) { try WebhookSecret(parsing: Secret(text)) }
    }

    @Test func secretsReadBackAndAreNotShown() throws {
        for scheme in WebhookSecret.Scheme.allCases {
            let secret = WebhookSecret.generate(scheme)
            #expect(try WebhookSecret(parsing: secret.text).text.reveal() == secret.text.reveal())
            #expect(!"\(secret)".contains("wh"))
            #expect(!String(reflecting: secret).contains(secret.text.reveal().dropFirst(6)))
        }
    }
}
