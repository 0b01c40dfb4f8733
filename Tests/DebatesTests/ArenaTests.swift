import CoreTypes
import Debates
import Synchronization
import TestSupport
import Testing

/// The runner: calls, time, interruption and the journal.
@Suite(.timeLimit(.minutes(5))) struct ArenaTests {
    @Test(arguments: [false, true])
    func aRunJournalsWhatTheMachineSays(yields: Bool) async throws {
        let script = DebateScript.with {
            $0.failing = ["critique/1/alpha/beta", "revision/2/gamma"]
            $0.inputs = [DebateInput(cursor: 4, key: "k", author: "Ann", text: "A note.")]
        }
        let agents = script.agents { _ in if yields { await Task.yield() } }
        let journal = MemoryJournal()
        let outcome = try await script.arena(agents, journal).run()
        let expected = try script.play()
        #expect(outcome.result == expected.result)
        #expect(outcome.entries.map { "\($0.event.type)" } == expected.types)
        if !yields { #expect(outcome.entries.map(\.event) == expected.events) }
        #expect(agents.flatMap { $0.keys }.sorted() == expected.keys.map { "d1/\($0)" }.sorted())
        // The end is handed to the caller; everything else is in the journal.
        #expect(journal.entries + outcome.finalEntries == outcome.entries)
        #expect(outcome.finalEntries.map { "\($0.event.type)" } == ["debate_end"])
        #expect(try JournalEntry.decode(journal: journal.bytes + outcome.finalLines.split) == outcome.entries)
    }

    @Test func aRestartAsksOnlyForWhatIsMissing() async throws {
        let script = DebateScript.with { _ in }
        let whole = try script.play()
        let (entries, bytes) = whole.journal
        for length in [1, 4, 9, 16, 20, entries.count - 2] {
            let agents = script.agents()
            let journal = MemoryJournal()
            let prefix = try JournalEntry.decode(journal: Array(bytes.prefix(length)))
            let outcome = try await script.arena(agents, journal).run(replaying: prefix)
            #expect(outcome.result == whole.result)
            #expect(outcome.entries.prefix(length) == entries.prefix(length))
            #expect(outcome.entries.map(\.event) == whole.events)
            let replayed = Array(bytes.prefix(length)) + journal.bytes + outcome.finalLines.split
            #expect(try JournalEntry.decode(journal: replayed) == outcome.entries)
            var machine = try DebateMachine(replaying: prefix)
            let missing = try script.play(&machine, from: machine.resume()).keys
            #expect(agents.flatMap { $0.keys }.sorted() == missing.map { "d1/\($0)" }.sorted())
        }
    }

    @Test func aFinishedJournalIsNotWrittenAgain() async throws {
        let script = DebateScript.with { _ in }
        let (entries, _) = try script.play().journal
        let agents = script.agents()
        let journal = MemoryJournal()
        let outcome = try await script.arena(agents, journal).run(replaying: entries)
        #expect(outcome.finalEntries.isEmpty && outcome.finalLines.isEmpty && journal.entries.isEmpty)
        #expect(outcome.result.winner == "alpha")
        #expect(agents.allSatisfy { $0.keys.isEmpty })
    }

    @Test func aHangingAgentFailsWithThePhase() async throws {
        let script = DebateScript.with { $0.settings.phaseTimeout = .seconds(60) }
        let agents = script.agents { call in if call.key == "d1/revision/1/beta" { try await hang() } }
        let time = ManualTime()
        let journal = MemoryJournal()
        let arena = script.arena(agents, journal, time)
        async let running = arena.run()
        await time.waitForSleepers()
        time.advance(by: .seconds(60))
        let outcome = try await running
        let failures = outcome.entries.compactMap {
            if case .agentFailed(let failure) = $0.event { failure } else { nil }
        }
        #expect(failures.map(\.agent) == ["beta"])
        #expect(failures.map(\.code) == ["timeout"])
        #expect(outcome.result.winner == "alpha")
        #expect(agents[1].keys.contains("d1/revision/2/beta"))
    }

    @Test func theDeadlineEndsTheDebateWithWhatItHas() async throws {
        let script = DebateScript.with {
            $0.settings.phaseTimeout = .seconds(600)
            $0.settings.debateTimeout = .seconds(100)
        }
        let agents = script.agents { call in if call.key.contains("/vote/") { try await hang() } }
        let time = ManualTime()
        let arena = script.arena(agents, MemoryJournal(), time)
        async let running = arena.run()
        await time.waitForSleepers()
        time.advance(by: .seconds(100))
        let outcome = try await running
        #expect(outcome.result.status == .completed)
        #expect(outcome.result.verdict == .needsReview)
        #expect(outcome.result.reason == "The time of the debate was over before the vote.")
        #expect(outcome.entries.contains { $0.event == .deadlineExceeded(round: 2) })
    }

    @Test func aCancelEndsTheDebateAndStopsItsCalls() async throws {
        let script = DebateScript.with { _ in }
        let arrivals = Arrivals()
        let stopped = Mutex(0)
        let agents = script.agents { call in
            guard call.key.contains("/critique/") else { return }
            arrivals.arrive()
            do {
                try await hang()
            } catch {
                stopped.withLock { $0 += 1 }
                throw error
            }
        }
        let journal = MemoryJournal()
        let arena = script.arena(agents, journal)
        async let running = arena.run()
        await arrivals.wait(for: 6)
        arena.cancel(requestedBy: "slack:U2")
        let outcome = try await running
        #expect(outcome.result.status == .cancelled)
        #expect(outcome.result.reason == "Cancelled by slack:U2.")
        #expect(stopped.withLock { $0 } == 6)
        #expect(journal.entries.last?.event == .cancelRequested(by: "slack:U2"))
        #expect(!outcome.entries.contains { if case .agentFailed = $0.event { true } else { false } })
    }

    @Test func aCancelBeforeTheRunEndsItAtOnce() async throws {
        let script = DebateScript.with { _ in }
        let agents = script.agents()
        let arena = script.arena(agents, MemoryJournal())
        arena.cancel(requestedBy: "slack:U2")
        #expect(try await arena.run().result.status == .cancelled)
        #expect(agents.allSatisfy { $0.keys.isEmpty })
    }

    @Test func aCancelledTaskStopsWithoutJournalingAnything() async throws {
        let script = DebateScript.with { _ in }
        let arrivals = Arrivals()
        let agents = script.agents { call in
            guard call.key.contains("/critique/") else { return }
            arrivals.arrive()
            try await hang()
        }
        let journal = MemoryJournal()
        let arena = script.arena(agents, journal)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { try await arena.run() }
            }
            await arrivals.wait(for: 6)
            group.cancelAll()
        }
        #expect(journal.entries.last?.event == .roundStart(round: 1, total: 2))
    }

    @Test func aLostLeaseEndsTheRun() async throws {
        let script = DebateScript.with { _ in }
        let agents = script.agents { _ in await Task.yield() }
        let journal = MemoryJournal(limit: 12)
        let arena = script.arena(agents, journal)
        await #expect(throws: MemoryJournal.LeaseLost.self) { try await arena.run() }
        #expect(!agents.contains { agent in agent.keys.contains { $0.contains("/vote/") } })
    }

    @Test func callsOfAPhaseRunTogetherUpToTheirLimit() async throws {
        let script = DebateScript.with {
            $0.settings.rounds = 1
            $0.size = 5
            $0.choices = Array(repeating: "alpha", count: 5)
            $0.confidences = Array(repeating: 0.9, count: 5)
        }
        let gate = ModelGate()
        let arrivals = Arrivals()
        let agents = script.agents { call in
            guard call.key.contains("/critique/") else { return }
            arrivals.arrive()
            await gate.wait()
            arrivals.leave()
        }
        let arena = script.arena(agents, MemoryJournal())
        async let running = arena.run()
        await arrivals.wait(for: 15)
        gate.open()
        #expect(try await running.result.status == .completed)
        #expect(arrivals.most == 15)
    }

    @Test func anAgentThatIsGoneFailsItsCallsAlone() async throws {
        let script = DebateScript.with { _ in }
        let (entries, _) = try script.play().journal
        let agents = script.agents()
        let arena = script.arena([agents[2], agents[0]], MemoryJournal())
        let outcome = try await arena.run(replaying: Array(entries.prefix(7)))
        #expect(outcome.result.winner == "alpha")
        let failures = DebateProjection(outcome.entries).failures
        #expect(failures.allSatisfy { $0.agent == "beta" && $0.code == "agent_unavailable" })
        #expect(failures.count == 2 * 3 + 1)
        #expect(agents[0].keys.first == "d1/critique/1/alpha/beta")
    }

    @Test func aReceiptNamesTheModelThatSpokeAfterAPause() async throws {
        let script = DebateScript.with { $0.failing = ["critique/2/beta/gamma"] }
        let bytes = Array(try script.play().journal.bytes.prefix(7))
        let agents = [
            ScriptedAgent(script, seat: 0), ScriptedAgent(script, seat: 1, model: "beta-2"),
            ScriptedAgent(script, seat: 2),
        ]
        let journal = MemoryJournal()
        let outcome = try await script.arena(agents, journal).run(replaying: try JournalEntry.decode(journal: bytes))
        let receipt = try Receipt(of: outcome.entries, signedBy: ReceiptSigner())
        let panel = try #require(try JSONValue(parsing: receipt.document)["panel"]?.array)
        #expect(panel.map { $0["model"]?.string } == ["alpha-1", "beta-1", "gamma-1"])
        #expect(panel.map { $0["fallback_model"]?.string } == [nil, "beta-2", nil])
        let failures = DebateProjection(outcome.entries).failures
        #expect(failures.map(\.usage.fallbackModel) == ["beta-2"])
        let whole = bytes + journal.bytes + outcome.finalLines.split
        #expect(try ReceiptVerifier.verify(receipt.document, journal: whole).isJournalChecked)
    }

    @Test func anUnknownErrorShowsNothingOfItself() async throws {
        struct Leak: Error { let secret = "hunter2" }
        let script = DebateScript.with { _ in }
        let agents = script.agents { call in if call.key == "d1/proposal/0/gamma" { throw Leak() } }
        let outcome = try await script.arena(agents, MemoryJournal()).run()
        let failure = try #require(DebateProjection(outcome.entries).failures.first)
        #expect(failure.code == "internal")
        #expect(failure.message == "The agent failed unexpectedly.")
    }

    @Test func aJournalWithoutBytesStillGetsTheEvents() async throws {
        let script = DebateScript.with { _ in }
        let journal = MemoryJournal(wantsEncoding: false)
        let outcome = try await script.arena(script.agents(), journal).run()
        #expect(outcome.entries.map(\.event) == (try script.play().events))
        #expect(outcome.finalLines.isEmpty && journal.bytes.isEmpty)
    }

    @Test func theObserverSeesTheEntriesInOrder() async throws {
        let script = DebateScript.with { _ in }
        let seen = Mutex<[Int]>([])
        let arena = Arena(
            description: script.description,
            panel: script.agents(),
            journal: MemoryJournal(),
            inputs: FixedInputs(),
            time: SystemTime(),
            observer: { entries in seen.withLock { $0 += entries.map(\.sequence) } }
        )
        let outcome = try await arena.run()
        #expect(seen.withLock { $0 } == Array(1..<outcome.entries.count))
        await #expect(throws: DebateError.self) { try await arena.run() }
    }

    @Test func whatHasArrivedIsJournaledBeforeCallsUnderWayAreStopped() async throws {
        let script = DebateScript.with { _ in }
        let gate = ModelGate()
        let stops = Arrivals()
        let holder = Mutex<Arena?>(nil)
        // beta takes its time to stop; gamma's answer and the request to end come together.
        let agents = script.agents { call in
            if call.key == "d1/proposal/0/beta" {
                await withTaskCancellationHandler {
                    await gate.wait()
                } onCancel: {
                    stops.arrive()
                }
            }
            if call.key == "d1/proposal/0/gamma" { holder.withLock { $0 }?.cancel(requestedBy: "slack:U2") }
        }
        let journal = MemoryJournal()
        let arena = script.arena(agents, journal)
        holder.withLock { $0 = arena }
        async let running = arena.run()
        await stops.wait(for: 1)
        let proposed = journal.entries.compactMap {
            if case .propose(let proposal) = $0.event { proposal.agent } else { nil }
        }
        #expect(proposed == ["alpha", "gamma"])
        gate.open()
        #expect(try await running.result.status == .cancelled)
    }
}
