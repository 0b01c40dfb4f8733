package import CoreTypes
package import Debates

/// What the HTTP front asks of the debates.
///
/// Nothing else in the gateway knows how a debate is run or stored.
///
/// Failures are `CodedError`s; `HTTPFailure` says which status each code becomes.
package protocol DebateAPI: Sendable {
    /// Stores a question and sets its debate going; the same `originKey` gives the same debate.
    func start(_ question: DebateQuestion) async throws -> DebateSummary

    /// The newest debates, newest first, and how many there are in all.
    ///
    /// A task that is too long for a list may be cut, though not to where it would fit into one.
    /// - Parameters:
    ///   - workspace: whose debates; nil shows those of all workspaces.
    ///   - status: a status of `DebateSummary`, or `active` for all that have not ended.
    func list(workspace: WorkspaceID?, status: String?, limit: Int, offset: Int) async throws
        -> (items: [DebateSummary], total: Int)

    /// The debate with this id, whichever workspace has it: the API serves the operator.
    func findAnywhere(_ id: DebateID) async throws -> DebateSummary?

    /// The debate with this id, where the workspace has it.
    func find(_ id: DebateID, workspace: WorkspaceID) async throws -> DebateSummary?

    /// The journal's entries behind a sequence number, each as canonical JSON
    /// `{at, data, hash, previous, sequence, type}`.
    func entries(of id: DebateID, workspace: WorkspaceID, after sequence: Int64, limit: Int) async throws
        -> [(sequence: Int64, json: [UInt8])]

    /// What the journal adds up to; nil while there is none.
    func projection(of id: DebateID, workspace: WorkspaceID) async throws -> JSONValue?

    /// Whether the operator alone may read what the panel says, because people have to release it and have not.
    func isHeldBack(_ id: DebateID, workspace: WorkspaceID) async throws -> Bool

    /// Changes how a debate is called and what it is found by; nil leaves what is there, and an empty title takes it
    /// away.
    func describe(_ id: DebateID, workspace: WorkspaceID, title: String?, tags: [String]?) async throws
        -> DebateSummary

    /// Adds what somebody said to a running debate.
    /// - Returns: false where the same was added under this key before.
    /// - Throws: a `CodedError` with the code `conflict` where something else was.
    func addInput(_ text: String, author: String, key: String, to id: DebateID, workspace: WorkspaceID) async throws
        -> Bool

    /// Asks a debate to stop; it ends as cancelled, with what it has.
    /// - Throws: a `CodedError` with the code `conflict` where it has ended already.
    func cancel(_ id: DebateID, workspace: WorkspaceID, by person: String) async throws

    /// The signed receipt's exact bytes; nil while there is none.
    func receipt(of id: DebateID, workspace: WorkspaceID) async throws -> [UInt8]?

    /// The same for somebody who takes it away, which subscribers hear of.
    func exportReceipt(of id: DebateID, workspace: WorkspaceID, to taker: String) async throws -> [UInt8]?

    /// Whether a code, as links to receipts carry it, opens what can be checked about a debate.
    func opensReceipt(_ code: String, of id: DebateID, workspace: WorkspaceID) -> Bool

    /// Ticks when the journal grew, in whichever process; best effort.
    func changes(of id: DebateID) -> AsyncStream<Void>

    /// What is being written in the debates that this process runs.
    var drafts: LiveDrafts { get }

    /// The agents that may sit on a panel.
    var panel: [AgentProfile] { get }

    /// Whether the panel is the offline demo, which is no model.
    var isDemo: Bool { get }
}

/// A question that came in over HTTP.
package struct DebateQuestion: Sendable {
    package var workspace: WorkspaceID
    package var task: String
    /// What the panel has to know beside the question; empty where there is nothing.
    package var background: String
    package var rounds: Int?
    package var consensus: String?
    /// What the models may cost, in millionths of a dollar.
    package var budgetMicrodollars: Int64?
    /// What makes the debate wait for people: names, or an object with limits; nil for the default.
    package var breakpoints: JSONValue?
    /// Further rules of the debate under the architecture document's names; nil for none.
    package var rules: JSONValue?
    /// The names of the agents to seat; nil for the default panel.
    package var agents: [String]?
    package var requestedBy: String
    /// The same for every try of the same request.
    package var originKey: String
    /// What the whole request can be told from another one by; nil where nobody compares.
    package var fingerprint: String?
    /// What the debate is found by, and what subscribers filter by.
    package var tags: [String] = []
    package var metadata: JSONValue

    /// Describes a question.
    package init(
        workspace: WorkspaceID,
        task: String,
        background: String = "",
        rounds: Int? = nil,
        consensus: String? = nil,
        agents: [String]? = nil,
        requestedBy: String,
        originKey: String,
        metadata: JSONValue = [:]
    ) {
        self.workspace = workspace
        self.task = task
        self.background = background
        self.rounds = rounds
        self.consensus = consensus
        self.agents = agents
        self.requestedBy = requestedBy
        self.originKey = originKey
        self.metadata = metadata
    }
}

/// A debate as the public API lists it.
package struct DebateSummary: Sendable {
    package var id: DebateID
    /// Grows with each debate of the installation; people use it as the short name.
    package var number: Int64
    package var workspace: WorkspaceID
    package var task: String
    /// `created`, `running`, `paused` (it waits for people), `completed`, `failed` or `cancelled`.
    package var status: String
    package var platform: String
    /// Whether the panel was the offline demo.
    package var demo: Bool
    package var agents: [String]
    package var rounds: Int
    package var consensus: String
    package var winner: String?
    package var confidence: Double?
    package var consensusReached: Bool?
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var title: String?
    package var tags: [String] = []
    package var metadata: JSONValue
    /// Whether the metadata was left out because it is too long for a list.
    package var lacksMetadata = false
    /// What the request that it came from can be told from another one by; no part of the public form.
    package var fingerprint: String?

    /// Describes a debate.
    package init(
        id: DebateID,
        number: Int64,
        workspace: WorkspaceID,
        task: String,
        status: String,
        platform: String,
        demo: Bool,
        agents: [String],
        rounds: Int,
        consensus: String,
        winner: String? = nil,
        confidence: Double? = nil,
        consensusReached: Bool? = nil,
        createdAt: Timestamp,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        title: String? = nil,
        metadata: JSONValue = [:]
    ) {
        self.id = id
        self.number = number
        self.workspace = workspace
        self.task = task
        self.status = status
        self.platform = platform
        self.demo = demo
        self.agents = agents
        self.rounds = rounds
        self.consensus = consensus
        self.winner = winner
        self.confidence = confidence
        self.consensusReached = consensusReached
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.title = title
        self.metadata = metadata
    }

    /// Whether nothing more will happen in the debate.
    package var isFinished: Bool {
        switch status {
        case "completed", "failed", "cancelled": true
        default: false
        }
    }
}
