package import CoreTypes

/// What a debate is about and for whom it is held.
package struct DebateDescription: Sendable, Hashable {
    package let id: DebateID
    package let workspace: WorkspaceID
    package let task: String
    /// What was said before the question was asked; empty where nothing was.
    package let background: String
    /// Who asked, by the platform's immutable id.
    package let requestedBy: String
    package let settings: DebateProtocol

    /// How long a question may be, in characters as `isLonger(than:)` counts them (engine inventory 0.5).
    package static let maximumTask = 100_000

    /// Describes a debate.
    package init(
        id: DebateID,
        workspace: WorkspaceID,
        task: String,
        background: String = "",
        requestedBy: String,
        settings: DebateProtocol = DebateProtocol()
    ) {
        self.id = id
        self.workspace = workspace
        self.task = task
        self.background = background
        self.requestedBy = requestedBy
        self.settings = settings
    }

    /// Checks the question, the rules and who is on the panel.
    /// - Throws: `DebateError` with code `invalid_settings` or `invalid_panel`.
    package func validate(panel: [AgentProfile]) throws(DebateError) {
        try settings.validate()
        guard task.utf8.contains(where: { $0 > 0x20 }), !task.isLonger(than: Self.maximumTask) else {
            throw DebateError(.invalidSettings, "The question must have from 1 to \(Self.maximumTask) characters.")
        }
        guard (1...DebateProtocol.maximumPanel).contains(panel.count) else {
            throw DebateError(.invalidPanel, "A panel has from 1 to \(DebateProtocol.maximumPanel) agents.")
        }
        var names: [String] = []
        for agent in panel {
            let name = agent.name.lowercased()
            guard !name.isEmpty, !names.contains(name) else {
                throw DebateError(.invalidPanel, "Every agent of a panel needs a name of its own.")
            }
            names.append(name)
        }
    }
}

/// Something that a person added to a running debate, as the store keeps it.
package struct DebateInput: Sendable, Hashable {
    /// Its place in the order of inputs; later ones have higher numbers.
    package let cursor: Int64
    /// What makes it unique, from the platform's own identifiers.
    package let key: String
    package let author: String
    package let text: String

    /// Describes an input.
    package init(cursor: Int64, key: String, author: String, text: String) {
        self.cursor = cursor
        self.key = key
        self.author = author
        self.text = text
    }
}
