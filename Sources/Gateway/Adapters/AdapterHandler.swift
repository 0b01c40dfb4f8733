import HTTPTypes
import NIOCore
import NIOHTTP1

/// Answers the platforms' requests where they arrive: on the thread of their connection, with no task made for them.
///
/// A request in flight costs a few objects and no switch of threads but that to the commit and back. Everything that
/// is no platform's goes on to the router. One request is answered at a time; what a peer sends meanwhile is held
/// back, and once something is, nothing more is read from its socket. Silent peers are cut off, whoever their request
/// is for: nobody behind sees all that goes by here.
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
    /// How many requests the router has not answered yet.
    private var passed = 0
    private var held = CircularBuffer<HTTPServerRequestPart>()
    private var heldEvents: [Any] = []
    private var heldError: (any Error)?
    private var wantsRead = false
    private var idleness: ConnectionIdleness
    private var idleLook: Scheduled<Void>?

    init(desk: AdapterDesk, dates: HTTPDates, idleTimeout: TimeAmount) {
        self.desk = desk
        self.dates = dates
        idleness = ConnectionIdleness(timeout: idleTimeout, now: .now())
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
            finish(exchange, answer, isLast: true, context)
        case .receive(let request):
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
        context.write(wrapOutboundOut(.head(head(of: answer, to: exchange, isLast: isLast))), promise: nil)
        if !answer.body.isEmpty {
            let body = context.channel.allocator.buffer(bytes: answer.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        guard isLast else { return }
        // The second of patience lets the peer read the answer: closing at once while data is arriving resets the
        // connection, and the answer would be lost (RFC 9112, section 9.6).
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    private func head(
        of answer: AdapterAnswer,
        to exchange: AdapterExchange,
        isLast: Bool
    ) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(answer.headers.count + 3)
        for field in answer.headers { headers.add(name: field.name.rawName, value: field.value) }
        headers.replaceOrAdd(name: "Content-Length", value: String(answer.body.count))
        headers.replaceOrAdd(name: "Date", value: dates.now())
        if isLast {
            headers.replaceOrAdd(name: "Connection", value: "close")
        } else if exchange.asksToStay {
            headers.replaceOrAdd(name: "Connection", value: "keep-alive")
        }
        return HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status.code),
            headers: headers
        )
    }

    /// Takes up what was held back.
    private func goOn(_ context: ChannelHandlerContext) {
        if !held.isEmpty {
            var parts = CircularBuffer<HTTPServerRequestPart>()
            swap(&parts, &held)
            while !isBusy, let part = parts.popFirst() { handle(part, context) }
            held += parts
            guard !isBusy else { return }
            context.fireChannelReadComplete()
        }
        let events = heldEvents
        heldEvents = []
        for event in events { userInboundEventTriggered(context: context, event: event) }
        if let error = heldError {
            heldError = nil
            context.fireErrorCaught(error)
        }
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
        idleness.answer(at: .now())
        guard passed == 0, !held.isEmpty else { return }
        // What follows may close the connection.
        context.flush()
        goOn(context)
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
        // That the peer sends nothing more does not mean that it reads nothing more. And those behind, who would close
        // the connection for a drain, know nothing of a request whose body is arriving here.
        if isBusy || (isCollecting && event is ChannelShouldQuiesceEvent) {
            heldEvents.append(event)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { lookForIdleness(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleLook?.cancel()
    }

    func channelActive(context: ChannelHandlerContext) {
        lookForIdleness(context)
        context.fireChannelActive()
    }

    private func lookForIdleness(_ context: ChannelHandlerContext) {
        guard let next = idleness.nextLook(at: .now(), isReading: !wantsRead) else {
            return context.close(promise: nil)
        }
        idleLook = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.lookForIdleness(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        idleLook?.cancel()
        if case .collecting(let exchange) = state {
            desk.budget.giveBack(exchange.held)
            state = .closing
        }
        context.fireChannelInactive()
    }
}
