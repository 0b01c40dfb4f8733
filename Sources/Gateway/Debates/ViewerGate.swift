import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Lets so many viewers at once follow debates or fetch journals.
///
/// Of one caller only some are let in: whoever opens streams without end keeps nobody else out. A viewer that reads
/// nothing is cut off by the connection, which ends the writing and gives the place back.
final class ViewerGate: Sendable {
    private struct State {
        var count = 0
        var countByCaller: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let limit: Int
    private let limitPerCaller: Int

    init(limit: Int, limitPerCaller: Int) {
        self.limit = limit
        self.limitPerCaller = limitPerCaller
    }

    /// An answer that a viewer is written for as long as there is something to write.
    /// - Parameter eventLoop: where the viewer's connection lives.
    /// - Throws: `HTTPFailure` 503 where no place is free, 429 where the caller has too many.
    func answer(
        to caller: String,
        on eventLoop: any EventLoop,
        headers: HTTPFields,
        _ write: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) throws(HTTPFailure) -> Response {
        if let refusal = refusal(of: caller) { throw refusal }
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { [self] writer in
                // The place is taken here and not above: a response that is never written would keep it for ever.
                // Without one, the connection breaks off: a journal that only ends early would pass for a whole one.
                if let refusal = enter(caller) { throw refusal }
                defer { leave(caller) }
                var pieces: any ResponseBodyWriter = PiecewiseBodyWriter(writer, eventLoop: eventLoop)
                try await write(&pieces)
            }
        )
    }

    private func refusal(of caller: String) -> HTTPFailure? {
        state.withLock { refusal(of: caller, $0) }
    }

    private func refusal(of caller: String, _ state: State) -> HTTPFailure? {
        guard state.count < limit else { return .overloaded }
        guard state.countByCaller[caller, default: 0] >= limitPerCaller else { return nil }
        return HTTPFailure(
            .tooManyRequests,
            "rate_limited",
            "One caller may have \(limitPerCaller) streams and journals open at once. Close one, or read "
                + "`/api/v1/debates/{id}/events` now and then instead.",
            headers: [.retryAfter: "5"]
        )
    }

    /// Takes a place; where there is none it says why, and then `leave` must not be called.
    private func enter(_ caller: String) -> HTTPFailure? {
        state.withLock { state in
            if let refusal = refusal(of: caller, state) { return refusal }
            state.count += 1
            state.countByCaller[caller, default: 0] += 1
            return nil
        }
    }

    private func leave(_ caller: String) {
        state.withLock { state in
            state.count -= 1
            let left = state.countByCaller[caller, default: 0] - 1
            state.countByCaller[caller] = left > 0 ? left : nil
        }
    }
}
