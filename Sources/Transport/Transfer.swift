import CCurl
import CoreTypes

/// One request under way on one easy handle.
///
/// All of it belongs to the loop's thread, its callbacks included.
final class Transfer {
    let handle: UnsafeMutableRawPointer
    let exchange: Exchange
    let request: HTTPRequest
    let address: WebAddress
    /// Safe: the loop keeps its transfers.
    private unowned let loop: TransferLoop
    /// What the callbacks of connections are given.
    var loopContext: UnsafeMutableRawPointer { Unmanaged.passUnretained(loop).toOpaque() }
    /// The guard, where the request asked for it.
    let addressGuard: AddressGuard?
    /// Whether the request is made under TLS, as its URL says.
    private var isEncrypted: Bool { address.scheme == "https" }
    /// The request's header lines, which libcurl reads until the transfer ends.
    var headerLines: UnsafeMutablePointer<curl_slist>?

    private var headParser = ResponseHeadParser()
    private var receivedBytes = 0
    /// How often the request was about to be written to a connection.
    private var attempts = 0
    /// Why a callback ended the transfer.
    private var refusal: TransportError.Code?
    private var isPaused = false
    /// Whether all that is kept of the body has come, and the transfer was ended for that.
    private var hasEnough = false
    /// When the last piece of the body came, where that is watched; nil before the first one.
    private var lastPiece: ContinuousClock.Instant?
    /// When the first piece has to be there, where that is watched.
    private let firstPieceDeadline: ContinuousClock.Instant?

    /// Binds a request to an easy handle.
    init(
        of loop: TransferLoop,
        handle: UnsafeMutableRawPointer,
        exchange: Exchange,
        request: HTTPRequest,
        address: WebAddress,
        addressGuard: AddressGuard
    ) {
        self.loop = loop
        self.handle = handle
        self.exchange = exchange
        self.request = request
        self.address = address
        self.addressGuard = request.guardAddresses ? addressGuard : nil
        firstPieceDeadline = request.firstPieceTimeout.map { ContinuousClock.now + $0 }
    }

    deinit {
        curl_slist_free_all(headerLines)
    }

    /// The transfer that a callback was called for.
    ///
    /// Safe: the loop keeps the transfer for as long as its easy handle is in the multi handle; only then does libcurl
    /// call back, on the loop's thread.
    static func behind(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context else { return nil }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: Callbacks

    /// Takes a line of the response's head; false ends the transfer.
    func receiveHeader(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        switch headParser.feed(line) {
        case .incomplete:
            return true
        case .complete(let head):
            exchange.receive(head)
            loop.noteNews(of: exchange)
            return true
        case .tooLarge:
            refusal = .tooLarge
            return false
        case .malformed:
            refusal = .protocolError
            return false
        }
    }

    /// Takes a piece of the response's body; gives what libcurl wants to hear.
    func receiveBody(_ piece: UnsafeBufferPointer<UInt8>) -> Int {
        notePiece()
        if let kept = request.keptResponseBytes, piece.count >= kept - receivedBytes {
            _ = exchange.receive(UnsafeBufferPointer(rebasing: piece.prefix(kept - receivedBytes)))
            receivedBytes = kept
            hasEnough = true
            return Self.refusing(piece)
        }
        guard request.keptResponseBytes != nil || piece.count <= request.maximumResponseBytes - receivedBytes else {
            refusal = .tooLarge
            return Self.refusing(piece)
        }
        guard exchange.receive(piece) else {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        receivedBytes += piece.count
        loop.noteNews(of: exchange)
        return piece.count
    }

    /// Any other number than the piece's length ends the transfer.
    private static func refusing(_ piece: UnsafeBufferPointer<UInt8>) -> Int { piece.isEmpty ? 1 : 0 }

    private func notePiece() {
        guard request.idleTimeout != nil || firstPieceDeadline != nil else { return }
        let isFirst = lastPiece == nil
        lastPiece = .now
        if isFirst { loop.watch(self) }
    }

    /// Opens the socket for an address that was resolved just now, unless the guard refuses it.
    func openSocket(_ peer: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        if let addressGuard {
            let bytes = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
                count = Int(ccurl_address(peer, buffer.baseAddress))
            }
            guard let address = IPAddress(bytes: bytes), addressGuard.allows(address, isEncrypted: isEncrypted) else {
                refusal = .refusedAddress
                return CURL_SOCKET_BAD
            }
        }
        let socket = ccurl_open_socket(peer)
        if socket != CURL_SOCKET_BAD { loop.noteOpened(socket) }
        return socket
    }

    /// Decides, when the connection stands, whether the request may be written to it.
    func allowsRequest(to peer: String) -> Bool {
        // A connection that an unguarded request opened may be used again: no socket is opened then.
        if let addressGuard {
            guard let address = IPAddress(peer), addressGuard.allows(address, isEncrypted: isEncrypted) else {
                refusal = .refusedAddress
                return false
            }
        }
        // libcurl writes a request once more, whatever its method, when a connection that it used again turns out to be
        // dead. The peer may have acted on the first writing, so this is the caller's to decide.
        if attempts > 0, !request.isSafe {
            refusal = .interrupted
            return false
        }
        refusal = nil
        attempts += 1
        return true
    }

    // MARK: The loop's questions

    /// Goes on receiving after a pause.
    func resume() -> CURLcode {
        guard isPaused else { return CURLE_OK }
        isPaused = false
        if lastPiece != nil { lastPiece = .now }
        return curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// When the time for the next piece of the body ends, if nothing comes until then; nil where there is none to watch.
    func idleDeadline() -> ContinuousClock.Instant? {
        guard !isPaused else { return nil }
        guard let lastPiece else { return firstPieceDeadline }
        return request.idleTimeout.map { lastPiece + $0 }
    }

    /// Whether nothing came for as long as is allowed.
    func isIdle(at now: ContinuousClock.Instant) -> Bool {
        idleDeadline().map { $0 <= now } ?? false
    }

    /// A failure of this request, with the host as the only part of its URL.
    func error(_ reason: TransportError.Code, _ what: String) -> TransportError {
        TransportError(reason, "The request to \(address.host) \(what)", mayHaveBeenSent: attempts > 0)
    }

    /// Says how the transfer ended, from libcurl's result and from what the callbacks know.
    func outcome(_ result: CURLcode) -> Result<Void, TransportError> {
        guard result != CURLE_OK, !hasEnough else { return .success(()) }
        if result == CURLE_OPERATION_TIMEDOUT {
            return .failure(error(.timeout, attempts > 0 ? "took too long" : "got no connection in time"))
        }
        switch refusal {
        case .refusedAddress:
            return .failure(error(.refusedAddress, "was refused: its address is not a public one"))
        case .tooLarge:
            return .failure(error(.tooLarge, "was ended: its response is too large"))
        case .protocolError:
            return .failure(error(.protocolError, "was ended: its response is not HTTP"))
        case .interrupted:
            return .failure(error(.interrupted, "was interrupted: the connection broke before a response"))
        default:
            return .failure(TransportError(result, host: address.host, mayHaveBeenSent: attempts > 0))
        }
    }
}
