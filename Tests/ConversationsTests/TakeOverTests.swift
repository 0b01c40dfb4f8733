import ChannelSupport
import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

/// A process that lost its lease can write nothing; whoever takes over goes on from the journal.
@Suite(.timeLimit(.minutes(5))) struct TakeOverTests {
    /// Two processes: the first one stands still at the criticisms, with its clock.
    private struct Processes: Sendable {
        let gate = Gate()
        let firstCalls = Calls()
        let secondCalls = Calls()
        let firstTime = ManualTime()
        let first: JobWorker
        let second: JobWorker

        init(_ house: ConversationHouse) {
            let gate = gate
            let slow = ScriptedPanel(calls: firstCalls) { key in
                if key.contains("/critique/") { try await gate.wait() }
            }
            first = house.worker("first", panel: slow, time: firstTime)
            second = house.worker("second", panel: ScriptedPanel(calls: secondCalls))
        }
    }

    /// Starts a debate on the first process until its proposals are journaled, then lets its lease run out.
    private func begin(_ house: ConversationHouse, _ processes: Processes) async throws {
        await processes.gate.waitForCalls(2)
        let debate = try await house.debate()
        try await house.wait { try await house.projection(debate)?.proposals.count == 2 }
        house.time.advance(by: .seconds(10))
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theSuccessorRepeatsNoJournaledCall(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let processes = Processes(house)
            try await house.alongside([processes.first.run]) {
                try await begin(house, processes)
                try await house.finish(processes.second)
                let debate = try await house.debate()
                #expect(debate.status == .completed)
                #expect(processes.secondCalls.keys(of: "proposal").isEmpty)
                // The keys are those under which the first process had asked.
                let again = Set(processes.secondCalls.keys(of: "critique"))
                #expect(again == Set(processes.firstCalls.keys(of: "critique")))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoLostTheLeaseWritesNothing(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let processes = Processes(house)
            try await house.alongside([processes.first.run]) {
                try await begin(house, processes)
                try await house.finish(processes.second)
                let debate = try await house.debate()
                let service = house.service
                let journal = try await service.entries(
                    of: debate.id,
                    workspace: debate.workspace,
                    after: 0,
                    limit: 1000
                )
                let keys = try await house.outboxKeys()
                processes.gate.open()
                try await house.wait { processes.first.running == 0 }
                let after = try await service.entries(
                    of: debate.id,
                    workspace: debate.workspace,
                    after: 0,
                    limit: 1000
                )
                #expect(after == journal)
                #expect(try await house.outboxKeys() == keys)
                #expect(keys.filter { $0.hasSuffix("/verdict") }.count == 1)
                #expect(try await house.count("debate_receipts") == 1)
            }
            try await house.deliver()
            #expect(house.publicMessages.filter { $0.payload.contains("Verdict of debate #1") }.count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whoLostTheLeaseStopsAtTheNextHeartbeat(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let processes = Processes(house)
            try await house.alongside([processes.first.run]) {
                try await begin(house, processes)
                try await house.database.run("update job_queue set worker_id = 'other', fence = fence + 1")
                await processes.firstTime.waitForSleepers(4)
                #expect(processes.first.running == 1)
                processes.firstTime.advance(by: .seconds(2))
                try await house.wait { processes.first.running == 0 }
            }
            #expect(try await house.debate().status == .running)
            #expect(try await house.count("job_queue", where: "status = 'processing' and worker_id = 'other'") == 1)
            #expect(processes.firstCalls.keys(of: "vote").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatRunsAtShutdownIsHandedBackAndGoesOn(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let processes = Processes(house)
            try await house.alongside([processes.first.run]) {
                await processes.gate.waitForCalls(2)
                let debate = try await house.debate()
                try await house.wait { try await house.projection(debate)?.proposals.count == 2 }
            }
            let row = try #require(try await house.database.run("select status, attempts from job_queue").first)
            #expect(try row.text("status") == "pending")
            #expect(try row.integer("attempts") == 0)
            try await house.finish(processes.second)
            #expect(try await house.debate().status == .completed)
            #expect(processes.secondCalls.keys(of: "proposal").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aProcessThatStoodStillTakesItsOwnJobOverOnce(engine: DatabaseEngine) async throws {
        let gate = Gate()
        let calls = Calls()
        let panel = ScriptedPanel(calls: calls) { key in
            if key.contains("/critique/") { try await gate.wait() }
        }
        try await ConversationHouse.with(engine, panel: panel) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let worker = house.worker()
            try await house.alongside([worker.run]) {
                await gate.waitForCalls(2)
                let debate = try await house.debate()
                try await house.wait { try await house.projection(debate)?.proposals.count == 2 }
                // As if somebody had held the lease and died meanwhile.
                try await house.database.run("update job_queue set fence = fence + 1, lease_until = 0")
                // The second run asks for the same two criticisms.
                try await house.claimed { calls.keys(of: "critique").count == 4 }
                #expect(worker.running == 1)
                gate.open()
                try await house.wait { try await house.openJobs() == 0 }
                try await house.wait { worker.running == 0 }
            }
            #expect(try await house.debate().status == .completed)
            #expect(calls.keys(of: "proposal").count == 2)
            #expect(try await house.count("debate_receipts") == 1)
        }
    }
}
