package import CoreTypes
import Foundation

/// A mail server that we did not write, on a free port of this machine; a library that we did not write reads what it
/// takes.
///
/// It runs until the value is gone.
package struct MailServer: Sendable {
    package let process: ChildProcess
    package let port: Int

    /// Starts the server and waits until it listens.
    /// - Throws: `ProcessFailure` where there is no Python that has the peers, or no port in time.
    package static func start() async throws -> MailServer {
        guard let python = ProcessInfo.processInfo.environment["ARAGORA_TEST_PYTHON"] else {
            throw ProcessFailure("Run the tests with scripts/test, which installs the peers.")
        }
        let script = GatewayProcess.packageRoot.appending(path: "Tests/EmailIntegrationTests/Peers/mail_server.py")
        let process = try ChildProcess(python, [script.path()])
        let port = try await eventually("the mail server's port", timeout: .seconds(20)) {
            process.output.split(separator: "\n").first.flatMap { Int($0) }
        }
        return MailServer(process: process, port: port)
    }

    /// The letters that it has taken, in their order.
    package var letters: [JSONValue] {
        get throws {
            let output = process.output
            let end = output.lastIndex(of: "\n") ?? output.startIndex
            return try output[..<end].split(separator: "\n").dropFirst().map { try JSONValue(parsing: String($0)) }
        }
    }
}
