package import CoreTypes
package import Persistence

/// Tells the subscribers of a workspace what happened, in the transaction that makes it true.
package struct SubscriptionSink: WorkspaceEventSink {
    private let endpoints: EndpointStore
    private let time: any TimeSource
    private let deliveries = DeliveryStore()
    private let cursors = CursorStore()

    /// Makes the sink.
    package init(endpoints: EndpointStore, time: any TimeSource) {
        self.endpoints = endpoints
        self.time = time
    }

    package func publish(_ event: WorkspaceEvent, in transaction: borrowing Transaction) throws {
        let listening = try endpoints.listening(in: event.workspaceID, transaction)
        guard !listening.isEmpty else { return }
        let now = time.now()
        if let debate = event.debateID {
            switch event.type {
            case "debate_start": try cursors.open(debate, workspace: event.workspaceID, now: now, in: transaction)
            case "debate_end": try cursors.end(debate, workspace: event.workspaceID, in: transaction)
            default: break
            }
        }
        let interested = listening.filter {
            $0.settings.wants(type: event.type, channel: event.channel, tags: event.tags)
        }
        guard !interested.isEmpty else { return }
        try deliveries.add(EventMessage(event), for: interested.map(\.id), now: now, in: transaction)
    }
}
