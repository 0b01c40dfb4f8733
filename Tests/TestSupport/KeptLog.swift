package import Logging
import Synchronization

/// Keeps what is logged.
package struct KeptLog: LogHandler {
    /// The lines that were logged.
    package final class Lines: Sendable {
        private let state = Mutex<[(level: Logger.Level, text: String)]>([])

        /// Starts without any line.
        package init() {}

        /// All lines: the message and what stands behind it.
        package var all: [String] { state.withLock { $0.map(\.text) } }

        /// How serious each line is.
        package var levels: [Logger.Level] { state.withLock { $0.map(\.level) } }

        /// Adds a line.
        package func add(_ line: String, _ level: Logger.Level) { state.withLock { $0.append((level, line)) } }

        /// A logger that adds to these lines.
        package var logger: Logger { Logger(label: "test") { _ in KeptLog(self) } }
    }

    private let lines: Lines
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.info

    /// Makes a handler that adds to these lines.
    package init(_ lines: Lines) {
        self.lines = lines
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        lines.add("\(event.message) \(event.metadata ?? [:])", event.level)
    }
}
