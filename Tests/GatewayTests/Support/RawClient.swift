import NIOCore
import NIOPosix

/// An HTTP client that sends what it is told, right or wrong, and shows what came back.
struct RawClient: Sendable {
    var host = "127.0.0.1"
    let port: Int
    /// The address of this machine that connections come from; nil leaves it to the system.
    var source: String?

    /// Sends one request on a connection of its own and reads until the server closes it.
    func request(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> RawResponse {
        let text = head(method, path, headers: headers, body: body, closes: true)
        return try await connect { connection in
            try await connection.send(text)
            return try RawResponse(try await connection.readAll())
        }
    }

    /// A request with a JSON body.
    func post(_ path: String, _ body: String = "{}", headers: [(String, String)] = []) async throws
        -> RawResponse
    {
        try await request("POST", path, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    /// The text of a request; `Host` and `Content-Length` are added where they are not given.
    func head(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: String? = nil,
        closes: Bool = false
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1"]
        let names = Set(headers.map { $0.0.lowercased() })
        if !names.contains("host") { lines.append("Host: 127.0.0.1:\(port)") }
        if let body, !names.contains("content-length"), !names.contains("transfer-encoding") {
            lines.append("Content-Length: \(body.utf8.count)")
        }
        if closes { lines.append("Connection: close") }
        lines += headers.map { "\($0.0): \($0.1)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// Opens a connection for a while, on which no more of the answers is taken than the body reads.
    func open<R: Sendable>(
        _ body:
            @Sendable (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws
            -> R
    ) async throws -> R {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // What the system takes in the program's place.
            .channelOption(.socketOption(.so_rcvbuf), value: 128 << 10)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in try await body(inbound, outbound) }
    }

    /// Opens a connection for a while.
    func connect<R: Sendable>(_ body: @Sendable (inout RawConnection) async throws -> R) async throws -> R {
        let channel = try await bootstrap().connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            let (pieces, piece) = AsyncStream.makeStream(of: ByteBuffer.self)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { piece.finish() }
                    // A connection that is reset counts as closed.
                    do { for try await buffer in inbound { piece.yield(buffer) } } catch is IOError {}
                }
                defer { group.cancelAll() }
                var connection = RawConnection(pieces: pieces.makeAsyncIterator(), outbound: outbound)
                return try await body(&connection)
            }
        }
    }

    private func bootstrap() throws -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        guard let source else { return bootstrap }
        return bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0))
    }
}

/// An open connection.
struct RawConnection {
    private var pieces: AsyncStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// What came in and was not taken yet.
    private var received: [UInt8] = []

    init(pieces: AsyncStream<ByteBuffer>.AsyncIterator, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.pieces = pieces
        self.outbound = outbound
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    /// Sends from where the connection itself cannot be taken to: the body of another one.
    var sender: @Sendable (String) async throws -> Void {
        { [outbound] text in try await outbound.write(ByteBuffer(string: text)) }
    }

    /// Reads until a text has come in, and takes everything up to it.
    mutating func read(until mark: String) async throws -> String {
        while true {
            if let range = received.firstRange(of: Array(mark.utf8)) {
                defer { received.removeFirst(range.upperBound) }
                return String(decoding: received[..<range.upperBound], as: UTF8.self)
            }
            guard let buffer = await pieces.next(isolation: #isolation) else {
                throw RawResponse.Incomplete(received: String(decoding: received, as: UTF8.self))
            }
            received += Array(buffer: buffer)
        }
    }

    /// Reads until the server closes the connection.
    mutating func readAll() async throws -> String {
        while let buffer = await pieces.next(isolation: #isolation) { received += Array(buffer: buffer) }
        return String(decoding: received, as: UTF8.self)
    }
}

/// An answer, taken apart.
struct RawResponse: Sendable {
    /// The connection was closed too early.
    struct Incomplete: Error { let received: String }

    let status: Int
    /// By name in lower case.
    let headers: [String: String]
    let body: String

    init(_ text: String) throws {
        guard let end = text.firstRange(of: "\r\n\r\n") else { throw Incomplete(received: text) }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Incomplete(received: text)
        }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            headers[halves[0].lowercased()] = halves.count > 1 ? String(halves[1].drop { $0 == " " }) : ""
        }
        self.headers = headers
        let rest = String(text[end.upperBound...])
        body = headers["transfer-encoding"] == "chunked" ? Self.joined(rest) : rest
    }

    private static func joined(_ chunks: String) -> String {
        var bytes = Array(chunks.utf8)[...]
        var body: [UInt8] = []
        while let end = bytes.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: bytes[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
            guard size > 0 else { break }
            body += bytes[end.upperBound...].prefix(size)
            bytes = bytes[end.upperBound...].dropFirst(size + 2)
        }
        return String(decoding: body, as: UTF8.self)
    }
}
