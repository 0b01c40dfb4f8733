import CoreTypes
import Debates
import Synchronization
import Testing

/// What agents are writing, and what followers see of it.
@Suite("Drafts", .timeLimit(.minutes(5)))
struct DraftTests {
    private let drafts = LiveDrafts()
    private let debate = DebateID("d1")

    private func line(_ seat: Int, _ kind: AgentCallID.Kind = .proposal, round: Int = 0) -> DraftLine {
        drafts.line(
            of: AgentCallID(kind, round: round, seat: seat),
            agent: "agent\(seat)",
            debate: debate,
            workspace: .local
        )
    }

    private func text(_ raw: String) -> DraftText { DraftText(raw) { $0 } }

    private func news(_ reading: inout DraftReading, _ follower: DraftFollower) -> [String] {
        reading.news(in: follower.drafts).map { "\($0.agent) \($0.kind.rawValue) \($0.offset): \($0.text)" }
    }

    @Test("A follower gets what was added, and all of it where the text is another one")
    func growing() {
        let follower = drafts.follow(debate, workspace: .local)
        var reading = DraftReading()
        let (zero, one) = (line(0), line(1))
        #expect(news(&reading, follower).isEmpty)
        one.hear(text("Bé"))
        zero.hear(text("A"))
        #expect(news(&reading, follower) == ["agent0 proposal 0: A", "agent1 proposal 0: Bé"])
        #expect(news(&reading, follower).isEmpty)
        // An accent that arrives by itself joins the letter before it.
        one.hear(text("Bé\u{301}👍"))
        zero.hear(text("Anew"))
        #expect(news(&reading, follower) == ["agent0 proposal 1: new", "agent1 proposal 2: \u{301}👍"])
        zero.hear(text("Other"))
        one.forget()
        #expect(news(&reading, follower) == ["agent0 proposal 0: Other", "agent1 proposal 0: "])
        one.hear(text("Again"))
        zero.end()
        #expect(news(&reading, follower) == ["agent1 proposal 0: Again"])
    }

    @Test("Nothing is kept where nobody follows, and a late follower sees the text so far")
    func followers() {
        let line = line(0)
        line.hear(text("Nobody hears this"))
        var follower: DraftFollower? = drafts.follow(debate, workspace: .local)
        #expect(follower?.drafts.count == 0)
        line.hear(text("Nobody hears this, but the whole"))
        let late = drafts.follow(debate, workspace: .local)
        var reading = DraftReading()
        #expect(news(&reading, late) == ["agent0 proposal 0: Nobody hears this, but the whole"])
        follower = nil
        #expect(late.drafts.count == 1)
    }

    @Test("Another debate and another workspace hear nothing")
    func others() {
        let others = [
            drafts.follow(DebateID("d2"), workspace: .local), drafts.follow(debate, workspace: WorkspaceID("other")),
        ]
        let follower = drafts.follow(debate, workspace: .local)
        line(0).hear(text("Ours"))
        #expect(others.allSatisfy { $0.drafts.isEmpty } && follower.drafts.count == 1)
    }

    @Test("Whoever left leaves nothing behind")
    func leaving() async {
        let line = line(0)
        do {
            let follower = drafts.follow(debate, workspace: .local)
            line.hear(text("So far"))
            #expect(follower.drafts.count == 1)
        }
        let next = drafts.follow(debate, workspace: .local)
        #expect(next.drafts.isEmpty)
    }

    @Test("An arena lets texts be heard, not forms, until their answers are whole")
    func arena() async throws {
        let script = DebateScript.with { $0.failing = ["revision/1/beta"] }
        let follower = drafts.follow(script.description.id, workspace: script.description.workspace)
        let seen = Mutex<[String]>([])
        let agents = script.agents { call in
            call.listener?.hear(DraftText("written for \(call.key)") { $0 })
            let texts = follower.drafts.compactMap { $0.text?.shown }
            if call.listener != nil { seen.withLock { $0 += texts.filter { $0.hasSuffix(call.key) } } }
        }
        let arena = Arena(
            description: script.description,
            panel: agents,
            journal: MemoryJournal(),
            inputs: FixedInputs(),
            time: SystemTime(),
            drafts: drafts
        )
        _ = try await arena.run()
        let keys: [String] = agents.flatMap { $0.keys }
        let texts = keys.filter { !$0.contains("/critique/") && !$0.contains("/vote/") }
        #expect(texts.contains { $0.contains("/proposal/") } && texts.contains { $0.contains("/revision/") })
        #expect(seen.withLock { $0.sorted() } == texts.map { "written for \($0)" }.sorted())
        #expect(follower.drafts.map(\.agent) == ["beta"])
    }
}
