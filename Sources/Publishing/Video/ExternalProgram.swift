import CoreTypes
import Foundation

/// Runs a program to its end.
enum ExternalProgram {
    /// Where a program's complaints go, in the folder in which it runs.
    static let log = "messages.log"
    /// How much of what a program writes is read.
    private static let outputBytes = 64 << 10

    /// How a program ended, and what it wrote.
    struct Result: Sendable {
        let status: Int32
        let output: String
    }

    /// Runs a program without a shell and without our environment's secrets; it never outlives the call.
    /// - Throws: `PublishingFailure` where it cannot be started or takes too long; `CancellationError`.
    static func run(
        _ path: String,
        _ arguments: [String],
        in folder: String,
        timeout: Duration,
        time: any TimeSource
    ) async throws -> Result {
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
        let (life, left) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { finished in
            ended.yield(finished.terminationStatus)
            ended.finish()
            left.finish()
        }
        do {
            try process.run()
        } catch {
            throw PublishingFailure(.permanent, code: "not_started", "\(path) cannot be started.")
        }
        let status = await wait(for: ends, timeout: timeout, time: time)
        if status == nil {
            // What it was making is a draft: it has nothing to put in order, and must not ask for time to do so.
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            // Not cancelled with its caller: whoever tries again writes into the same folder.
            await Task { for await _ in life {} }.value
        }
        try? output.close()
        try? messages.close()
        try Task.checkCancellation()
        guard let status else {
            throw PublishingFailure(.transient, code: "program_timeout", "\(path) took too long.")
        }
        let text = (try? FileHandle(forReadingAtPath: outputFile)?.read(upToCount: Self.outputBytes)) ?? Data()
        return Result(status: status, output: String(decoding: text, as: UTF8.self))
    }

    /// The program's status; nil where it did not end in time, or the task was cancelled.
    private static func wait(
        for ends: AsyncStream<Int32>,
        timeout: Duration,
        time: any TimeSource
    ) async -> Int32? {
        await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                for await status in ends { return status }
                return nil
            }
            group.addTask {
                try? await time.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
