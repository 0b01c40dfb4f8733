import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// What stands on a connection: HTTP/1.1, the limits, the platforms' short way, and the router behind it.
///
/// As Hummingbird's `HTTP1Channel`, which has no place for a handler that answers before HTTP's parts are turned into
/// the router's types; its state handler counts no idle time here, because it does not see the platforms' requests.
struct GatewayChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: Responder
    let desk: AdapterDesk
    let dates: HTTPDates
    let peers: PeerConnections
    let idleTimeout: Duration
    let headTimeout: Duration
    let maximumHeaderBytes: Int

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = maximumHeaderBytes
            limits.maxHeaderListSize = maximumHeaderBytes
            limits.maxHeaderFieldCount = 100
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(PeerHandler(connections: peers))
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: limits
            )
            let idleness = ConnectionIdleness(
                timeout: TimeAmount(idleTimeout),
                headTimeout: TimeAmount(headTimeout),
                now: .now()
            )
            try pipeline.addHandler(AdapterHandler(desk: desk, dates: dates, idleness: idleness))
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: nil, logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        }
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
