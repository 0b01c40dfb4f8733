/// Where debates stand, for whoever lists them; finer than what their rows say.
package enum DebateStanding: String, Sendable, CaseIterable {
    case created, running, paused, completed, failed, cancelled
    /// Those that have not ended.
    case active

    /// The condition on the table `debates`.
    var condition: SQL {
        switch self {
        case .created, .completed, .failed, .cancelled: "status = \(rawValue)"
        case .running: "status = 'running' and not \(Self.waits)"
        case .paused: "status = 'running' and \(Self.waits)"
        case .active: "status in ('created', 'running')"
        }
    }

    /// Whether people were asked what becomes of a debate, and have not answered.
    private static let waits: SQL = """
        exists (
            select 1 from approval_requests a where a.workspace_id = debates.workspace_id
                and a.debate_id = debates.debate_id and a.kind = 'debate' and a.status = 'pending'
        )
        """
}
