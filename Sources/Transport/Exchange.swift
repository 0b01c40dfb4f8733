import Synchronization

/// Where the loop's thread, which brings a response, meets the task that waits for it.
///
/// Every continuation is resumed by the loop's thread alone, which ends every exchange that it was ever given; a task
/// that is cancelled asks the loop to end the exchange and goes on waiting for that.
final class Exchange: Sendable {
    /// What a task can wait for; the exchange's end is also everything else's.
    enum Milestone { case head, piece, end }

    /// What there is to read of the body.
    enum Piece {
        /// Some bytes, and whether the transfer was paused because of them.
        case bytes([UInt8], wasPaused: Bool)
        case end
        case failure(TransportError)
    }

    private struct State {
        var head: ResponseHead?
        var buffer: [UInt8] = []
        var isPaused = false
        var end: Result<Void, TransportError>?
        var waiters: [(milestone: Milestone, continuation: CheckedContinuation<Void, Never>)] = []

        func hasReached(_ milestone: Milestone) -> Bool {
            if end != nil { return true }
            return switch milestone {
            case .head: head != nil
            case .piece: !buffer.isEmpty
            case .end: false
            }
        }

        /// Takes out the waiters whose milestone has been reached.
        mutating func takeReady() -> [CheckedContinuation<Void, Never>] {
            guard !waiters.isEmpty else { return [] }
            let present = waiters
            waiters = present.filter { !hasReached($0.milestone) }
            return present.filter { hasReached($0.milestone) }.map(\.continuation)
        }
    }

    /// How many bytes may wait to be read before the transfer pauses; nil where nothing is read before the end.
    private let watermark: Int?
    /// Whether the peer has answered before, with a redirect: then it may have acted, however this exchange ends.
    private let isRedirected: Bool
    private let state = Mutex(State())

    /// Prepares for one response.
    init(watermark: Int?, isRedirected: Bool) {
        self.watermark = watermark
        self.isRedirected = isRedirected
    }

    // MARK: The loop's side

    /// Takes the response's head; `announce` tells of it.
    func receive(_ head: ResponseHead) {
        state.withLock { $0.head = head }
    }

    /// Takes a piece of the body, of which `announce` tells; false where too much is waiting already, and the same
    /// piece must be offered again.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let piece = Array(bytes)
        return state.withLock { state in
            if let watermark, state.buffer.count >= watermark {
                state.isPaused = true
                return false
            }
            if state.buffer.isEmpty { state.buffer = piece } else { state.buffer += piece }
            return true
        }
    }

    /// Ends the exchange and tells of it; only the first end counts.
    func end(_ result: Result<Void, TransportError>) {
        state.withLock { state in
            if state.end == nil {
                state.end = result.mapError { error in
                    var error = error
                    if isRedirected { error.mayHaveBeenSent = true }
                    return error
                }
            }
        }
        announce()
    }

    /// Wakes the tasks whose milestones have been reached.
    func announce() {
        let ready = state.withLock { $0.takeReady() }
        for continuation in ready { continuation.resume() }
    }

    // MARK: The task's side

    /// Waits until a milestone is reached.
    func reach(_ milestone: Milestone) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.hasReached(milestone) { return true }
                state.waiters.append((milestone, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    /// Whether nothing more will come.
    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// The head, or why there is none; the milestone `head` must have been reached.
    func head() throws(TransportError) -> ResponseHead {
        let (head, end) = state.withLock { ($0.head, $0.end) }
        if let head { return head }
        if case .failure(let error)? = end { throw error }
        throw TransportError(.protocolError, "The peer ended the response before its head", mayHaveBeenSent: true)
    }

    /// Takes what has arrived of the body; the milestone `piece` must have been reached.
    func takePiece() -> Piece {
        state.withLock { state in
            if !state.buffer.isEmpty {
                let piece = Piece.bytes(state.buffer, wasPaused: state.isPaused)
                state.buffer = []
                state.isPaused = false
                return piece
            }
            switch state.end {
            case .failure(let error): return .failure(error)
            case .success, nil: return .end
            }
        }
    }

    /// The whole response, or why there is none; the milestone `end` must have been reached.
    /// - Parameter acceptsPart: whether what came before a failure is a response too, if its head did.
    func whole(acceptsPart: Bool = false) throws(TransportError) -> (head: ResponseHead, body: [UInt8]) {
        let head = try head()
        let (body, end) = state.withLock { ($0.buffer, $0.end) }
        if case .failure(let error)? = end, !acceptsPart { throw error }
        return (head, body)
    }
}
