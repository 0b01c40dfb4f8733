import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers the platforms' requests where they arrive: on the thread of their connection, with no task made for them.
///
/// A request in flight costs a few objects and no switch of threads but that to the commit and back. Everything that
/// is no platform's goes on to the router. One request is answered at a time; what a peer sends meanwhile is held
/// back, and once something is, nothing more is read from its socket.
final class AdapterHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// What arrives is the router's.
        case passing
        case collecting(AdapterExchange)
        /// The request is being stored.
        case storing
        /// The last answer was given.
        case closing
    }

    private let desk: AdapterDesk
    private let dates: HTTPDates
    private var state = State.passing
    /// How many requests the router has not answered yet.
    private var passed = 0
    private var held = CircularBuffer<HTTPRequestPart>()
    private var heldEvents: [Any] = []
    private var wantsRead = false

    init(desk: AdapterDesk, dates: HTTPDates) {
        self.desk = desk
        self.dates = dates
    }

    /// Whether what arrives has to wait.
    private var isBusy: Bool {
        if case .storing = state { return true }
        return !held.isEmpty
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard !isBusy else { return held.append(part) }
        handle(part, context)
    }

    private func handle(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch (state, part) {
        case (.passing, .head(let request)):
            guard let (endpoint, query) = desk.endpoint(for: request) else {
                passed += 1
                return context.fireChannelRead(wrapInboundOut(part))
            }
            // Answers come in the order of the requests.
            guard passed == 0 else { return held.append(part) }
            let exchange = AdapterExchange(request, at: endpoint, query: query, desk: desk)
            act(exchange.begin(), exchange, context)
        case (.passing, _):
            context.fireChannelRead(wrapInboundOut(part))
        case (.collecting(var exchange), .body(let buffer)):
            // The state lets go of the body, so that it grows in place.
            state = .storing
            let action = exchange.take(buffer)
            act(action, exchange, context)
        case (.collecting(var exchange), .end):
            state = .storing
            let action = exchange.end()
            act(action, exchange, context)
        case (.collecting, .head), (.storing, _), (.closing, _):
            break
        }
    }

    private func act(
        _ action: AdapterExchange.Action,
        _ exchange: AdapterExchange,
        _ context: ChannelHandlerContext
    ) {
        switch action {
        case .goOn:
            state = .collecting(exchange)
        case .refuse(let answer):
            finish(exchange, answer, isLast: true, context)
        case .receive(let request):
            state = .storing
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let eventLoop = context.eventLoop
            desk.receive(request, at: exchange.endpoint) { answer in
                eventLoop.execute {
                    let (handler, context) = bound.value
                    handler.finish(exchange, answer, isLast: exchange.isLast, context)
                    handler.goOn(context)
                }
            }
        }
    }

    private func finish(
        _ exchange: AdapterExchange,
        _ answer: AdapterAnswer,
        isLast: Bool,
        _ context: ChannelHandlerContext
    ) {
        desk.budget.giveBack(exchange.held)
        exchange.endpoint.metrics.record(status: answer.status.code, since: exchange.startedAt)
        state = isLast ? .closing : .passing
        guard context.channel.isActive else { return }
        var headers = answer.headers
        headers[.contentLength] = String(answer.body.count)
        headers[.date] = dates.now()
        if isLast { headers[.connection] = "close" }
        let head = HTTPResponse(status: answer.status, headerFields: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !answer.body.isEmpty {
            context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: answer.body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        guard isLast else { return }
        // The second of patience lets the peer read the answer: closing at once while data is arriving resets the
        // connection, and the answer would be lost (RFC 9112, section 9.6).
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    /// Takes up what was held back.
    private func goOn(_ context: ChannelHandlerContext) {
        if !held.isEmpty {
            var parts = CircularBuffer<HTTPRequestPart>()
            swap(&parts, &held)
            while !isBusy, let part = parts.popFirst() { handle(part, context) }
            held += parts
            guard !isBusy else { return }
            context.fireChannelReadComplete()
        }
        let events = heldEvents
        heldEvents = []
        for event in events { context.fireUserInboundEventTriggered(event) }
        if wantsRead {
            wantsRead = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        // As long as nothing is held back, one more read costs less than taking the socket's readiness away and back.
        if held.isEmpty { context.read() } else { wantsRead = true }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = if case .end = unwrapOutboundIn(data) { true } else { false }
        context.write(data, promise: promise)
        guard isEnd, passed > 0 else { return }
        passed -= 1
        if passed == 0, !held.isEmpty { goOn(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // That the peer sends nothing more does not mean that it reads nothing more.
        if isBusy { heldEvents.append(event) } else { context.fireUserInboundEventTriggered(event) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .collecting(let exchange) = state {
            desk.budget.giveBack(exchange.held)
            state = .closing
        }
        context.fireChannelInactive()
    }
}
