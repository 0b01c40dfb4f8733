import CoreTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// One live view of a debate as server-sent events: what the journal holds already, then what it gains.
///
/// The journal is the only source, so a viewer who comes late, comes back or watches another process than the one that
/// runs the debate sees the same events with the same numbers.
struct DebateStream: Sendable {
    let debates: any DebateAPI
    let debate: DebateID
    let workspace: WorkspaceID
    /// The number of the last event that the viewer has.
    let position: Int64
    let time: any TimeSource
    let pollInterval: Duration
    let heartbeat: Duration

    /// Entries that are read from the journal at a time.
    private static let batch = 200
    /// How long a viewer waits before coming back, in milliseconds.
    private static let retry = 2000

    /// Writes events until the debate has ended, the viewer has left or the gateway shuts down.
    @concurrent
    func write(to writer: inout any ResponseBodyWriter) async throws {
        let (pulses, pulse) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let changes = debates.changes(of: debate)
        let (time, pollInterval) = (time, pollInterval)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in changes { pulse.yield() }
            }
            group.addTask {
                // Wake-ups are best effort; looking now and then is what is certain.
                while true {
                    try await time.sleep(for: pollInterval)
                    pulse.yield()
                }
            }
            defer { group.cancelAll() }
            try await withGracefulShutdownHandler {
                try await follow(pulses, to: &writer)
            } onGracefulShutdown: {
                pulse.finish()
            }
        }
        try await writer.finish(nil)
    }

    @concurrent
    private func follow(_ pulses: AsyncStream<Void>, to writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "retry: \(Self.retry)\n\n"))
        var sent = position
        var lastWrite = time.now()
        var pulses = pulses.makeAsyncIterator()
        while true {
            let isOver: Bool
            let before = sent
            do {
                isOver = try await writeNews(after: &sent, to: &writer)
            } catch let error as any CodedError {
                // The database may be away for a moment; the viewer need not notice.
                guard error.isRetryable else { return }
                isOver = false
            }
            if isOver { return }
            if sent > before { lastWrite = time.now() }
            guard await pulses.next() != nil else { return }
            if time.now() - lastWrite >= heartbeat {
                try await writer.write(ByteBuffer(string: ": heartbeat\n\n"))
                lastWrite = time.now()
            }
        }
    }

    /// Writes what the journal gained; true when nothing more can come.
    @concurrent
    private func writeNews(after sent: inout Int64, to writer: inout any ResponseBodyWriter) async throws -> Bool {
        // Asked before the journal is read: an end that comes in between is seen the next time, entries and all.
        let wasFinished = try await debates.find(debate, workspace: workspace)?.isFinished ?? true
        while true {
            let entries = try await debates.entries(of: debate, workspace: workspace, after: sent, limit: Self.batch)
            var buffer = ByteBuffer()
            for entry in entries {
                let envelope = try EventEnvelope(entry: entry, debate: debate)
                buffer.writeString("id: \(envelope.sequence)\nevent: \(envelope.type)\ndata: ")
                buffer.writeBytes(envelope.json)
                buffer.writeString("\n\n")
                sent = envelope.sequence
                if envelope.isEnd {
                    try await writer.write(buffer)
                    return true
                }
            }
            if buffer.readableBytes > 0 { try await writer.write(buffer) }
            if entries.count < Self.batch { return wasFinished }
        }
    }
}
