import CCurl
import CoreTypes

#if canImport(Glibc)
import Glibc
#endif

/// Drives every transfer of a client.
///
/// It is made, used and left on one thread, which nothing of it leaves.
final class TransferLoop {
    /// How long the loop sleeps when nothing is due, in milliseconds; a command wakes it before.
    private static let longestSleep: Int64 = 600_000
    /// How long it rests after an error of `poll` itself, in microseconds, so that a standing error cannot make it spin.
    private static let restAfterError: UInt32 = 50_000
    /// How many easy handles are kept for the next requests.
    private static let maximumIdleHandles = 64

    private let multi: UnsafeMutableRawPointer
    private let queue: TransferQueue
    private let configuration: HTTPClient.Configuration
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var idleHandles: [UnsafeMutableRawPointer] = []
    /// When the first transfer may have been idle for too long; activity only ever moves that away.
    private var nextIdleCheck: ContinuousClock.Instant?

    /// Makes a loop; nil where libcurl cannot.
    init?(queue: TransferQueue, configuration: HTTPClient.Configuration) {
        guard Self.isLibraryReady, let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.queue = queue
        self.configuration = configuration
        // How many connections are kept when nothing uses them.
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections)
        queue.open(TransferQueue.Waker(multi: multi))
    }

    /// Whether libcurl's one initialisation for the process succeeded.
    static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Runs until the queue says stop; every exchange that was given to the loop has ended when this returns.
    func run() {
        while true {
            let (commands, isStopping) = queue.take()
            for command in commands { carryOut(command) }
            if isStopping { break }

            var running: Int32 = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else {
                // An error of the whole: no transfer can be trusted to go on.
                endAll(.interrupted, "was interrupted by an error of the HTTP library")
                continue
            }
            endFinished()
            let sleep = endIdle()
            if curl_multi_poll(multi, nil, 0, sleep, nil) != CURLM_OK {
                usleep(Self.restAfterError)
            }
        }
        endAll(.closed, "was ended: the client is shutting down")
        for handle in idleHandles { curl_easy_cleanup(handle) }
        Self.refuse(queue.close())
        curl_multi_cleanup(multi)
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

    /// Has the transfer looked at when it may have been idle for too long.
    private func watch(_ transfer: Transfer) {
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

    /// Ends the transfers on which nothing travelled for too long.
    /// - Returns: how many milliseconds remain until the next one may have to be ended.
    private func endIdle() -> Int32 {
        guard let due = nextIdleCheck else { return Int32(Self.longestSleep) }
        let now = ContinuousClock.now
        if due <= now {
            nextIdleCheck = nil
            for transfer in Array(transfers.values) {
                if transfer.isIdle(at: now) {
                    end(transfer, .failure(transfer.error(.timeout, "was ended: no byte came for too long")))
                } else {
                    watch(transfer)
                }
            }
        }
        guard let next = nextIdleCheck else { return Int32(Self.longestSleep) }
        return Int32(min(Self.longestSleep, max(0, (next - now).milliseconds) + 1))
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
