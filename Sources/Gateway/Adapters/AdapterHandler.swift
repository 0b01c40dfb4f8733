import HTTPTypes
import NIOCore
import NIOHTTP1

/// Answers the platforms' requests where they arrive: on the thread of their connection, with no task made for them.
///
/// A request in flight costs a few objects and no switch of threads but that to the commit and back. Everything that
/// is no platform's goes on to the router. One request is answered at a time, and none of a peer that does not take its
/// answers; what it sends meanwhile is held back, and once something is, nothing more is read from its socket. Silent
/// peers are cut off, whoever their request is for: nobody behind sees all that goes by here.
final class AdapterHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

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
    /// The request that the router has not answered yet.
    private var passed: RoutedRequest?
    /// Whether the request that was taken up last may be followed by another protocol: it is the connection's last one,
    /// and nothing is read behind it.
    private var endsHTTP = false
    private var held = CircularBuffer<HTTPServerRequestPart>()
    private var heldEvents: [Any] = []
    private var heldError: (any Error)?
    private var wantsRead = false
    private var idleness: ConnectionIdleness
    private var nextLook: Scheduled<Void>?

    init(desk: AdapterDesk, dates: HTTPDates, idleness: ConnectionIdleness) {
        self.desk = desk
        self.dates = dates
        self.idleness = idleness
    }

    /// Whether what arrives has to wait.
    private var isBusy: Bool {
        if case .storing = state { return true }
        return !held.isEmpty
    }

    private var isCollecting: Bool {
        if case .collecting = state { true } else { false }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch part {
        case .head: idleness.begin(at: .now())
        case .body: idleness.receive(at: .now())
        case .end: idleness.receiveEnd()
        }
        guard !isBusy else { return held.append(part) }
        handle(part, context)
    }

    private func handle(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch (state, part) {
        case (.passing, .head(var request)):
            // Answers come in the order of the requests, any of them may be the connection's last, and they are not
            // piled up for a peer that takes none.
            guard passed == nil, context.channel.isWritable else { return held.append(part) }
            endsHTTP = request.endsHTTP
            guard let (endpoint, query) = desk.endpoint(for: request) else {
                passed = RoutedRequest(&request)
                return context.fireChannelRead(wrapInboundOut(.head(request)))
            }
            let exchange = AdapterExchange(request, at: endpoint, query: query, desk: desk)
            act(exchange.begin(), exchange, context)
        case (.passing, _):
            context.fireChannelRead(wrapInboundOut(part))
            if endsHTTP, case .end = part { state = .closing }
        case (.collecting(let exchange), .body(let buffer)):
            act(exchange.take(buffer), exchange, context)
        case (.collecting(let exchange), .end):
            act(exchange.end(), exchange, context)
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
            if exchange.isSlow { desk.slowBodies.remove(exchange) }
            finish(exchange, answer, isLast: true, context)
        case .receive(let request):
            if exchange.isSlow { desk.slowBodies.remove(exchange) }
            state = .storing
            let eventLoop = context.eventLoop
            let bound = NIOLoopBound((self, exchange, context), eventLoop: eventLoop)
            desk.receive(request, at: exchange.endpoint) { answer in
                eventLoop.execute {
                    let (handler, exchange, context) = bound.value
                    handler.finish(exchange, answer, isLast: exchange.isLast, context)
                    handler.goOn(context)
                }
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .collecting(let exchange) = state, !exchange.isSlow { wait(for: exchange, context) }
        context.fireChannelReadComplete()
    }

    /// Waits for the rest of a body, unless the request is refused without it.
    private func wait(for exchange: AdapterExchange, _ context: ChannelHandlerContext) {
        act(exchange.wait(), exchange, context)
        guard isCollecting else { return }
        if exchange.waitsWithBody {
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        let bound = NIOLoopBound((self, exchange, context), eventLoop: context.eventLoop)
        // All connections share one event loop, so the room is there at once for the body that needs it.
        desk.slowBodies.add(exchange) {
            let (handler, exchange, context) = bound.value
            handler.giveUp(exchange, context)
        }
    }

    private func giveUp(_ exchange: AdapterExchange, _ context: ChannelHandlerContext) {
        guard case .collecting(let current) = state, current === exchange else { return }
        act(.refuse(.overloaded), exchange, context)
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
        idleness.answer(at: .now())
        guard context.channel.isActive else { return }
        let head = exchange.head(of: answer, date: dates.now(), isLast: isLast)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !answer.body.isEmpty {
            let body = context.channel.allocator.buffer(bytes: answer.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if isLast { context.channel.closeSoon() }
    }

    /// Takes up what was held back.
    private func goOn(_ context: ChannelHandlerContext) {
        if !held.isEmpty {
            var parts = CircularBuffer<HTTPServerRequestPart>()
            swap(&parts, &held)
            while !isBusy, let part = parts.popFirst() { handle(part, context) }
            held += parts
            // What was passed on is delivered with this, also where more is held back.
            channelReadComplete(context: context)
        }
        guard !isBusy else { return }
        let events = heldEvents
        heldEvents = []
        for event in events { userInboundEventTriggered(context: context, event: event) }
        if let error = heldError {
            heldError = nil
            context.fireErrorCaught(error)
        }
        if wantsRead {
            wantsRead = false
            read(context: context)
        }
    }

    func read(context: ChannelHandlerContext) {
        if endsHTTP, !idleness.isReceiving { return }
        // As long as nothing is held back, one more read costs less than taking the socket's readiness away and back.
        if held.isEmpty, context.channel.isWritable { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        guard context.channel.isWritable else { return }
        idleness.take()
        goOn(context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(var head) = part, head.status != .continue {
            passed?.fit(&head)
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        }
        guard case .end = part, let request = passed else { return context.write(data, promise: promise) }
        passed = nil
        if request.isHead {
            // Behind a head alone stands nothing, not even the mark that ends chunks.
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: promise)
        } else {
            context.write(data, promise: promise)
        }
        idleness.answer(at: .now())
        // What comes behind the last answer is answered by nobody (RFC 9112, section 9.6).
        if request.isLast {
            state = .closing
            // Nor is the rest of a body waited for that nobody reads.
            if idleness.isReceiving { context.channel.closeSoon() }
        }
        guard !held.isEmpty else { return }
        // Not in the middle of a write: whoever wrote may close the connection behind it.
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = bound.value
            if context.channel.isActive { handler.goOn(context) }
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { idleness.closeOutput(at: .now()) }
        context.close(mode: mode, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What was sent before what cannot be read is answered before it.
        if isBusy { heldError = error } else { context.fireErrorCaught(error) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if endsHTTP, case .outputClosed? = event as? ChannelEvent { context.channel.closeSoon() }
        // That the peer sends nothing more does not mean that it reads nothing more. And those behind, who would close
        // the connection for a drain, know nothing of a request whose body is arriving here.
        if isBusy || (isCollecting && event is ChannelShouldQuiesceEvent) {
            heldEvents.append(event)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { look(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        nextLook?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        look(context)
        context.fireChannelActive()
    }

    /// Cuts off a peer that was waited for too long, and gives up a body that does not come in its time.
    private func look(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        let channel = context.channel
        let unsent = try? channel.isWritable ? 0 : channel.syncOptions?.getOption(.bufferedWritableBytes)
        guard var next = idleness.nextLook(at: now, isReading: !wantsRead, unsent: unsent ?? 0) else {
            return context.close(promise: nil)
        }
        // Often enough to see each body that is on its way before its time is over.
        next = min(next, now + TimeAmount(desk.bodyTimeout))
        if case .collecting(let exchange) = state {
            let patience = exchange.patience
            if patience > .zero {
                next = min(next, now + TimeAmount(patience))
            } else {
                act(.refuse(AdapterAnswer(status: .requestTimeout)), exchange, context)
            }
        }
        nextLook = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.look(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        nextLook?.cancel()
        if case .collecting(let exchange) = state {
            desk.slowBodies.remove(exchange)
            desk.budget.giveBack(exchange.held)
            state = .closing
        }
        context.fireChannelInactive()
    }
}
