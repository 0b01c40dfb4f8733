import CoreTypes
import Synchronization

/// The wake-ups that still have to be sent to other processes: each at most once, however often it was asked for.
final class NotificationQueue: Sendable {
    private struct State {
        var isRunning = false
        var pending: Set<WakeUp> = []
        var parked: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Takes a wake-up for the next notification.
    /// - Returns: false where nobody is sending; the caller has to do it.
    func add(_ wakeUp: WakeUp) -> Bool {
        let (isRunning, parked) = state.withLock { state in
            guard state.isRunning else { return (false, nil as CheckedContinuation<Void, Never>?) }
            state.pending.insert(wakeUp)
            let parked = state.parked
            state.parked = nil
            return (true, parked)
        }
        parked?.resume()
        return isRunning
    }

    /// Sends what was asked for, until the task is cancelled.
    /// - Parameters:
    ///   - pause: how long to wait after each notification, so that a busy process sends few large ones.
    ///   - send: sends one notification; what it fails to send is lost, because everybody polls as well.
    func run(pause: Duration, time: any TimeSource, send: ([WakeUp]) async -> Void) async {
        state.withLock { $0.isRunning = true }
        defer { state.withLock { $0.isRunning = false } }
        while !Task.isCancelled {
            let wakeUps = state.withLock { state in
                let pending = Array(state.pending)
                state.pending = []
                return pending
            }
            if wakeUps.isEmpty {
                await park()
            } else {
                await send(wakeUps)
                try? await time.sleep(for: pause)
            }
        }
    }

    private func park() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if Task.isCancelled || !state.pending.isEmpty { return true }
                    state.parked = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            let parked = state.withLock { state in
                let parked = state.parked
                state.parked = nil
                return parked
            }
            parked?.resume()
        }
    }
}
