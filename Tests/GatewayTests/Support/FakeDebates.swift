import CoreTypes
import Debates
import Gateway
import Synchronization

/// Debates that do only what a test tells them to.
final class FakeDebates: DebateAPI {
    struct State {
        var records: [DebateSummary] = []
        var entries: [DebateID: [(sequence: Int64, json: [UInt8])]] = [:]
        var projections: [DebateID: JSONValue] = [:]
        var receipts: [DebateID: [UInt8]] = [:]
        /// Who took receipts.
        var exports: [String] = []
        /// The debates that nobody has released.
        var heldBack: Set<DebateID> = []
        var questions: [DebateQuestion] = []
        var inputs: [(text: String, author: String, key: String)] = []
        var listeners: [DebateID: [AsyncStream<Void>.Continuation]] = [:]
        /// What every call throws from now on.
        var failure: (any Error)?
        /// Called with each read of a journal.
        var reads: [Int64] = []
    }

    let state = Mutex(State())
    let panel: [AgentProfile]
    let isDemo: Bool
    let drafts = LiveDrafts()
    private let readings: AsyncStream<Void>.Continuation
    /// Ticks after each read of a journal.
    let journalWasRead: AsyncStream<Void>

    init(isDemo: Bool = false) {
        self.isDemo = isDemo
        panel = ["anthropic", "openai", "gemini"].map {
            AgentProfile(name: $0, provider: "\($0) inc.", model: isDemo ? "demo" : "\($0)-large", isDemo: isDemo)
        }
        (journalWasRead, readings) = AsyncStream.makeStream()
    }

    /// Adds a debate of the local workspace.
    @discardableResult
    func add(_ id: String, status: String = "running", task: String = "Tabs or spaces?") -> DebateID {
        state.withLock { state in
            state.records.append(
                DebateSummary(
                    id: DebateID(id),
                    number: Int64(state.records.count + 1),
                    workspace: .local,
                    task: task,
                    status: status,
                    platform: "web",
                    demo: isDemo,
                    agents: panel.map(\.name),
                    rounds: 2,
                    consensus: "judge",
                    createdAt: Timestamp(milliseconds: 1_750_000_000_000)
                )
            )
        }
        return DebateID(id)
    }

    /// Changes a debate's row.
    func update(_ id: DebateID, _ change: (inout DebateSummary) -> Void) {
        state.withLock { state in
            guard let position = state.records.firstIndex(where: { $0.id == id }) else { return }
            change(&state.records[position])
        }
    }

    /// Appends to a debate's journal and, unless told otherwise, wakes those who watch.
    func append(_ type: String, _ data: JSONValue, to id: DebateID, at: Timestamp? = nil, wakes: Bool = true) {
        let listeners = state.withLock { state in
            let sequence = Int64(state.entries[id, default: []].count + 1)
            let entry: JSONValue = [
                "at": .integer(at?.rawValue ?? 1_750_000_000_000 + sequence),
                "data": data,
                "hash": "00",
                "previous": "00",
                "sequence": .integer(sequence),
                "type": .string(type),
            ]
            state.entries[id, default: []].append((sequence, entry.bytes))
            return wakes ? state.listeners[id] ?? [] : []
        }
        for listener in listeners { listener.yield() }
    }

    /// Makes every further call throw; nil ends that.
    func fail(with error: (any Error)?) {
        state.withLock { $0.failure = error }
    }

    private func checked<R>(_ body: (inout sending State) throws -> sending R) throws -> sending R {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }

    func start(_ question: DebateQuestion) async throws -> DebateSummary {
        let known = try checked { state -> DebateSummary? in
            if let position = state.questions.firstIndex(where: { $0.originKey == question.originKey }) {
                return state.records[position]
            }
            state.questions.append(question)
            return nil
        }
        if let known { return known }
        let id = add("debate-\(question.originKey.suffix(4))", status: "created", task: question.task)
        update(id) { $0.fingerprint = question.fingerprint }
        guard let record = try await findAnywhere(id) else { throw FakeError(code: "internal") }
        return record
    }

    func list(workspace: WorkspaceID?, status: String?, limit: Int, offset: Int) async throws
        -> (items: [DebateSummary], total: Int)
    {
        try checked { state in
            let all = state.records.filter { record in
                (status == nil || record.status == status || (status == "active" && !record.isFinished))
                    && (workspace == nil || record.workspace == workspace)
            }.reversed()
            return (Array(all.dropFirst(offset).prefix(limit)), all.count)
        }
    }

    func findAnywhere(_ id: DebateID) async throws -> DebateSummary? {
        try checked { state in state.records.first { $0.id == id } }
    }

    func find(_ id: DebateID, workspace: WorkspaceID) async throws -> DebateSummary? {
        try checked { state in state.records.first { $0.id == id && $0.workspace == workspace } }
    }

    func opensReceipt(_ code: String, of id: DebateID, workspace: WorkspaceID) -> Bool {
        code == "code-of-\(workspace)-\(id)"
    }

    func isHeldBack(_ id: DebateID, workspace: WorkspaceID) async throws -> Bool {
        try checked { state in state.heldBack.contains(id) }
    }

    func entries(of id: DebateID, workspace: WorkspaceID, after sequence: Int64, limit: Int) async throws
        -> [(sequence: Int64, json: [UInt8])]
    {
        defer { readings.yield() }
        return try checked { state in
            state.reads.append(sequence)
            return Array((state.entries[id] ?? []).filter { $0.sequence > sequence }.prefix(limit))
        }
    }

    func projection(of id: DebateID, workspace: WorkspaceID) async throws -> JSONValue? {
        try checked { state in state.projections[id] }
    }

    func describe(_ id: DebateID, workspace: WorkspaceID, title: String?, tags: [String]?) async throws
        -> DebateSummary
    {
        update(id) { record in
            if let title { record.title = title.isEmpty ? nil : title }
            record.tags = tags ?? record.tags
        }
        guard let record = try await findAnywhere(id) else { throw FakeError(code: "not_found") }
        return record
    }

    func addInput(_ text: String, author: String, key: String, to id: DebateID, workspace: WorkspaceID) async throws
        -> Bool
    {
        try checked { state in
            if let known = state.inputs.first(where: { $0.key == key }) {
                guard known.text == text else { throw FakeError(code: "conflict") }
                return false
            }
            guard state.records.first(where: { $0.id == id })?.isFinished != true else {
                throw FakeError(code: "conflict")
            }
            state.inputs.append((text, author, key))
            return true
        }
    }

    func cancel(_ id: DebateID, workspace: WorkspaceID, by person: String) async throws {
        try checked { state in
            guard let position = state.records.firstIndex(where: { $0.id == id }), !state.records[position].isFinished
            else { throw FakeError(code: "conflict", description: "The debate has ended.") }
            state.records[position].status = "cancelled"
        }
    }

    func receipt(of id: DebateID, workspace: WorkspaceID) async throws -> [UInt8]? {
        try checked { state in state.receipts[id] }
    }

    func exportReceipt(of id: DebateID, workspace: WorkspaceID, to taker: String) async throws -> [UInt8]? {
        try checked { state in
            if state.receipts[id] != nil { state.exports.append(taker) }
            return state.receipts[id]
        }
    }

    func changes(of id: DebateID) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.listeners[id, default: []].append(continuation) }
        return stream
    }
}

/// A failure of some code.
struct FakeError: CodedError {
    var code: String
    var description = "It went wrong."
    var isRetryable = false
}
