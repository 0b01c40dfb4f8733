import CPostgres
import Synchronization

#if os(Linux)
@preconcurrency import Dispatch
#else
import Dispatch
#endif

/// What `PQcancel` needs.
// Safe: it is written once, and `PQcancel` may be called from any thread at any time (libpq manual, "Canceling Queries
// in Progress").
final class PostgresCancelHandle: @unchecked Sendable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit { PQfreeCancel(handle) }

    /// Asks the server to stop what the connection is doing.
    ///
    /// Opens a connection of its own and waits for its end.
    func cancel() {
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(handle, &message, Int32(message.count))
    }
}

/// Carries the cancellation of one task to the connection that works for it, and never to the connection's next user.
final class PostgresOperation: Sendable {
    private struct State {
        var handle: PostgresCancelHandle?
        var isCancelled = false
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Begins the stretch in which a cancellation stops the running statement.
    /// - Throws: `CancellationError` where it came before.
    func attach(_ handle: PostgresCancelHandle?) throws {
        try state.withLock { state in
            if state.isCancelled { throw CancellationError() }
            state.handle = handle
        }
    }

    /// Ends it; waits for a cancellation that is on its way.
    func detach() {
        state.withLock { $0.handle = nil }
    }

    /// Stops the running statement, on a thread that may block.
    func cancel() {
        let isRunning = state.withLock { state in
            state.isCancelled = true
            return state.handle != nil
        }
        guard isRunning else { return }
        DispatchQueue.global().async {
            self.state.withLock { $0.handle?.cancel() }
        }
    }
}
