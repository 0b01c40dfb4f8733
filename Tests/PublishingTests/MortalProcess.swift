import CoreTypes
import Persistence
import Synchronization
import Transport

/// A process that dies at a certain step, as kill -9 would end it: nothing that it does afterwards has any effect.
///
/// A step is a transaction, before or after its commit, or a request, before it leaves or after the answer came.
final class Life: Sendable {
    private struct State {
        var steps = 0
        var isOver = false
    }

    /// What a dead process meets.
    struct Death: CodedError {
        let code = "dead"
        let description = "The process is dead."
        let isRetryable = false
    }

    private let lastStep: Int?
    private let state = Mutex(State())

    /// Makes a life.
    /// - Parameter lastStep: the step at which it ends, from 1; nil for one that does not.
    init(until lastStep: Int? = nil) {
        self.lastStep = lastStep
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    var steps: Int { state.withLock { $0.steps } }

    /// Takes a step.
    func step() throws(Death) {
        let isOver = state.withLock { state in
            if !state.isOver { state.steps += 1 }
            if state.steps == lastStep { state.isOver = true }
            return state.isOver
        }
        if isOver { throw Death() }
    }
}

/// The database as a mortal process sees it.
struct MortalDatabase: Database {
    let base: any Database
    let life: Life

    var dialect: Dialect { base.dialect }
    var wakeUps: WakeUps { base.wakeUps }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        try life.step()
        let value = try await base.write(body)
        try life.step()
        return value
    }

    func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        if life.isOver { throw Life.Death() }
        return try await base.read(body)
    }

    func run(_ statement: SQL) async throws -> [Row] {
        if life.isOver { throw Life.Death() }
        return try await base.run(statement)
    }

    func notify(_ wakeUp: WakeUp) async {}
    func runWakeUps() async {}
    func dedicated(on executor: DispatchQueueExecutor) -> any Database { self }
    func close() async {}
}

/// The network as a mortal process sees it.
struct MortalTransport: HTTPTransport {
    let base: any HTTPTransport
    let life: Life

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        do {
            try life.step()
            let response = try await base.send(request)
            try life.step()
            return response
        } catch let error as TransportError {
            throw error
        } catch {
            throw TransportError(.closed, "The process is dead.")
        }
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        try await base.stream(request, consume)
    }
}
