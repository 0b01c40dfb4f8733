package import Foundation

/// A gateway in a process of its own: the real program, as an operator starts it.
package struct GatewayProcess: Sendable {
    package let process: ChildProcess
    /// Where it listens, such as `http://127.0.0.1:41823`.
    package let url: String

    /// The program under test: `ARAGORA_TEST_BINARY`, or the debug build beside the sources.
    package static var executable: String {
        ProcessInfo.processInfo.environment["ARAGORA_TEST_BINARY"]
            ?? packageRoot.appending(path: ".build/debug/aragora").path()
    }

    /// The directory of `Package.swift`.
    package static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Starts `aragora serve` on a free port and waits until it listens.
    /// - Parameters:
    ///   - environment: The whole configuration.
    ///   - arguments: What stands behind `serve --port 0`.
    ///   - directory: Where it runs; a file `.env` there would be read.
    /// - Throws: `ProcessFailure` with the program's output when it does not listen in time.
    package static func start(
        environment: [String: String],
        arguments: [String] = [],
        directory: String = "/",
        timeout: Duration = .seconds(30)
    ) async throws -> GatewayProcess {
        let process = try ChildProcess(
            executable,
            ["serve", "--port", "0"] + arguments,
            environment: environment,
            directory: directory
        )
        do {
            let url = try await eventually("the port of the gateway", timeout: timeout) {
                if let exit = process.exit { throw ProcessFailure("It ended: \(exit)") }
                return listeningURL(in: process.output)
            }
            return GatewayProcess(process: process, url: url)
        } catch {
            throw ProcessFailure("The gateway did not start: \(error)\n\(process.output)")
        }
    }

    /// Ends the gateway as a crash would.
    package func kill() async throws {
        try await process.killNow()
    }

    /// Asks the gateway to end, and waits until it has.
    /// - Throws: `ProcessFailure` when it takes longer than the 30 s that it is allowed.
    package func terminate() async throws -> ChildProcess.Exit {
        process.send(SIGTERM)
        return try await process.waitForExit(timeout: .seconds(31))
    }

    /// Runs a command of the program to its end, such as `receipt verify FILE`.
    /// - Throws: `ProcessFailure` when it takes longer than `timeout`.
    package static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: String = "/",
        timeout: Duration = .seconds(60)
    ) async throws -> (exit: ChildProcess.Exit, output: String) {
        let process = try ChildProcess(executable, arguments, environment: environment, directory: directory)
        let exit = try await process.waitForExit(timeout: timeout)
        return (exit, process.output)
    }

    private static func listeningURL(in output: String) -> String? {
        for line in output.split(separator: "\n") {
            guard let range = line.range(of: "listening on http") else { continue }
            return "http" + line[range.upperBound...].prefix { !$0.isWhitespace }
        }
        return nil
    }
}
