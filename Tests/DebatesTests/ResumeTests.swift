import CoreTypes
import Debates
import Testing

/// A debate that was interrupted anywhere ends as if it had not been, and asks nobody twice.
@Suite struct ResumeTests {
    static let scripts: [DebateScript] = [
        .with { _ in },
        .with { $0.failing = ["proposal/0/beta", "revision/1/alpha", "critique/2/gamma/alpha", "vote/2/gamma"] },
        .with { $0.failing = ["synthesis/2/beta"] },
        .with { $0.failing = ["proposal/0/beta", "proposal/0/gamma"] },
        .with { $0.failing = ["proposal/0/alpha", "proposal/0/beta", "proposal/0/gamma"] },
        .with { $0.settings.budgetTokens = 200 },
        .with { $0.settings.budgetTokens = 30 },
        .with {
            $0.settings.consensus = .none
            $0.settings.convergenceDetection = false
        },
        .with {
            $0.settings.rounds = 3
            $0.size = 4
            $0.choices = ["beta", "alpha", "beta", "the second"]
            $0.confidences = [0.3, 0.9, 1, 0.12345]
            $0.settings.consensus = .supermajority
            $0.inputs = (1...3).map { DebateInput(cursor: $0, key: "k\($0)", author: "Ann", text: "note \($0)") }
        },
        .with { $0.text = { _, _, round in round == 0 ? "x" : "the same in every round" } },
    ]

    @Test(arguments: scripts.indices)
    func everyPrefixLeadsToTheSameEnd(number: Int) throws {
        let script = Self.scripts[number]
        let whole = try script.play()
        let (entries, bytes) = whole.journal
        for length in 1...entries.count {
            // Through the bytes, as a restart reads them.
            let prefix = try JournalEntry.decode(journal: Array(bytes.prefix(length)))
            var machine = try DebateMachine(replaying: prefix)
            let rest = try script.play(&machine, from: machine.resume())
            #expect(rest.result == whole.result, "after \(length) entries")
            #expect(prefix.map(\.event) + rest.events == whole.events, "after \(length) entries")
            let finished = Set(prefix.compactMap { key(of: $0.event) })
            #expect(finished.isDisjoint(with: rest.keys), "after \(length) entries")
            let asked = Set(whole.keys).subtracting(finished)
            #expect(Set(rest.keys).isSubset(of: asked), "after \(length) entries")
        }
    }

    @Test func aJournalCutInTheMiddleOfAnInterruptionEndsIt() throws {
        let script = DebateScript.with { _ in }
        var machine = try script.machine()
        var events = machine.start().events
        var step = machine.handle(inputs: [])
        guard case .calls(let calls) = step.next else { return }
        events += step.events
        step = machine.handle(calls.prefix(2).map { script.answer($0) })
        events += step.events
        for interruption in [machine.handleDeadlineOnCopy(), machine.handleCancelOnCopy()] {
            let play = Play(events: events + interruption.prefix(1))
            var resumed = try DebateMachine(replaying: play.journal.entries)
            let rest = try script.play(&resumed, from: resumed.resume())
            #expect(rest.keys.isEmpty)
            #expect(rest.events == Array(interruption.dropFirst()))
        }
    }

    /// The key of the call that an event settles.
    private func key(of event: DebateEvent) -> String? {
        switch event {
        case .propose(let proposal): "proposal/0/\(proposal.agent)"
        case .revision(let revision): "revision/\(revision.round)/\(revision.agent)"
        case .critique(let given): "critique/\(given.round)/\(given.critique.agent)/\(given.critique.target)"
        case .agentFailed(let failure):
            "\(failure.kind.rawValue)/\(failure.round)/\(failure.agent)" + (failure.target.map { "/\($0)" } ?? "")
        default: nil
        }
    }
}

extension DebateMachine {
    fileprivate func handleDeadlineOnCopy() -> [DebateEvent] {
        var copy = self
        return copy.handleDeadline().events
    }

    fileprivate func handleCancelOnCopy() -> [DebateEvent] {
        var copy = self
        return copy.handleCancel(by: "slack:U1").events
    }
}
