import Synchronization

/// A value that the tasks of a test share.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    var value: Value { mutex.withLock { $0 } }

    /// Changes the value and gives it back.
    @discardableResult
    func change(_ change: (inout Value) -> Void) -> Value {
        mutex.withLock { value in
            change(&value)
            return value
        }
    }
}
