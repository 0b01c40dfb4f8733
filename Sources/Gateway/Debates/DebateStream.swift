import CoreTypes
import Debates
import Hummingbird
import NIOCore
import ServiceLifecycle

/// One live view of a debate as server-sent events: what the journal holds already, then what it gains.
///
/// The journal is the only source of events, so a viewer who comes late, comes back or watches another process than the
/// one that runs the debate sees the same events with the same numbers. Between them stand drafts: what models of this
/// process are writing, for as long as it is no event.
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
    /// No more often than this does a viewer hear of drafts.
    private static let draftInterval = Duration.milliseconds(250)

    /// Writes events until the debate has ended, the viewer has left or the gateway shuts down.
    @concurrent
    func write(to writer: inout any ResponseBodyWriter) async throws {
        let pulses = StreamPulses()
        let changes = debates.changes(of: debate)
        let follower = debates.drafts.follow(debate, workspace: workspace)
        let (time, pollInterval) = (time, pollInterval)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in changes { pulses.tick(.journal) }
            }
            group.addTask {
                // Wake-ups are best effort; looking now and then is what is certain.
                while true {
                    try await time.sleep(for: pollInterval)
                    pulses.tick(.journal)
                }
            }
            group.addTask {
                for await _ in follower.changes {
                    pulses.tick(.drafts)
                    // What comes meanwhile is seen after it, at once.
                    try await time.sleep(for: Self.draftInterval)
                }
            }
            defer { group.cancelAll() }
            try await withGracefulShutdownHandler {
                try await follow(pulses, follower, to: &writer)
            } onGracefulShutdown: {
                pulses.finish()
            }
        }
        try await writer.finish(nil)
    }

    @concurrent
    private func follow(
        _ pulses: StreamPulses,
        _ follower: DraftFollower,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        try await writer.write(ByteBuffer(string: "retry: \(Self.retry)\n\n"))
        var sent = position
        var reading = DraftReading()
        var lastWrite = time.now()
        var ticks = pulses.ticks.makeAsyncIterator()
        var reasons = StreamPulses.Reasons.journal
        while true {
            let before = sent
            if reasons.contains(.journal) {
                let isOver: Bool
                do {
                    isOver = try await writeNews(after: &sent, to: &writer)
                } catch let error as any CodedError {
                    // The database may be away for a moment; the viewer need not notice.
                    guard error.isRetryable else { return }
                    isOver = false
                }
                if isOver { return }
            }
            if sent > before { lastWrite = time.now() }
            if reasons.contains(.drafts), try await writeDrafts(follower, &reading, to: &writer) {
                lastWrite = time.now()
            }
            guard await ticks.next() != nil else { return }
            reasons = pulses.takeReasons()
            if time.now() - lastWrite >= heartbeat {
                try await writer.write(ByteBuffer(string: ": heartbeat\n\n"))
                lastWrite = time.now()
            }
        }
    }

    /// Writes what unfinished answers gained, without ids: a viewer who comes back comes back behind the journal.
    @concurrent
    private func writeDrafts(
        _ follower: DraftFollower,
        _ reading: inout DraftReading,
        to writer: inout any ResponseBodyWriter
    ) async throws -> Bool {
        let pieces = reading.news(in: follower.drafts)
        guard !pieces.isEmpty else { return false }
        var buffer = ByteBuffer()
        for piece in pieces {
            buffer.writeString("event: draft\ndata: ")
            buffer.writeBytes(EventEnvelope.draft(piece, debate: debate, at: time.now()).bytes)
            buffer.writeString("\n\n")
        }
        try await writer.write(buffer)
        return true
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
