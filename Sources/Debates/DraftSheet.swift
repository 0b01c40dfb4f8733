package import CoreTypes

/// A text that an agent is writing.
package struct LiveDraft: Sendable {
    package let id: AgentCallID
    package let agent: String
    /// The text so far; nil where what there was does not count any more.
    package fileprivate(set) var text: DraftText?

    init(id: AgentCallID, agent: String, text: DraftText?) {
        self.id = id
        self.agent = agent
        self.text = text
    }
}

/// The texts that the agents of one debate are writing.
struct DraftSheet {
    private var texts: [AgentCallID: LiveDraft] = [:]

    /// What is being written, in the order of the seats.
    var drafts: [LiveDraft] { texts.values.sorted { $0.id.seat < $1.id.seat } }

    mutating func write(_ draft: LiveDraft) { texts[draft.id] = draft }

    /// Takes a text back and leaves its place, so that those who saw it hear of that.
    mutating func void(_ id: AgentCallID) { texts[id]?.text = nil }

    mutating func end(_ id: AgentCallID) { texts[id] = nil }
}

/// Somebody who follows the drafts of one debate.
package struct DraftFollower: Sendable {
    /// Ticks when there may be news.
    package let changes: AsyncStream<Void>
    private let current: @Sendable () -> [LiveDraft]

    init(changes: AsyncStream<Void>, current: @escaping @Sendable () -> [LiveDraft]) {
        self.changes = changes
        self.current = current
    }

    /// What is being written now.
    package var drafts: [LiveDraft] { current() }
}

/// What somebody has seen of a debate's drafts, and so what is news to them.
package struct DraftReading: Sendable {
    /// What a text gained.
    package struct Piece: Sendable, Hashable {
        package let agent: String
        package let kind: AgentCallID.Kind
        package let round: Int
        /// Behind how many Unicode scalars of the text the piece belongs; 0 begins anew.
        package let offset: Int
        package let text: String
    }

    private var seen: [AgentCallID: String] = [:]

    /// Nothing was seen yet.
    package init() {}

    /// What is new in the drafts as they are now.
    ///
    /// A draft that is gone became an answer, which the journal tells.
    package mutating func news(in drafts: [LiveDraft]) -> [Piece] {
        var pieces: [Piece] = []
        var now: [AgentCallID: String] = [:]
        for draft in drafts {
            let text = draft.text?.shown ?? ""
            let before = seen[draft.id] ?? ""
            now[draft.id] = text
            guard !text.utf8.elementsEqual(before.utf8) else { continue }
            let isLonger = text.utf8.starts(with: before.utf8)
            pieces.append(
                Piece(
                    agent: draft.agent,
                    kind: draft.id.kind,
                    round: draft.id.round,
                    offset: isLonger ? before.unicodeScalars.count : 0,
                    text: isLonger ? String(decoding: text.utf8.dropFirst(before.utf8.count), as: UTF8.self) : text
                )
            )
        }
        seen = now
        return pieces
    }
}
