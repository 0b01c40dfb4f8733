import CoreTypes
import Logging
import NIOCore
import Synchronization

/// Counts the connections of each peer, so that one of them does not take all that there are.
///
/// This machine itself is not counted: a reverse proxy that stands here lends its address to everybody. One in a
/// container has an address of its own, and is counted.
final class PeerConnections: Sendable {
    private let counts = Mutex<[[UInt8]: Int]>([:])
    private let limit: Int
    private let time: any TimeSource
    private let logger: Logger
    private let refusals = LogThrottle()

    init(limit: Int, time: any TimeSource, logger: Logger) {
        self.limit = limit
        self.time = time
        self.logger = logger
    }

    /// Who is counted as one: an IPv4 address, or the 64 bits that one network of IPv6 has; nil for this machine.
    /// - Parameters:
    ///   - remote: the address that the connection comes from.
    ///   - local: the one that it goes to; who comes from there as well is this machine.
    static func peer(at remote: SocketAddress?, to local: SocketAddress?) -> [UInt8]? {
        guard let remote, !remote.isLoopback, let bytes = remote.bytes, bytes != local?.bytes else { return nil }
        return bytes.count == 4 ? bytes : Array(bytes.prefix(8))
    }

    /// Counts a connection; false where the peer has as many as it may, and then it is not counted.
    func add(_ peer: [UInt8]) -> Bool {
        counts.withLock { counts in
            let count = counts[peer, default: 0]
            guard count < limit else { return false }
            counts[peer] = count + 1
            return true
        }
    }

    /// Takes a connection out that was counted.
    func remove(_ peer: [UInt8]) {
        counts.withLock { counts in
            let count = counts[peer, default: 0]
            counts[peer] = count > 1 ? count - 1 : nil
        }
    }

    /// Says in the log that a connection was closed because its peer has as many as it may.
    func noteRefusal(of address: SocketAddress?) {
        guard let suppressed = refusals.admit(at: time.now()) else { return }
        logger.warning(
            "An address has as many connections open as one may; what it opens more is closed",
            metadata: [
                "peer": .string(address?.ipAddress ?? ""), "limit": .stringConvertible(limit),
                "suppressed": .stringConvertible(suppressed),
            ]
        )
    }
}

/// Closes a connection whose peer has too many.
final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connections: PeerConnections
    private var counted: [UInt8]?

    init(connections: PeerConnections) {
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        guard let peer = PeerConnections.peer(at: context.remoteAddress, to: context.localAddress) else { return }
        guard connections.add(peer) else {
            connections.noteRefusal(of: context.remoteAddress)
            return context.close(promise: nil)
        }
        counted = peer
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let counted { connections.remove(counted) }
        counted = nil
        context.fireChannelInactive()
    }
}
