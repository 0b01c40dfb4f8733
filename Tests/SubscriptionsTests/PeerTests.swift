import CoreTypes
import DatabaseSupport
import Foundation
import Subscriptions
import TestSupport
import Testing
import Transport

@Suite("The receivers' own libraries judge what we sign", .timeLimit(.minutes(5)))
struct PeerTests {
    /// A message as it was sent, for one of the peers.
    private func line(_ request: HTTPRequest, key: Secret, body: String? = nil) -> String {
        var headers: [String: JSONValue] = [:]
        for (name, value) in request.headers { headers[name] = .string(value) }
        var line: JSONValue = [
            "headers": .object(headers), "body": .string(body ?? String(decoding: request.body, as: UTF8.self)),
        ]
        line[key.reveal().hasPrefix("whpk_") ? "public_key" : "secret"] = .string(key.reveal())
        return line.text
    }

    private func judge(_ lines: [String]) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/cases.jsonl"
            try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let python = try #require(
                ProcessInfo.processInfo.environment["ARAGORA_TEST_PYTHON"],
                "Set ARAGORA_TEST_PYTHON to a Python that has the packages of scripts/requirements.txt."
            )
            let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appending(path: "Peers/verify.py").path()
            let process = try ChildProcess(python, [program, file])
            let exit = try await process.waitForExit(timeout: .seconds(60))
            try #require(exit == .exited(0), "\(process.output)")
            return process.output.split(separator: "\n").map { String($0) }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func messagesVerifyAcrossRotations(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            // The libraries look at the real clock.
            house.time.advance(by: SystemTime().now() - house.time.now())
            let created = try await house.subscribe()
            let (id, service, deliverer) = (created.endpoint.id, house.service, house.deliverer())
            let first = try #require(created.receiverKey)
            try await house.publish(house.event("one"))
            _ = try await deliverer.deliverDue()
            let overlap = Duration.seconds(60)
            let second = try #require(
                try await service.rotate(id, workspace: nil, to: nil, scheme: nil, overlap: overlap).receiverKey
            )
            try await house.publish(house.event("two, “quoted” — and 日本語 \u{1F600}"))
            _ = try await deliverer.deliverDue()
            let third = try #require(
                try await service.rotate(id, workspace: nil, to: nil, scheme: .asymmetric, overlap: overlap).receiverKey
            )
            try await house.publish(house.event("three"))
            _ = try await deliverer.deliverDue()
            house.time.advance(by: .seconds(61))
            try await house.publish(house.event("four"))
            _ = try await deliverer.deliverDue()
            let sent = house.receiver.requests
            #expect(sent.count == 4)
            let words = try await judge([
                line(sent[0], key: first), line(sent[0], key: second),
                line(sent[1], key: first), line(sent[1], key: second),
                line(sent[2], key: first), line(sent[2], key: second), line(sent[2], key: third),
                line(sent[3], key: first), line(sent[3], key: second), line(sent[3], key: third),
                line(sent[1], key: second, body: "{}"), line(sent[3], key: third, body: "{}"),
            ])
            let (yes, no) = ("valid valid", "invalid invalid")
            #expect(
                words == [yes, no, yes, yes, yes, yes, "valid", no, no, "valid", no, "invalid"]
            )
        }
    }
}
