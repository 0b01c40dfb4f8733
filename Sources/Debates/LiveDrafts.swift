package import CoreTypes
import Synchronization

/// What models are writing in the debates of this process, for whoever follows them live.
///
/// Drafts are no part of any journal (law 5): they are held in memory while somebody follows, and nowhere else. Where
/// nobody does, a piece of an answer costs one look at a counter; whoever comes later gets the text so far with the
/// model's next piece.
package final class LiveDrafts: Sendable {
    /// One debate.
    struct Place: Hashable, Sendable {
        let workspace: WorkspaceID
        let debate: DebateID
    }

    private struct Room {
        var sheet = DraftSheet()
        var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private struct State {
        var rooms: [Place: Room] = [:]
        var lastFollower = 0
    }

    private let state = Mutex(State())
    private let followed = Atomic(0)

    /// Makes a place where nobody writes yet.
    package init() {}

    /// Follows a debate for as long as the follower's changes are kept.
    package func follow(_ debate: DebateID, workspace: WorkspaceID) -> DraftFollower {
        let place = Place(workspace: workspace, debate: debate)
        let (changes, change) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.lastFollower += 1
            state.rooms[place, default: Room()].followers[state.lastFollower] = change
            followed.store(state.rooms.count, ordering: .relaxed)
            return state.lastFollower
        }
        change.onTermination = { [weak self] _ in self?.leave(place, number) }
        // Others may follow already, so that there is something to see.
        change.yield()
        return DraftFollower(changes: changes) { [self] in
            state.withLock { $0.rooms[place]?.sheet.drafts ?? [] }
        }
    }

    /// Where the answer of one call is written.
    package func line(
        of id: AgentCallID,
        agent: String,
        debate: DebateID,
        workspace: WorkspaceID
    ) -> DraftLine {
        DraftLine(
            drafts: self,
            place: Place(workspace: workspace, debate: debate),
            id: id,
            agent: agent
        )
    }

    /// Notes a change where somebody follows.
    func change(_ place: Place, _ change: (inout DraftSheet) -> Void) {
        guard followed.load(ordering: .relaxed) > 0 else { return }
        let followers = state.withLock { state in
            guard var room = state.rooms[place] else { return [] as [AsyncStream<Void>.Continuation] }
            // Taken out while it changes, so that it is not copied.
            state.rooms[place] = Room()
            change(&room.sheet)
            state.rooms[place] = room
            return Array(room.followers.values)
        }
        for follower in followers { follower.yield() }
    }

    private func leave(_ place: Place, _ number: Int) {
        state.withLock { state in
            state.rooms[place]?.followers[number] = nil
            if state.rooms[place]?.followers.isEmpty == true { state.rooms[place] = nil }
            followed.store(state.rooms.count, ordering: .relaxed)
        }
    }
}

/// The answer of one call while it is written.
package final class DraftLine: DraftListener {
    private let drafts: LiveDrafts
    private let place: LiveDrafts.Place
    private let id: AgentCallID
    private let agent: String

    init(drafts: LiveDrafts, place: LiveDrafts.Place, id: AgentCallID, agent: String) {
        self.drafts = drafts
        self.place = place
        self.id = id
        self.agent = agent
    }

    package func hear(_ text: DraftText) {
        drafts.change(place) { $0.write(LiveDraft(id: id, agent: agent, text: text)) }
    }

    package func forget() {
        drafts.change(place) { $0.void(id) }
    }

    /// The answer is whole; the journal takes it from here.
    package func end() {
        drafts.change(place) { $0.end(id) }
    }
}
