import Channels
import CoreTypes
import Persistence

extension EventHandler {
    /// Platforms may tell late: an installation that was made since stays, with all that waits for it.
    func disable(
        _ event: InboundEvent,
        asOf moment: Timestamp?,
        in transaction: borrowing Transaction
    ) throws {
        let (workspace, platform, now) = (event.workspace, event.address.platform, starter.time.now())
        let isDisabled = try integrations.disable(
            workspace: workspace,
            type: platform,
            asOf: moment,
            now: now,
            in: transaction
        )
        // A workspace whose token the operator configured has no installation that could be newer.
        guard try isDisabled || !integrations.exists(workspace: workspace, type: platform, in: transaction) else {
            return
        }
        // There, what was begun since shows that the app came back.
        let end = isDisabled ? nil : moment.map { $0 + IntegrationStore.clockAllowance }
        try controls.abandon(
            try debates.open(workspace: workspace, platform: platform, until: end, in: transaction),
            of: platform,
            workspace: workspace,
            in: transaction
        )
        try OutboxStore().abandon(
            workspace: workspace,
            platform: platform,
            until: end,
            note: .uninstalled,
            now: now,
            in: transaction
        )
    }
}

extension OutboxNote {
    /// Nobody can be spoken to any more.
    static let uninstalled = OutboxNote(code: "uninstalled", message: "The workspace removed the app.")
}
