import CoreTypes
import Foundation
import Persistence
import TestSupport

/// A Postgres server that a test may stop.
struct PrivatePostgres: Sendable {
    let database: DatabaseConfiguration
    let directory: String

    /// Runs a server of its own beside the test and removes it afterwards.
    static func with(_ body: (PrivatePostgres) async throws -> Void) async throws {
        // Short, because the path of a socket has at most 107 bytes.
        let directory = "/tmp/aragora-pg-\(UInt32.random(in: .min ... .max))"
        let url = try await control("start", directory)
        do {
            try await body(PrivatePostgres(database: .postgres(url: Secret(url)), directory: directory))
            try await control("remove", directory)
        } catch {
            try await control("remove", directory)
            throw error
        }
    }

    /// Stops the server as a crash would.
    func stop() async throws {
        try await Self.control("stop", directory)
    }

    /// Brings the server back.
    func start() async throws {
        try await Self.control("start", directory)
    }

    /// Holds the server still, and leaves it so.
    func freeze() async throws {
        try await Self.control("freeze", directory)
    }

    /// Holds the server still while something is done: it keeps its connections and answers nothing.
    func whileFrozen(_ body: () async throws -> Void) async throws {
        try await freeze()
        do {
            try await body()
        } catch {
            try await Self.control("thaw", directory)
            throw error
        }
        try await Self.control("thaw", directory)
    }

    @discardableResult
    private static func control(_ command: String, _ directory: String) async throws -> String {
        let script = GatewayProcess.packageRoot.appending(path: "scripts/postgres").path()
        let process = try ChildProcess(
            "/bin/bash",
            [script, command, directory],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        )
        guard try await process.waitForExit(timeout: .seconds(90)) == .exited(0) else {
            throw ProcessFailure("scripts/postgres \(command) failed: \(process.output)")
        }
        return process.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
