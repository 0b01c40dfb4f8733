/// Where debates stand, for whoever lists them; finer than what their rows say.
package enum DebateStanding: String, Sendable, CaseIterable {
    case created, running, paused, completed, failed, cancelled
    /// Those that have not ended.
    case active

    /// The condition on the table `debates`.
    var condition: SQL {
        switch self {
        case .completed, .failed, .cancelled: "status = \(rawValue)"
        case .created: "\(Self.isOpen) and status = 'created'"
        case .running: "\(Self.isRunning) and not \(Self.waits)"
        case .paused: "\(Self.isRunning) and \(Self.waits)"
        case .active: Self.isOpen
        }
    }

    /// In the words of the index of debates that are not over, which SQLite takes for these words alone.
    private static let isOpen: SQL = "status in ('created', 'running')"
    /// The condition on a debate that has begun and is not over, whether it waits for people or not.
    package static let isRunning: SQL = "\(isOpen) and status = 'running'"

    /// Whether people were asked what becomes of a debate, and have not answered.
    private static let waits: SQL = """
        exists (
            select 1 from approval_requests a where a.workspace_id = debates.workspace_id
                and a.debate_id = debates.debate_id and a.kind = 'debate' and a.status = 'pending'
        )
        """
}
