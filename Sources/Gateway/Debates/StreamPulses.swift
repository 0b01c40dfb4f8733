import Synchronization

/// Why a live view looks again; ticks that come while it is busy are one.
final class StreamPulses: Sendable {
    /// What there may be news of.
    struct Reasons: OptionSet, Sendable {
        let rawValue: Int

        static let journal = Reasons(rawValue: 1)
        static let drafts = Reasons(rawValue: 2)
    }

    let ticks: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let reasons = Mutex(Reasons())

    init() {
        (ticks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func tick(_ reason: Reasons) {
        reasons.withLock { $0.formUnion(reason) }
        continuation.yield()
    }

    /// What there may be news of since the last look.
    func takeReasons() -> Reasons {
        reasons.withLock { reasons in
            defer { reasons = [] }
            return reasons
        }
    }

    /// Ends the ticks.
    func finish() { continuation.finish() }
}
