import Persistence

/// The parts that this process is about to send: it is being written down that they are on their way, and not one of
/// their bytes has left.
///
/// Where the database goes away in the middle, its row may say more than has happened; whoever in this process claims
/// the row next learns here that nothing was sent.
struct SendBeginnings {
    private var parts: [OutboxClaim: Int] = [:]

    /// Notes that a part is about to be sent.
    mutating func add(_ claim: OutboxClaim, part: Int) {
        // Rows that another process took over are never asked for; what is forgotten counts as sent.
        if parts.count > 1024 { parts = [:] }
        parts[claim] = part
    }

    /// Takes a part out, to send it or to have it sent anew: only one of the two can.
    /// - Returns: nil where nothing was about to be sent under the claim.
    mutating func take(_ claim: OutboxClaim) -> Int? { parts.removeValue(forKey: claim) }

    /// Takes a part out that was about to be sent under the claim before this one.
    mutating func takePrevious(_ claim: OutboxClaim) -> Int? {
        take(
            OutboxClaim(workspace: claim.workspace, key: claim.key, owner: claim.owner, fence: claim.fence - 1)
        )
    }
}
