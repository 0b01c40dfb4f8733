import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing

/// A moment at which the tests begin.
let start = Timestamp(milliseconds: 1_750_000_000_000)
let acme = WorkspaceID("slack:T1")
let testKeys = Secret("k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")

/// Runs a Python program beside the tests, with a file of lines, by the interpreter that has the peers.
/// - Returns: the lines that it wrote.
/// - Throws: where there is no such interpreter, or the program fails.
func runPeer(_ program: String, lines: [String]) async throws -> [String] {
    let python = try #require(
        ProcessInfo.processInfo.environment["ARAGORA_TEST_PYTHON"],
        "Set ARAGORA_TEST_PYTHON to a Python that has the packages of scripts/requirements.txt."
    )
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Peers/\(program)").path()
    return try await withTemporaryDirectory { directory in
        let file = "\(directory)/cases.txt"
        try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let process = try ChildProcess(python, [path, file])
        let exit = try await process.waitForExit(timeout: .seconds(60))
        try #require(exit == .exited(0), "\(program): \(process.output)")
        return process.output.split(separator: "\n").map(String.init)
    }
}

/// Writes a file.
func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}
