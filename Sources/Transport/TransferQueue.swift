import Synchronization

/// What other threads ask of the loop's thread.
final class TransferQueue: Sendable {
    enum Command: Sendable {
        /// Sends a checked request and reports to the exchange.
        case start(HTTPRequest, WebAddress, Exchange)
        /// Ends the exchange as cancelled, if it has not ended.
        case cancel(Exchange)
        /// Goes on receiving after a pause.
        case resume(Exchange)
    }

    private struct State {
        var commands: [Command] = []
        var isStopping = false
        var waker: SocketPoller.Waker?

        func wake() { waker?.wake() }

        mutating func takeCommands() -> [Command] {
            defer { commands = [] }
            return commands
        }
    }

    private let state = Mutex(State())

    /// Adds a command and wakes the loop; false where the loop has been told to stop and takes no more.
    func submit(_ command: Command) -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.commands.append(command)
            if state.commands.count == 1 { state.wake() }
            return true
        }
    }

    /// Tells the loop to end every exchange and to leave its thread.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.wake()
        }
    }

    /// Lets the loop be woken; the commands that came before are waiting.
    func open(_ waker: SocketPoller.Waker) {
        state.withLock { $0.waker = waker }
    }

    /// Refuses all further commands and forgets the waker; gives the commands that nobody will carry out.
    func close() -> [Command] {
        state.withLock { state in
            state.isStopping = true
            state.waker = nil
            return state.takeCommands()
        }
    }

    /// Takes the commands in the order in which they came, and whether the loop is to stop.
    func take() -> (commands: [Command], isStopping: Bool) {
        state.withLock { ($0.takeCommands(), $0.isStopping) }
    }
}
