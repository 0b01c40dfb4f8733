import CoreTypes
import Debates
import Testing

/// A debate as its readers see it.
@Suite struct ProjectionTests {
    @Test func aFinishedDebateShowsEverything() throws {
        let play = try DebateScript.with {
            $0.failing = ["critique/1/alpha/beta"]
            $0.choices = ["beta", "alpha", "beta"]
            $0.inputs = [DebateInput(cursor: 1, key: "k", author: "Ann", text: "A note.")]
        }.play()
        let (entries, _) = play.journal
        let debate = DebateProjection(entries)
        #expect(debate.status == .completed)
        #expect(debate.phase == .consensus)
        #expect(debate.round == 2 && debate.totalRounds == 2)
        #expect(debate.awaited.isEmpty)
        #expect(debate.isDemo)
        #expect(debate.proposals.map(\.agent) == ["alpha", "beta", "gamma"])
        #expect(debate.proposals[0].content == "alpha revision number 2 speaks of alphas own matters")
        #expect(debate.critiques.count == 11)
        #expect(debate.votes.map(\.choice) == ["beta", "alpha", "beta"])
        #expect(debate.failures.count == 1)
        #expect(debate.convergence.map(\.round) == [1, 2])
        #expect(debate.consensus == play.consensus)
        #expect(debate.result == play.result)
        #expect(debate.usage == play.result?.usage)
        #expect(debate.seats.map(\.usage.inputTokens).reduce(0, +) == debate.usage.inputTokens)
        #expect(debate.head == entries.last?.hash)
        #expect(debate.lastSequence == entries.count)
        #expect(debate.startedAt == entries.first?.at && debate.finishedAt == entries.last?.at)
        let roles = debate.messages.map(\.role)
        #expect(roles.filter { $0 == .proposer }.count == 9)
        #expect(roles.filter { $0 == .critic }.count == 11)
        #expect(roles.filter { $0 == .voter }.count == 3)
        #expect(roles.first == .user && roles.last == .synthesizer)
        #expect(debate.messages.map(\.index) == Array(debate.messages.indices))
        #expect(debate.messages.last?.content == play.result?.finalAnswer)
    }

    @Test func aRunningDebateShowsWhoIsAwaited() throws {
        let (entries, _) = try DebateScript.with { _ in }.play().journal
        var debate = DebateProjection()
        #expect(debate.status == .created)
        var awaited: [[String]] = []
        for entry in entries {
            debate.apply(entry)
            awaited.append(debate.awaited)
        }
        #expect(awaited[1] == ["alpha", "beta", "gamma"])
        #expect(awaited[2] == ["beta", "gamma"])
        #expect(awaited[4] == [])
        #expect(awaited[6] == ["alpha", "beta", "gamma"])
        // The critics are through one after the other, then all revise.
        #expect(awaited[8] == ["beta", "gamma"])
        #expect(awaited[12] == ["alpha", "beta", "gamma"])
        #expect(awaited[13] == ["beta", "gamma"])
        #expect(debate.status == .completed)
    }
}
