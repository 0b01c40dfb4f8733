import CEpoll

#if canImport(Glibc)
import Glibc
#endif

/// Waits for any of many sockets, or for a call from another thread.
///
/// All of it belongs to one thread but its waker.
final class SocketPoller {
    /// What a socket is watched for, or is ready for.
    struct Readiness: OptionSet {
        let rawValue: UInt8

        static let reading = Readiness(rawValue: 1)
        static let writing = Readiness(rawValue: 2)
        /// The connection is broken; it is told whatever is watched for.
        static let failed = Readiness(rawValue: 4)
    }

    /// Ends the wait, from any thread; the poller must be there still.
    struct Waker: Sendable {
        fileprivate let descriptor: Int32

        /// Ends the present wait, or the next one.
        func wake() {
            var one: UInt64 = 1
            _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
        }
    }

    private static let mostEvents = 256

    /// Calls this poller.
    let waker: Waker
    private let descriptor: Int32
    /// What the system watches for us, and what for.
    private var watched: [Int32: Readiness] = [:]
    /// The sockets of whose end we are told.
    private var known: Set<Int32> = []
    /// Those of them that the system goes on watching although nobody asks for it now.
    private var resting: Set<Int32> = []
    private var events = [epoll_event](repeating: epoll_event(), count: SocketPoller.mostEvents)

    /// Makes a poller; nil where the system has no more descriptors.
    init?() {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        waker = Waker(descriptor: eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))
        guard descriptor >= 0, waker.descriptor >= 0, watch(waker.descriptor, for: .reading) else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if waker.descriptor >= 0 { close(waker.descriptor) }
    }

    /// Watches a socket, or watches it for something else.
    /// - Returns: false where the system refuses.
    @discardableResult
    func watch(_ socket: Int32, for readiness: Readiness) -> Bool {
        resting.remove(socket)
        if known.contains(socket), watched[socket] == readiness { return true }
        var flags: UInt32 = 0
        if readiness.contains(.reading) { flags |= EPOLLIN.rawValue }
        if readiness.contains(.writing) { flags |= EPOLLOUT.rawValue }
        var event = epoll_event(events: flags, data: epoll_data_t(fd: socket))
        let isWatched =
            watched[socket] != nil && epoll_ctl(descriptor, EPOLL_CTL_MOD, socket, &event) == 0
            || epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) == 0
        watched[socket] = isWatched ? readiness : nil
        return isWatched
    }

    /// Takes in that a socket was opened, of whose end we will be told.
    func noteOpened(_ socket: Int32) {
        noteClosed(socket)
        known.insert(socket)
    }

    /// Takes in that a socket is about to be closed, with which the system forgets it.
    func noteClosed(_ socket: Int32) {
        known.remove(socket)
        resting.remove(socket)
        watched[socket] = nil
    }

    /// Watches a socket no more for now.
    ///
    /// A connection rests between two requests only, so the system is not told: should anything come meanwhile, it is
    /// forgotten then.
    func rest(_ socket: Int32) {
        if known.contains(socket), watched[socket] != nil { resting.insert(socket) } else { forget(socket) }
    }

    /// Watches a socket no more; one that was closed was forgotten by the system already.
    func forget(_ socket: Int32) {
        resting.remove(socket)
        guard watched.removeValue(forKey: socket) != nil else { return }
        epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil)
    }

    /// Waits until a socket is ready, the waker is called or the time is over.
    /// - Parameter milliseconds: the longest time.
    /// - Returns: the sockets that are ready; nil after an error of the system.
    func wait(milliseconds: Int32) -> [(socket: Int32, readiness: Readiness)]? {
        let count = epoll_wait(descriptor, &events, Int32(events.count), milliseconds)
        guard count >= 0 else { return errno == EINTR ? [] : nil }
        var ready: [(Int32, Readiness)] = []
        for event in events[..<Int(count)] {
            guard event.data.fd != waker.descriptor else {
                var value: UInt64 = 0
                _ = read(waker.descriptor, &value, MemoryLayout<UInt64>.size)
                continue
            }
            guard !resting.contains(event.data.fd) else {
                forget(event.data.fd)
                continue
            }
            var readiness: Readiness = []
            if event.events & EPOLLIN.rawValue != 0 { readiness.insert(.reading) }
            if event.events & EPOLLOUT.rawValue != 0 { readiness.insert(.writing) }
            if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { readiness.insert(.failed) }
            ready.append((event.data.fd, readiness))
        }
        return ready
    }
}
