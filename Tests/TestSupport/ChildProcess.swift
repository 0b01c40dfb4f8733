import Dispatch
import Foundation
import Synchronization

/// A program that a test runs: its output is kept, and it never outlives the value that stands for it.
package final class ChildProcess: Sendable {
    /// How a program ended.
    package enum Exit: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    private struct State {
        var output: [UInt8] = []
        var exit: Exit?
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let outputEnded = DispatchSemaphore(value: 0)
    }

    /// The operating system's number of the process.
    package let processID: Int32
    private let shared: Shared

    /// Starts a program.
    /// - Parameters:
    ///   - executable: The path of the program.
    ///   - arguments: What stands behind the program's name.
    ///   - environment: All that the program finds in its environment, beside `PATH`.
    ///   - input: What it reads from its standard input, at most 64 KiB.
    ///   - directory: Where it runs.
    ///   - descriptors: Descriptors of ours that the program finds open, by the numbers that they have there; ours are
    ///     greater than all of these.
    /// - Throws: `ProcessFailure` when it cannot be started.
    package init(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = "",
        directory: String = "/",
        descriptors: [Int32: Int32] = [:]
    ) throws {
        let shared = Shared()
        self.shared = shared
        // One program at a time: a pipe that a twin inherits by chance never ends.
        processID = try Self.spawning.withLock { _ in
            try Self.spawn(executable, arguments, environment, input, directory, descriptors, shared)
        }
    }

    deinit {
        send(SIGKILL)
    }

    private static let spawning = Mutex(())

    private static func spawn(
        _ executable: String,
        _ arguments: [String],
        _ environment: [String: String],
        _ input: String,
        _ directory: String,
        _ descriptors: [Int32: Int32],
        _ shared: Shared
    ) throws -> Int32 {
        guard access(executable, X_OK) == 0 else {
            throw ProcessFailure("\(executable) cannot be started: \(String(cString: strerror(errno)))")
        }
        var (toChild, fromChild): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
            throw ProcessFailure("No pipe for \(executable): \(String(cString: strerror(errno)))")
        }
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 2)
        for (theirs, ours) in descriptors { posix_spawn_file_actions_adddup2(&actions, ours, theirs) }

        var environment = environment
        if environment["PATH"] == nil { environment["PATH"] = "/usr/bin:/bin" }
        // `env` changes the directory and becomes the program; the number of the process stays.
        let launcher = "/usr/bin/env"
        var argv = ([launcher, "-C", directory, executable] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, launcher, &actions, nil, &argv, &envp)
        close(toChild[0])
        close(fromChild[1])
        guard result == 0 else {
            close(toChild[1])
            close(fromChild[0])
            throw ProcessFailure("\(executable) cannot be started: \(String(cString: strerror(result)))")
        }
        Array(input.utf8).withUnsafeBytes { _ = write(toChild[1], $0.baseAddress, $0.count) }
        close(toChild[1])
        let (child, output) = (pid, fromChild[0])
        Thread.detachNewThread { read(from: output, into: shared) }
        Thread.detachNewThread { awaitEnd(of: child, shared) }
        return pid
    }

    /// What the program has written until now, to both of its outputs.
    package var output: String {
        shared.state.withLock { String(decoding: $0.output, as: UTF8.self) }
    }

    /// How the program ended, or nil while it runs.
    package var exit: Exit? {
        shared.state.withLock { $0.exit }
    }

    /// Sends a signal; nothing happens when the program has ended.
    package func send(_ signal: Int32) {
        // Under the lock: once the process is reaped, its number may belong to another one.
        shared.state.withLock { state in
            if state.exit == nil { _ = kill(processID, signal) }
        }
    }

    /// Ends the program as a crash or a power cut would, and waits until it is gone.
    package func killNow() async throws {
        send(SIGKILL)
        _ = try await waitForExit()
    }

    /// Waits until the program has ended.
    /// - Throws: `ProcessFailure` when it runs longer than `timeout`.
    package func waitForExit(timeout: Duration = .seconds(30)) async throws -> Exit {
        try await eventually("the end of process \(processID)", timeout: timeout) { self.exit }
    }

    private static func read(from descriptor: Int32, into shared: Shared) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            shared.state.withLock { $0.output.append(contentsOf: buffer[..<count]) }
        }
        close(descriptor)
        shared.outputEnded.signal()
    }

    private static func awaitEnd(of child: pid_t, _ shared: Shared) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        // The last words of a program that has ended are on their way; a grandchild may keep the pipe open for long.
        _ = shared.outputEnded.wait(timeout: .now() + 1)
        shared.state.withLock { state in
            var status: Int32 = 0
            waitpid(child, &status, 0)
            let signal = status & 0x7F
            state.exit = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
        }
    }
}

/// A program did not do what a test needs.
package struct ProcessFailure: Error, CustomStringConvertible {
    package let description: String

    /// Describes a failure.
    package init(_ description: String) {
        self.description = description
    }
}

/// Asks again and again, every few milliseconds, until there is an answer.
///
/// For what happens in another process, where there is nothing to wait on.
/// - Throws: `ProcessFailure` when there is none within `timeout`; what `answer` throws.
@discardableResult
package func eventually<Answer>(
    _ what: String,
    timeout: Duration = .seconds(30),
    _ answer: () async throws -> Answer?
) async throws -> Answer {
    let deadline = ContinuousClock.now + timeout
    while true {
        if let found = try await answer() { return found }
        guard ContinuousClock.now < deadline else { throw ProcessFailure("No sign of \(what) within \(timeout).") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
