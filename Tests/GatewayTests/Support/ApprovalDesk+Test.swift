import Approvals
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport

/// A desk with a clock that stands still.
/// - Parameters:
///   - publicURL: where links lead; nil where none are made.
///   - reachable: the platforms on which people can be asked.
func approvalDesk(publicURL: String? = nil, reachable: Set<String> = []) throws -> ApprovalDesk {
    let time = ManualTime()
    return ApprovalDesk(
        outbox: Outbox(time: time),
        posts: ApprovalPosts(publicURL: publicURL),
        platforms: .init(reachable: reachable, editing: []),
        events: NoSubscribers(),
        sealer: try Sealer(keys: Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        time: time,
        identifiers: RandomIdentifiers(),
        logger: .silent
    )
}
