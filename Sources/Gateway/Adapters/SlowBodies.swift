import Synchronization

/// The requests whose bodies did not come at once, in the order in which they began to keep us waiting.
///
/// Where memory is short, they give up theirs before a body that is there gets none: whoever has an event to tell sends
/// it whole, and whoever stalls keeps nobody else out.
final class SlowBodies: Sendable {
    private let waiting = Mutex<[(exchange: ObjectIdentifier, giveUp: @Sendable () -> Void)]>([])

    /// Adds one that is behind all others.
    /// - Parameter giveUp: refuses the request and gives back what its body holds.
    func add(_ exchange: AdapterExchange, giveUp: @escaping @Sendable () -> Void) {
        waiting.withLock { $0.append((ObjectIdentifier(exchange), giveUp)) }
    }

    /// Takes one out; it came, or it will not come any more.
    func remove(_ exchange: AdapterExchange) {
        waiting.withLock { waiting in
            guard let position = waiting.firstIndex(where: { $0.exchange == ObjectIdentifier(exchange) }) else {
                return
            }
            waiting.remove(at: position)
        }
    }

    /// Gives up the one that has kept us waiting longest; false where that is the one that asks, or there is none.
    func giveUpFirst(for exchange: AdapterExchange) -> Bool {
        let asker = ObjectIdentifier(exchange)
        let giveUp = waiting.withLock { waiting -> (@Sendable () -> Void)? in
            guard let first = waiting.first, first.exchange != asker else { return nil }
            waiting.removeFirst()
            return first.giveUp
        }
        giveUp?()
        return giveUp != nil
    }
}
