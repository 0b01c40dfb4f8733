import Hummingbird
import Logging
import NIOCore

/// What belongs to one request beside the request itself.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection that the request came over.
    let channel: any Channel
    /// Names the request in the log, in the answer's `X-Request-ID` and in error bodies.
    var requestID = ""
    /// Who asks, once the access check has said so.
    var caller = Caller.localProgram

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Whether the peer of the connection is this machine itself; forwarding headers play no part.
    var isLoopbackPeer: Bool { channel.remoteAddress?.isLoopback ?? false }
}
