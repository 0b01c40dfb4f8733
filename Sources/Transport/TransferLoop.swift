import CCurl
import CoreTypes

#if canImport(Glibc)
import Glibc
#endif

/// Drives every transfer of a client: libcurl says which sockets to watch and when to be called, and is told of those
/// alone that are ready, so a thousand transfers that wait cost nothing.
///
/// It is made, used and left on one thread, which nothing of it leaves.
final class TransferLoop {
    /// How long the loop sleeps when nothing is due, in milliseconds; a command wakes it before.
    private static let longestSleep: Int64 = 600_000
    /// How long it rests after an error of the wait itself, in microseconds, so that a standing error cannot make it
    /// spin.
    private static let restAfterError: UInt32 = 50_000
    /// How many easy handles are kept for the next requests.
    private static let maximumIdleHandles = 64

    private let multi: UnsafeMutableRawPointer
    private let poller: SocketPoller
    private let queue: TransferQueue
    private let configuration: HTTPClient.Configuration
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    /// Those to which something came since the last time round; often their end came with it, and their tasks are woken
    /// once for both.
    private var haveNews: [Exchange] = []
    private var idleHandles: [UnsafeMutableRawPointer] = []
    /// When the first transfer may have been idle for too long; activity only ever moves that away.
    private var nextIdleCheck: ContinuousClock.Instant?
    /// When libcurl wants to be called, if no socket is ready before.
    private var nextCall: ContinuousClock.Instant?

