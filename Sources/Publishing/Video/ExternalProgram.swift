import CoreTypes
import Foundation

/// Runs a program to its end.
enum ExternalProgram {
    /// Where a program's complaints go, in the folder in which it runs.
    static let log = "messages.log"

    /// How a program ended, and what it wrote.
    struct Result: Sendable {
        let status: Int32
        let output: String
    }

    /// Runs a program without a shell and without our environment's secrets.
    /// - Throws: `PublishingFailure` where it cannot be started or takes too long; `CancellationError`.
    static func run(_ path: String, _ arguments: [String], in folder: String, timeout: Duration) async throws -> Result
    {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder]
        process.standardInput = FileHandle.nullDevice
        // Files and not pipes: nobody has to read while the program runs.
        let outputFile = "\(folder)/output-\(UUID().uuidString)"
        let messagesFile = "\(folder)/\(log)"
        for file in [outputFile, messagesFile] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        defer { try? FileManager.default.removeItem(atPath: outputFile) }
        guard let output = FileHandle(forWritingAtPath: outputFile),
            let messages = FileHandle(forWritingAtPath: messagesFile)
        else { throw PublishingFailure(.transient, code: "write_failed", "The folder \(folder) cannot be written.") }
        process.standardOutput = output
        process.standardError = messages

        let (ends, ended) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { finished in
            ended.yield(finished.terminationStatus)
            ended.finish()
        }
        do {
            try process.run()
        } catch {
            throw PublishingFailure(.permanent, code: "not_started", "\(path) cannot be started.")
        }
        let status = await wait(for: ends, timeout: timeout)
        if status == nil, process.isRunning { process.terminate() }
        try? output.close()
        try? messages.close()
        try Task.checkCancellation()
        guard let status else {
            throw PublishingFailure(.transient, code: "program_timeout", "\(path) took too long.")
        }
        let text = (try? Data(contentsOf: URL(filePath: outputFile))) ?? Data()
        return Result(status: status, output: String(decoding: text.prefix(64 << 10), as: UTF8.self))
    }

    /// The program's status; nil where it did not end in time, or the task was cancelled.
    private static func wait(for ends: AsyncStream<Int32>, timeout: Duration) async -> Int32? {
        await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                for await status in ends { return status }
                return nil
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
