import CoreTypes
import Persistence
import Synchronization
import Transport

/// A database that is away for some reads and writes, each time after an answer to a certain path has come.
final class Absence: Sendable {
    private struct Failures: Hashable {
        var writes = 0
        var reads = 0
    }

    private let path: String
    private let failures: Failures
    private let left = Mutex(Failures())

    init(after path: String, writes: Int, reads: Int = 0) {
        self.path = path
        failures = Failures(writes: writes, reads: reads)
    }

    /// Whether the database is back.
    var isOver: Bool { left.withLock { $0 == Failures() } }

    func answered(_ request: HTTPRequest) {
        if request.url.hasSuffix(path) { left.withLock { $0 = failures } }
    }

    func write() throws { try fail(left.withLock { Self.take(&$0.writes) }) }
    func read() throws { try fail(left.withLock { Self.take(&$0.reads) }) }

    private func fail(_ isAway: Bool) throws {
        if isAway { throw DatabaseError(.connection, "The database is away.") }
    }

    private static func take(_ count: inout Int) -> Bool {
        defer { count = max(0, count - 1) }
        return count > 0
    }
}

/// The database as somebody sees it for whom it is away.
struct AbsentDatabase: Database {
    let base: any Database
    let absence: Absence

    var dialect: Dialect { base.dialect }
    var wakeUps: WakeUps { base.wakeUps }

    func write<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        try absence.write()
        return try await base.write(body)
    }

    func read<Value: Sendable>(_ body: @Sendable (borrowing Transaction) throws -> Value) async throws -> Value {
        try absence.read()
        return try await base.read(body)
    }

    func run(_ statement: SQL) async throws -> [Row] { try await base.run(statement) }
    func notify(_ wakeUp: WakeUp) async {}
    func runWakeUps() async {}
    func dedicated(on executor: DispatchQueueExecutor) -> any Database { self }
    func close() async {}
}

/// The network, whose answers begin the absence.
struct AbsenceTransport: HTTPTransport {
    let base: any HTTPTransport
    let absence: Absence

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let response = try await base.send(request)
        absence.answered(request)
        return response
    }

    func stream<R: Sendable>(
        _ request: HTTPRequest,
        _ consume: (StreamingResponse) async throws -> R
    ) async throws -> R {
        try await base.stream(request, consume)
    }
}