    /// Makes a loop; nil where libcurl cannot.
    init?(queue: TransferQueue, configuration: HTTPClient.Configuration) {
        guard Self.isLibraryReady, let poller = SocketPoller(), let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.poller = poller
        self.queue = queue
        self.configuration = configuration
        // How many connections are kept when nothing uses them.
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections)
        setCallbacks()
        queue.open(poller.waker)
    }

    private func setCallbacks() {
        // Safe: the loop cleans the multi handle up before it ends.
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_multi_set_watcher(
            multi,
            { _, socket, what, context, _ in
                guard let context else { return 0 }
                Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue().watch(socket, for: what)
                return 0
            },
            context
        )
        _ = ccurl_multi_set_timer(
            multi,
            { _, milliseconds, context in
                guard let context else { return 0 }
                let loop = Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue()
                loop.nextCall = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
                return 0
            },
            context
        )
    }

    private func watch(_ socket: curl_socket_t, for what: Int32) {
        switch what {
        case CURL_POLL_IN: poller.watch(socket, for: .reading)
        case CURL_POLL_OUT: poller.watch(socket, for: .writing)
        case CURL_POLL_INOUT: poller.watch(socket, for: [.reading, .writing])
        default: poller.rest(socket)
        }
    }

    /// Has the poller know that libcurl will tell of a socket's end.
    func noteOpened(_ socket: curl_socket_t) { poller.noteOpened(socket) }

    /// Closes a socket of libcurl's.
    /// - Parameter context: the loop. Safe: it cleans the multi handle up, and so closes all connections, before it ends.
    static func closeSocket(_ socket: curl_socket_t, _ context: UnsafeMutableRawPointer?) {
        if let context { Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue().poller.noteClosed(socket) }
        close(socket)
    }

    /// Whether libcurl's one initialisation for the process succeeded.
    static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Runs until the queue says stop; every exchange that was given to the loop has ended when this returns.
    func run() {
        while true {
            let (commands, isStopping) = queue.take()
            for command in commands { carryOut(command) }
            if isStopping { break }

            for exchange in haveNews { exchange.announce() }
            haveNews.removeAll(keepingCapacity: true)
            let ready = poller.wait(milliseconds: sleep())
            if ready == nil { usleep(Self.restAfterError) }
            if !goOn(ready ?? []) {
                // An error of the whole: no transfer can be trusted to go on.
                endAll(.interrupted, "was interrupted by an error of the HTTP library")
            }
            endFinished()
            endIdle()
        }
        endAll(.closed, "was ended: the client is shutting down")
        for handle in idleHandles { curl_easy_cleanup(handle) }
        Self.refuse(queue.close())
        curl_multi_cleanup(multi)
    }

    /// Tells libcurl which sockets are ready, and that its time has come.
    /// - Returns: false after an error that concerns every transfer.
    private func goOn(_ ready: [(socket: Int32, readiness: SocketPoller.Readiness)]) -> Bool {
        var running: Int32 = 0
        for (socket, readiness) in ready {
            var mask: Int32 = 0
            if readiness.contains(.reading) { mask |= CURL_CSELECT_IN }
            if readiness.contains(.writing) { mask |= CURL_CSELECT_OUT }
            if readiness.contains(.failed) { mask |= CURL_CSELECT_ERR }
            // One that was closed because of another in the same list is passed over.
            let result = curl_multi_socket_action(multi, socket, mask, &running)
            guard result == CURLM_OK || result == CURLM_BAD_SOCKET else { return false }
        }
        guard let due = nextCall, due <= .now else { return true }
        nextCall = nil
        return curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running) == CURLM_OK
    }

    /// How long to wait for a socket at most, in milliseconds.
    private func sleep() -> Int32 {
        guard let first = nextCall ?? nextIdleCheck else { return Int32(Self.longestSleep) }
        let next = min(first, nextIdleCheck ?? first)
        let left = next - .now
        // Rounded up: a call that comes too early would come again and again.
        return left <= .zero ? 0 : Int32(min(Self.longestSleep, left.milliseconds + 1))
    }

    /// Ends the exchanges of commands that no loop will carry out.
    static func refuse(_ commands: [TransferQueue.Command]) {
        for case .start(_, let address, let exchange) in commands {
            exchange.end(.failure(TransportError(.closed, "The request to \(address.host) was not sent: no client")))
        }
    }

    // MARK: Commands

    private func carryOut(_ command: TransferQueue.Command) {
        switch command {
        case .start(let request, let address, let exchange):
            start(request, address, exchange)
        case .cancel(let exchange):
            guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
            end(transfer, .failure(transfer.error(.cancelled, "was cancelled")))
        case .resume(let exchange):
            guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
            let result = transfer.resume()
            if result == CURLE_OK { watch(transfer) } else { end(transfer, transfer.outcome(result)) }
        }
    }

    private func start(_ request: HTTPRequest, _ address: WebAddress, _ exchange: Exchange) {
        guard let handle = idleHandles.popLast() ?? curl_easy_init() else {
            exchange.end(.failure(TransportError(CURLE_OUT_OF_MEMORY, host: address.host, mayHaveBeenSent: false)))
            return
        }
        let transfer = Transfer(
            of: self,
            handle: handle,
            exchange: exchange,
            request: request,
            address: address,
            addressGuard: configuration.addressGuard
        )
        do {
            try transfer.configure(configuration)
        } catch {
            exchange.end(.failure(error))
            recycle(handle)
            return
        }
        guard curl_multi_add_handle(multi, handle) == CURLM_OK else {
            exchange.end(.failure(TransportError(CURLE_FAILED_INIT, host: address.host, mayHaveBeenSent: false)))
            recycle(handle)
            return
        }
        transfers[ObjectIdentifier(exchange)] = transfer
        watch(transfer)
    }

    /// Has an exchange tell of what came to it, when everything that came with it is there; telling twice does no harm.
    func noteNews(of exchange: Exchange) {
        if haveNews.last !== exchange { haveNews.append(exchange) }
    }

    /// Has the transfer looked at when it may have been idle for too long.
    func watch(_ transfer: Transfer) {
        guard let deadline = transfer.idleDeadline() else { return }
        nextIdleCheck = min(nextIdleCheck ?? deadline, deadline)
    }

    // MARK: Ends

    private func endFinished() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            // The message is gone as soon as its handle is taken out.
            let result = message.pointee.data.result
            var context: UnsafeMutableRawPointer?
            guard ccurl_get_context(handle, &context) == CURLE_OK, let transfer = Transfer.behind(context) else {
                continue
            }
            end(transfer, transfer.outcome(result))
        }
    }

    /// Ends the transfers to which nothing came for too long.
    private func endIdle() {
        guard let due = nextIdleCheck, due <= .now else { return }
        let now = ContinuousClock.now
        nextIdleCheck = nil
        for transfer in Array(transfers.values) {
            if transfer.isIdle(at: now) {
                end(transfer, .failure(transfer.error(.timeout, "was ended: no byte came for too long")))
            } else {
                watch(transfer)
            }
        }
    }

    private func endAll(_ reason: TransportError.Code, _ what: String) {
        for transfer in Array(transfers.values) { end(transfer, .failure(transfer.error(reason, what))) }
    }

    private func end(_ transfer: Transfer, _ result: Result<Void, TransportError>) {
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        curl_multi_remove_handle(multi, transfer.handle)
        recycle(transfer.handle)
        transfer.exchange.end(result)
    }

    private func recycle(_ handle: UnsafeMutableRawPointer) {
        // Takes out every pointer to the transfer, whose callbacks must not be called any more.
        curl_easy_reset(handle)
        if idleHandles.count < Self.maximumIdleHandles {
            idleHandles.append(handle)
        } else {
            curl_easy_cleanup(handle)
        }
    }
}
