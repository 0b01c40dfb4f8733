package import CoreTypes

/// Somebody who has to be named in what is written down, and of whom no event has told yet what they are called.
///
/// Thrown while an event is carried out: nothing of that is kept, and it is done once more with what the platform says
/// they are called, or with their id where it does not say.
package struct UnnamedActor: Error, Hashable {
    package let platform: String
    package let workspace: WorkspaceID
    package let id: String

    /// Whoever did what an event tells.
    package init(of event: InboundEvent) {
        platform = event.address.platform
        workspace = event.workspace
        id = event.actor.id
    }
}

extension InboundEvent {
    /// The same, by an actor who is called so.
    package func called(_ name: String) -> InboundEvent {
        InboundEvent(
            workspace: workspace,
            originKey: originKey,
            conversationKey: conversationKey,
            actor: Actor(id: actor.id, displayName: name, isBot: actor.isBot),
            address: address,
            kind: kind,
            mentions: mentions,
            quotation: quotation,
            hasFiles: hasFiles,
            writtenAt: writtenAt
        )
    }
}
