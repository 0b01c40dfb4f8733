import Foundation
import Synchronization

/// A server of plain sockets, for the things that no proper HTTP server does.
final class RawServer: Sendable {
    /// One accepted connection, with blocking calls; it is closed when its handler returns.
    struct Connection: Sendable {
        /// Which connection it is, from 1.
        let number: Int
        fileprivate let socket: Int32

        /// Reads a request with its body; nil when the peer has closed the connection.
        func readRequest() -> String? {
            var bytes: [UInt8] = []
            var end: Int?
            while true {
                if end == nil, let range = String(decoding: bytes, as: UTF8.self).range(of: "\r\n\r\n") {
                    let head = String(decoding: bytes, as: UTF8.self)[..<range.lowerBound].lowercased()
                    let length = head.components(separatedBy: "content-length: ").dropFirst().first?
                        .prefix { $0.isNumber }
                    end = head.utf8.count + 4 + (length.flatMap { Int($0) } ?? 0)
                }
                if let end, bytes.count >= end { return String(decoding: bytes, as: UTF8.self) }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = recv(socket, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                bytes += buffer[..<count]
            }
        }

        /// Writes all bytes; false when the peer has closed the connection.
        @discardableResult
        func write(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        /// Writes text; false when the peer has closed the connection.
        @discardableResult
        func write(_ text: String) -> Bool { write(Array(text.utf8)) }

        /// Whether the peer takes more bytes within a time in milliseconds.
        func isWritable(within time: Int32) -> Bool {
            var descriptor = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            return poll(&descriptor, 1, time) == 1
        }

        /// Waits until the peer closes the connection.
        func waitForClose() {
            var byte: UInt8 = 0
            while recv(socket, &byte, 1, 0) > 0 {}
        }
    }

    let port: Int
    private let listener: Int32
    private let counts = Mutex(0)

    /// How many connections were accepted.
    var connections: Int { counts.withLock { $0 } }

    /// Listens on a free port of 127.0.0.1; every connection has a thread of its own.
    init(_ handle: @escaping @Sendable (Connection) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw CocoaError(.fileNoSuchFile) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [weak self] in
            while true {
                let socket = accept(listener, nil, nil)
                guard socket >= 0 else {
                    // Here and not at the server's end: another server would get the number while it is still used.
                    close(listener)
                    return
                }
                let number =
                    self?.counts.withLock { count in
                        count += 1
                        return count
                    } ?? 0
                Thread.detachNewThread {
                    handle(Connection(number: number, socket: socket))
                    shutdown(socket, Int32(SHUT_RDWR))
                    close(socket)
                }
            }
        }
    }

    deinit {
        // Refuses connections from now on, and wakes the thread that accepts, which then ends.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// A port of 127.0.0.1 on which nothing listens.
    static func deadPort() throws -> Int {
        try RawServer { _ in }.port
    }
}

/// Counts, across threads, and lets a test wait for a number.
final class Tally: Sendable {
    private let state = Mutex<(count: Int, waiters: [(Int, CheckedContinuation<Void, Never>)])>((0, []))

    var count: Int { state.withLock { $0.count } }

    /// Adds one and wakes who waited for the number.
    func add() {
        let ready = state.withLock { state in
            state.count += 1
            let count = state.count
            let waiters = state.waiters
            state.waiters = waiters.filter { $0.0 > count }
            return waiters.filter { $0.0 <= count }.map(\.1)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns as soon as the number has been reached, or the task is cancelled.
    func reaches(_ number: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReached = state.withLock { state in
                    if state.count >= number || Task.isCancelled { return true }
                    state.waiters.append((number, continuation))
                    return false
                }
                if isReached { continuation.resume() }
            }
        } onCancel: {
            let waiters = state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.1.resume() }
        }
    }
}
