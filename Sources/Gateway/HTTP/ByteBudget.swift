import Synchronization

/// Limits how many bytes many requests hold together; each of them alone is limited elsewhere.
final class ByteBudget: Sendable {
    private let held = Mutex(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes so many bytes; false where there are not so many left, and then nothing was taken.
    func take(_ bytes: Int) -> Bool {
        held.withLock { held in
            guard held + bytes <= limit else { return false }
            held += bytes
            return true
        }
    }

    /// Gives bytes back that were taken.
    func giveBack(_ bytes: Int) {
        held.withLock { $0 -= bytes }
    }
}
