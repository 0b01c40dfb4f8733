import Channels
import CoreTypes
import DatabaseSupport
import TestSupport

/// What people do on the platform; a message's time stamp is its name there.
extension ConversationHouse {
    func message(
        _ text: String,
        _ stamp: String,
        thread: String? = nil,
        by actor: InboundEvent.Actor = .init(id: "U1", displayName: "Ada"),
        mentionsUs: Bool,
        in workspace: WorkspaceID? = nil
    ) -> InboundEvent {
        let workspace = workspace ?? self.workspace
        let thread = thread ?? stamp
        return InboundEvent(
            workspace: workspace,
            originKey: "chat:C1:\(stamp)",
            conversationKey: "chat:C1:\(thread)",
            actor: actor,
            address: Address(platform: "chat", workspace: workspace, channel: "C1", thread: thread, person: actor.id),
            kind: .message(text: text, messageID: stamp, mentionsUs: mentionsUs, isDirect: false)
        )
    }

    func mention(
        _ text: String,
        _ stamp: String = "1",
        thread: String? = nil,
        by person: String = "U1",
        in workspace: WorkspaceID? = nil
    ) -> InboundEvent {
        let actor = InboundEvent.Actor(id: person, displayName: person == "U1" ? "Ada" : nil)
        return message(text, stamp, thread: thread, by: actor, mentionsUs: true, in: workspace)
    }

    func reply(_ text: String, _ stamp: String, thread: String, by person: String = "U2") -> InboundEvent {
        message(text, stamp, thread: thread, by: .init(id: person), mentionsUs: false)
    }

    func program(_ text: String, _ stamp: String) -> InboundEvent {
        message(text, stamp, by: .init(id: "B1", displayName: "Robot", isBot: true), mentionsUs: true)
    }

    func direct(_ text: String, _ stamp: String) -> InboundEvent {
        InboundEvent(
            workspace: workspace,
            originKey: "chat:D1:\(stamp)",
            conversationKey: "chat:D1",
            actor: .init(id: "U1", displayName: "Ada"),
            address: Address(platform: "chat", workspace: workspace, channel: "D1", person: "U1"),
            kind: .message(text: text, messageID: stamp, mentionsUs: false, isDirect: true)
        )
    }

    func command(
        _ text: String,
        _ trigger: String = "t1",
        by person: String = "U1",
        in workspace: WorkspaceID? = nil
    ) -> InboundEvent {
        event(.command(text: text), "command:\(trigger)", by: person, in: workspace, trigger: trigger)
    }

    func press(
        _ token: String,
        _ id: String,
        by person: String = "U1",
        in workspace: WorkspaceID? = nil
    ) -> InboundEvent {
        event(.button(token: token), "press:\(id)", by: person, in: workspace)
    }

    func event(
        _ kind: InboundEvent.Kind,
        _ origin: String,
        by person: String = "U1",
        in workspace: WorkspaceID? = nil,
        trigger: String? = nil
    ) -> InboundEvent {
        let workspace = workspace ?? self.workspace
        return InboundEvent(
            workspace: workspace,
            originKey: "chat:\(origin)",
            conversationKey: "chat:C1:\(origin)",
            actor: .init(id: person, displayName: person == "U1" ? "Ada" : nil),
            address: Address(platform: "chat", workspace: workspace, channel: "C1", person: person, trigger: trigger),
            kind: kind
        )
    }
}

extension InboundEvent {
    /// The same with what comes beside its words.
    func bringing(quotation: String = "", hasFiles: Bool = false) -> InboundEvent {
        InboundEvent(
            workspace: workspace,
            originKey: originKey,
            conversationKey: conversationKey,
            actor: actor,
            address: address,
            kind: kind,
            mentions: mentions,
            quotation: quotation,
            hasFiles: hasFiles,
            writtenAt: writtenAt
        )
    }
}
