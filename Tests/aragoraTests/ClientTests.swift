import DatabaseSupport
import Foundation
import TestSupport
import Testing

/// The client that the original publishes, pointed at the gateway.
@Suite("The public Python client", .timeLimit(.minutes(5)))
struct ClientTests {
    @Test("The calls that docs/api.md lists work, and they are those that are tried")
    func calls() async throws {
        let python = try #require(
            ProcessInfo.processInfo.environment["ARAGORA_TEST_PYTHON"],
            "Set ARAGORA_TEST_PYTHON to a Python that has the packages of scripts/requirements.txt."
        )
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Peers/client.py").path()
        let listed = try Self.listed()
        try await GatewayWorld.with(.sqlite, models: .hang, settings: ["ARAGORA_WEBHOOK_ALLOW": "127.0.0.1"]) { world in
            let gateway = try await world.start()
            let process = try ChildProcess(python, ["-W", "ignore", program, gateway.url, GatewayWorld.token])
            let exit = try await process.waitForExit(timeout: .seconds(120))
            #expect(exit == .exited(0), "\(process.output)")
            #expect(Set(process.output.split(separator: "\n").map(String.init)) == listed)
            try await gateway.kill()
        }
    }

    /// The calls in the paragraph of docs/api.md that says which work.
    private static func listed() throws -> Set<String> {
        let file = GatewayProcess.packageRoot.appending(path: "docs/api.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let paragraphs = page.components(separatedBy: "\n\n")
        let calls = try #require(paragraphs.first { $0.hasPrefix("These calls of the public client") })
        return Set(calls.matches(of: /`([a-z]+\.[a-z_]+)`/).map { String($0.1) })
    }
}
