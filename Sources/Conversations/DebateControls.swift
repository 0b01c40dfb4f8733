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
        else { throw ConversationError(.conflict, "The debate has ended.") }
        let text = Substring(text).trimmed
        guard !text.isEmpty else { return false }
        guard text.count <= Self.longestInput else {
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
        var noted = debate
        if debate.fact("stopped_by") == nil {
            noted.note("stopped_by", .record(["id": .string(person), "name": name.map { .string($0) }]))
        }
        guard
            try debates.requestCancel(
                debate.id,
                workspace: debate.workspace,
                metadata: noted.metadata,
                now: time.now(),
                in: transaction
            )
        else { return false }
        try jobs.requestCancel(
            workspaceID: debate.workspace,
            id: JobID(debate.id.rawValue),
            now: time.now(),
            in: transaction
        )
        return true
    }

    /// Stops a debate that nobody can be told of any more, because its workspace removed the app.
    /// - Throws: `DatabaseError`.
    func abandon(_ debate: DebateRecord, in transaction: borrowing Transaction) throws {
        var debate = debate
        debate.note("unreachable", true)
        _ = try cancel(debate, by: debate.platform, called: "the removal of the app", in: transaction)
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
