import CoreTypes
import Dispatch

#if canImport(Glibc)
import Glibc
#endif

/// A small HTTP/1.1 server on a free port of 127.0.0.1 that takes one request after the other and answers 200.
///
/// It serves one gateway on the same machine while somebody watches; it is no front for the network.
struct EventListener: Sendable {
    /// What came in.
    struct Request: Sendable {
        /// By lower-case name.
        let headers: [String: String]
        let body: [UInt8]
    }

    /// The most bytes of one request.
    private static let mostBytes = 8 << 20

    let port: Int
    private let socket: Int32

    /// Opens the port.
    /// - Throws: `SettingsError` where there is none.
    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket, generic, length) == 0 && listen(socket, 64) == 0
                    && getsockname(socket, generic, &length) == 0
            }
        }
        guard socket >= 0, isOpen else { throw SettingsError("No port of this machine can be opened.") }
        self.socket = socket
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Takes requests until the process is interrupted, the task is cancelled, or so many have come.
    func run(atMost count: Int?, _ take: @escaping @Sendable (Request) -> Void) async {
        let (requests, continuation) = AsyncStream.makeStream(of: Request.self, bufferingPolicy: .bufferingNewest(1024))
        let interruptions = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let interruption = DispatchSource.makeSignalSource(signal: number, queue: .global())
            interruption.setEventHandler { continuation.finish() }
            interruption.resume()
            return interruption
        }
        let socket = socket
        // A thread of its own, because accepting blocks; closing the socket ends it.
        let acceptor = DispatchQueue(label: "aragora.webhooks.listen")
        acceptor.async {
            while true {
                let peer = accept(socket, nil, nil)
                guard peer >= 0 else { break }
                if let request = Self.read(peer) { continuation.yield(request) }
                close(peer)
            }
            continuation.finish()
        }
        var taken = 0
        for await request in requests {
            take(request)
            taken += 1
            if taken == count { break }
        }
        for interruption in interruptions { interruption.cancel() }
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    /// Reads one request and answers it; nil for what is none.
    private static func read(_ peer: Int32) -> Request? {
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < mostBytes {
            if let request = parse(bytes) {
                let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                _ = answer.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                return request
            }
            let count = recv(peer, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
        return nil
    }

    /// The request, once it is whole.
    private static func parse(_ bytes: [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        var headers: [String: String] = [:]
        for line in String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(
                line[line.index(after: colon)...].drop { $0 == " " }
            )
        }
        let body = bytes[(split + 4)...]
        guard body.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        return Request(headers: headers, body: Array(body))
    }
}
