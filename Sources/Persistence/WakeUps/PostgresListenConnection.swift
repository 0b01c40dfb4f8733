import CoreTypes

#if os(Linux)
@preconcurrency import Dispatch
#else
import Dispatch
#endif

#if canImport(Glibc)
import Glibc
#endif

/// A connection that only listens.
actor PostgresListenConnection {
    private let executor = DispatchQueueExecutor(label: "aragora.listen")
    private var handle: PostgresHandle?
    private var source: (any DispatchSourceRead)?
    /// The socket under a number of our own; -1 before it is watched and after.
    private var watched: Int32 = -1
    private var continuation: AsyncStream<String>.Continuation?
    /// Ends when the source has let go of the socket.
    private var ended: AsyncStream<Never>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects and listens.
    /// - Returns: the payloads as they arrive; the stream ends when the connection does.
    /// - Throws: `DatabaseError`.
    func listen(url: Secret, channel: String) throws -> AsyncStream<String> {
        let handle = try PostgresHandle(url: url)
        try handle.runScript("listen \(channel)")
        self.handle = handle
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(4096))
        self.continuation = continuation
        // libpq closes its socket as soon as it sees the end; whoever got the number next would then be watched instead.
        let watched = dup(handle.socket)
        self.watched = watched
        guard watched >= 0 else { throw DatabaseError(.full, "There is no file descriptor left to listen with.") }
        let source = DispatchSource.makeReadSource(fileDescriptor: watched, queue: executor.queue)
        source.setEventHandler { [weak self] in
            // The source's queue is this actor's own; `checkIsolated` verifies it.
            self?.assumeIsolated { $0.readArrived() }
        }
        let (ended, sourceEnd) = AsyncStream.makeStream(of: Never.self)
        source.setCancelHandler {
            Glibc.close(watched)
            sourceEnd.finish()
        }
        self.ended = ended
        self.source = source
        source.activate()
        // What came between the listen and the source.
        readArrived()
        return stream
    }

    /// Ends the stream and the connection, the socket only after nobody watches it any more.
    func close() async {
        continuation?.finish()
        continuation = nil
        source?.cancel()
        source = nil
        watched = -1
        for await _ in ended ?? AsyncStream(unfolding: { nil }) {}
        handle = nil
    }

    private func readArrived() {
        guard let handle, let continuation else { return }
        do {
            // A source tells of a hang-up once, also where a last message stands before it; so everything is read, up
            // to the end.
            repeat {
                for payload in try handle.readNotifications() { continuation.yield(payload) }
            } while isReadable
        } catch {
            source?.cancel()
            watched = -1
            continuation.finish()
            self.continuation = nil
        }
    }

    private var isReadable: Bool {
        var descriptor = pollfd(fd: watched, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) > 0
    }
}
