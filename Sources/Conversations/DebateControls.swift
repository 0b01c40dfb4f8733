package import CoreTypes
package import Persistence

/// What people do to a running debate.
package struct DebateControls: Sendable {
    private let time: any TimeSource
    private let debates = DebateStore()
    private let inputs = DebateInputStore()
    private let jobs = JobQueue()

    /// The longest input in characters.
    package static let longestInput = DebateOptions.longestQuestion

    /// Makes the controls.
    package init(time: any TimeSource) {
        self.time = time
    }

    /// Changes how a debate is called and what it is found by; nil leaves what is there.
    func describe(_ debate: DebateRecord, title: String?, tags: [String]?, in transaction: borrowing Transaction) throws
    {
        try debates.describe(
            debate.id,
            workspace: debate.workspace,
            title: title,
            tags: tags,
            now: time.now(),
            in: transaction
        )
    }

    /// Adds evidence for the next round, as long as there is one; a twin changes nothing.
    /// - Returns: false for a twin or an empty text.
    /// - Throws: `ConversationError` for a debate that has ended or a text that is too long; `DatabaseError`.
    @discardableResult
    package func addInput(
        _ text: String,
        author: String,
        key: String,
        to debate: DebateRecord,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        // Held as long as the transaction lasts: the input is committed before later ones, and before the end.
        guard let held = try debates.hold(debate.id, workspace: debate.workspace, in: transaction),
            !held.status.isFinal
        else {
            throw ConversationError(.conflict, "The debate has ended; ask again with its answer as context.")
        }
        let text = Substring(text).trimmed
        guard !text.isEmpty else { return false }
        guard !text.isLonger(than: Self.longestInput) else {
            throw ConversationError(.invalidQuestion, "The text is longer than \(Self.longestInput) characters.")
        }
        guard !text.utf8.contains(0) else {
            throw ConversationError(.invalidQuestion, "The text holds a NUL character.")
        }
        return try inputs.add(
            String(text),
            author: author,
            key: key,
            to: debate.id,
            workspace: debate.workspace,
            now: time.now(),
            in: transaction
        )
    }

    /// Asks a debate to stop; it ends with what it has.
    /// - Parameters:
    ///   - person: the immutable id of who wants that; the first one is kept.
    ///   - name: how the person is called, where the platform told us.
    /// - Returns: false where it has ended already.
    /// - Throws: `DatabaseError`.
    package func cancel(
        _ debate: DebateRecord,
        by person: String,
        called name: String? = nil,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let (id, workspace) = (debate.id, debate.workspace)
        guard try stop(id, workspace, by: person, called: name, in: transaction) else { return false }
        try stopJob(of: id, workspace, in: transaction)
        return true
    }

    /// Stops debates that nobody can be told of any more, because their workspace removed the app.
    /// - Parameter debates: in the order of their ids.
    /// - Throws: `DatabaseError`.
    func abandon(
        _ debates: [DebateID],
        of platform: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        let stopped = try debates.filter { id in
            try stop(
                id,
                workspace,
                by: platform,
                called: "the removal of the app",
                isUnreachable: true,
                in: transaction
            )
        }
        for id in stopped { try stopJob(of: id, workspace, in: transaction) }
    }

    private func stop(
        _ id: DebateID,
        _ workspace: WorkspaceID,
        by person: String,
        called name: String?,
        isUnreachable: Bool = false,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        guard var debate = try debates.hold(id, workspace: workspace, in: transaction) else { return false }
        if isUnreachable { debate.note("unreachable", true) }
        if debate.fact("stopped_by") == nil {
            debate.note("stopped_by", .record(["id": .string(person), "name": name.map { .string($0) }]))
        }
        return try debates.requestCancel(
            id,
            workspace: workspace,
            metadata: debate.metadata,
            now: time.now(),
            in: transaction
        )
    }

    private func stopJob(
        of id: DebateID,
        _ workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        try jobs.requestCancel(workspaceID: workspace, id: JobID(id.rawValue), now: time.now(), in: transaction)
    }
}

extension DebateRecord {
    /// Whether nobody can be told of the debate any more where it was asked for.
    var isUnreachable: Bool { fact("unreachable")?.bool == true }

    /// Who stopped the debate, by name where the platform told us; nil where nobody did.
    var stoppedBy: String? {
        fact("stopped_by")?["name"]?.string ?? fact("stopped_by")?["id"]?.string
    }
}
