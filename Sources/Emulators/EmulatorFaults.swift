import Synchronization

/// What goes wrong at an emulator, on command.
package final class EmulatorFaults: Sendable {
    /// The faults that are still to come.
    package struct Plan: Sendable {
        /// The write with this number, from 1, is done, and then the connection breaks.
        package var afterWrite: Int?
        /// The write with this number is not done; the connection breaks.
        package var beforeWrite: Int?
        /// An upload breaks once so many of its bytes have arrived.
        package var atByte: Int?

        /// Describes faults; each happens once.
        package init(afterWrite: Int? = nil, beforeWrite: Int? = nil, atByte: Int? = nil) {
            self.afterWrite = afterWrite
            self.beforeWrite = beforeWrite
            self.atByte = atByte
        }
    }

    /// When a write breaks.
    enum Break { case never, before, after }

    private struct State {
        var plan: Plan
        var writes = 0
    }

    private let state: Mutex<State>

    /// Makes faults.
    package init(_ plan: Plan = Plan()) {
        state = Mutex(State(plan: plan))
    }

    /// Replaces the faults that are still to come, and counts writes anew.
    package func set(_ plan: Plan) {
        state.withLock { $0 = State(plan: plan) }
    }

    /// Counts a write.
    func write() -> Break {
        state.withLock { state in
            state.writes += 1
            if state.plan.beforeWrite == state.writes {
                state.plan.beforeWrite = nil
                return .before
            }
            if state.plan.afterWrite == state.writes {
                state.plan.afterWrite = nil
                return .after
            }
            return .never
        }
    }

    /// How many bytes of an upload are kept before it breaks; nil where it does not break within the piece.
    func bytesBeforeBreak(from offset: Int, count: Int) -> Int? {
        state.withLock { state in
            guard let byte = state.plan.atByte, offset <= byte, byte < offset + count else { return nil }
            state.plan.atByte = nil
            return byte - offset
        }
    }
}
