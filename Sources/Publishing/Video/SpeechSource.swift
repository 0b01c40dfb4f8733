import CoreTypes
package import Transport

/// Whoever can say a text.
package protocol SpeechSource: Sendable {
    /// Says a text.
    /// - Returns: the sound as MP3.
    /// - Throws: `PublishingFailure`.
    func speak(_ text: String) async throws -> [UInt8]
}

/// A speech endpoint in the form of OpenAI's `POST /audio/speech`, which others offer as well.
package struct SpeechEndpoint: SpeechSource {
    /// The environment variables that are read here.
    package static let knownConfigurationKeys: [String] = [
        "ARAGORA_SPEECH_URL", "ARAGORA_SPEECH_API_KEY", "ARAGORA_SPEECH_MODEL", "ARAGORA_SPEECH_VOICE",
    ]
    private static let maximumBytes = 32 << 20

    private let url: String
    private let key: Secret?
    private let model: String
    private let voice: String
    private let transport: any HTTPTransport

    /// Reads the configuration; nil where no endpoint is configured.
    /// - Parameter values: environment variables by name.
    package init?(from values: [String: String], transport: any HTTPTransport) {
        guard var base = values["ARAGORA_SPEECH_URL"], !base.isEmpty else { return nil }
        while base.hasSuffix("/") { base.removeLast() }
        url = "\(base)/audio/speech"
        key = values["ARAGORA_SPEECH_API_KEY"].map { Secret($0) }
        model = values["ARAGORA_SPEECH_MODEL"] ?? "gpt-4o-mini-tts"
        voice = values["ARAGORA_SPEECH_VOICE"] ?? "alloy"
        self.transport = transport
    }

    package func speak(_ text: String) async throws -> [UInt8] {
        let body: JSONValue = [
            "model": .string(model), "voice": .string(voice), "input": .string(text), "response_format": "mp3",
        ]
        var headers: [(name: String, value: String)] = [("content-type", "application/json")]
        if let key { headers.append(("authorization", "Bearer \(key.reveal())")) }
        let request = HTTPRequest(
            method: "POST",
            url: url,
            headers: headers,
            body: body.bytes,
            timeout: .seconds(120),
            maximumResponseBytes: Self.maximumBytes
        )
        let response: HTTPResponse
        do throws(TransportError) {
            response = try await transport.send(request)
        } catch {
            throw PublishingFailure(error).withoutDoubt
        }
        guard response.status == 200, !response.body.isEmpty else {
            let mayHelp = response.status == 429 || response.status >= 500
            throw PublishingFailure(
                mayHelp ? .transient : .permanent,
                code: "speech_http_\(response.status)",
                "The speech endpoint answered with status \(response.status)."
            )
        }
        return response.body
    }
}
