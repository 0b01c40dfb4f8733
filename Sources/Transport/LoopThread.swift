import CCurl
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A thread that runs one function to its end.
///
/// The wait for sockets blocks, which must not happen on the cooperative pool; so it has a thread of its own. What the
/// function captures is Sendable, so the thread shares nothing with others but through locks.
final class LoopThread: Sendable {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: Mutex<pthread_t?>

    /// Starts a thread; nil where the system gives none.
    /// - Parameters:
    ///   - name: what process listings show, fifteen bytes at most.
    ///   - body: what the thread does; the thread ends with it.
    init?(name: String, _ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                // Signals are for the main thread. SIGPIPE above all: OpenSSL writes to sockets that the peer has closed.
                var signals = sigset_t()
                sigfillset(&signals)
                pthread_sigmask(SIG_SETMASK, &signals, nil)
                ccurl_name_thread(start.name)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard result == 0 else {
            start.release()
            return nil
        }
        self.thread = Mutex(thread)
    }

    /// Waits until the thread has ended; only the first call waits.
    func join() {
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let thread { pthread_join(thread, nil) }
    }
}
