import ArgumentParser
import CoreTypes
import Logging
import Subscriptions
import Transport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `aragora webhooks`: what developers of receivers need.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Shows events as they happen, and checks payloads.",
        subcommands: [Listen.self, Verify.self]
    )

    struct Listen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints events as they arrive at this machine, and whether their signatures are right.",
            discussion: """
                It makes a webhook at the gateway that leads here, answers every message with 200, and takes the webhook \
                away at the end (Ctrl-C). The gateway has to be allowed to reach this machine: for one on the same \
                machine, start it with ARAGORA_WEBHOOK_ALLOW=127.0.0.1.
                """
        )

        @Option(help: "The gateway's address.")
        var url = "http://127.0.0.1:8080"

        @Option(help: "The events, with commas between; all where nothing is said.")
        var events = "*"

        @Option(help: "The API token or key; the setting ARAGORA_API_TOKEN where nothing is said.")
        var token: String?

        @Option(help: "Ends after so many events.")
        var count: Int?

        @Option(help: "The workspace to hear of.")
        var workspace = WorkspaceID.local.rawValue

        func run() async throws {
            try await reportingErrors {
                let token = try token.map { Secret($0) } ?? Settings.loadFromProcess().apiToken
                let logger = House.logger(level: .error)
                let client = HTTPClient(logger: logger)
                defer { client.shutdown() }
                let gateway = GatewayClient(client: client, url: url, token: token)
                let listener = try EventListener()
                let made = try await gateway.call(
                    "POST",
                    "/api/v1/webhooks",
                    [
                        "url": .string("http://127.0.0.1:\(listener.port)/"), "events": .string(events),
                        "name": "aragora webhooks listen", "workspace": .string(workspace),
                    ]
                )
                guard let id = made["webhook"]?["id"]?.string, let key = made["webhook"]?["secret"]?.string else {
                    throw SettingsError("The gateway's answer names no webhook.")
                }
                printError("Listening for \(events) as \(id). Ctrl-C ends it.")
                let verifier = try WebhookVerifier(receiverKey: Secret(key))
                await listener.run(atMost: count) { request in printNow(Listen.line(request, verifier)) }
                _ = try await gateway.call("DELETE", "/api/v1/webhooks/\(id)", nil)
            }
        }

        private static func line(_ request: EventListener.Request, _ verifier: WebhookVerifier) -> String {
            let verdict: String
            do {
                try verifier.verify(
                    id: request.headers["webhook-id"],
                    timestamp: request.headers["webhook-timestamp"],
                    signatures: request.headers["webhook-signature"],
                    body: request.body,
                    now: SystemTime().now()
                )
                verdict = "signature valid"
            } catch {
                verdict = "signature NOT valid: \(error.description)"
            }
            let event = (try? JSONValue(parsing: request.body)) ?? [:]
            return "\(event["timestamp"]?.string ?? "") \(event["type"]?.string ?? "?") (\(verdict))\n"
                + String(decoding: request.body, as: UTF8.self)
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a payload with the headers that came with it, without network or database."
        )

        @Argument(help: "The body, byte for byte as it arrived.")
        var file: String

        @Option(
            help:
                "The key that was shown when the webhook was made, whsec_… or whpk_…; the variable WEBHOOK_SECRET where nothing is said."
        )
        var secret: String?

        @Option(help: "The header webhook-id.")
        var id: String

        @Option(help: "The header webhook-timestamp.")
        var timestamp: String

        @Option(help: "The header webhook-signature.")
        var signature: String

        @Flag(help: "Passes over that the message is older than five minutes.")
        var ignoreAge = false

        func run() async throws {
            guard let secret = secret ?? ProcessInfo.processInfo.environment["WEBHOOK_SECRET"] else {
                throw SettingsError("Give the key with --secret, or in the variable WEBHOOK_SECRET.")
            }
            guard let body = try? Data(contentsOf: URL(filePath: file)) else {
                throw SettingsError("The file \(file) cannot be read.")
            }
            do {
                try WebhookVerifier(receiverKey: Secret(secret)).verify(
                    id: id,
                    timestamp: timestamp,
                    signatures: signature,
                    body: Array(body),
                    now: ignoreAge ? nil : SystemTime().now()
                )
                print("valid")
            } catch {
                printError("NOT valid: \(error.description)")
                throw ExitCode(1)
            }
        }
    }
}

/// Speaks to a gateway's API.
struct GatewayClient: Sendable {
    let client: HTTPClient
    let url: String
    let token: Secret?

    /// Makes one call.
    /// - Throws: `SettingsError` with what the gateway says; `TransportError`.
    func call(_ method: String, _ path: String, _ body: JSONValue?) async throws -> JSONValue {
        var headers: [(name: String, value: String)] = []
        if body != nil { headers.append(("Content-Type", "application/json")) }
        if let token { headers.append(("Authorization", "Bearer \(token.reveal())")) }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        let response = try await client.send(
            HTTPRequest(method: method, url: base + path, headers: headers, body: body?.bytes ?? [])
        )
        let answer = (try? JSONValue(parsing: response.body)) ?? [:]
        guard (200...299).contains(response.status) else {
            throw SettingsError("The gateway answered \(response.status): \(answer["error"]?.string ?? "no reason.")")
        }
        return answer
    }
}
