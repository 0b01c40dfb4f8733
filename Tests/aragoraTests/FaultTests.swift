import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing

/// The real program among twins, restarts, dying neighbours and a database that goes away.
@Suite("Faults")
struct FaultTests {
    private let payloads = SlackPayloads.standard

    @Test(
        "The same message fifty times at once, and again after a restart, is one debate",
        arguments: DatabaseEngine.allCases
    )
    func twins(engine: DatabaseEngine) async throws {
        try await GatewayWorld.with(engine) { world in
            let ts = "1760000000.000100"
            // Slack tells of one post twice, and each of the two may be sent again under the same or another id.
            let twins = (0..<50).map { number in
                number.isMultiple(of: 2)
                    ? payloads.mention("Ship on Friday?", ts: ts, eventID: "Ev\(number % 5)")
                    : payloads.message("<@\(payloads.botUser)> Ship on Friday?", ts: ts, eventID: "Ev\(number % 7)")
            }
            var gateway = try await world.start()
            #expect(await statuses(of: twins, to: gateway, world) == [200])
            try await world.awaitVerdicts(1)
            #expect(try await gateway.terminate() == .exited(0))

            gateway = try await world.start()
            #expect(await statuses(of: twins, to: gateway, world) == [200])
            // A question that came later is answered later: when its verdict is there, a second one would be as well.
            #expect(
                await world.send(payloads.mention("And now?", ts: "1760000009.000100", eventID: "EvB"), to: gateway)
                    == 200
            )
            try await world.awaitVerdicts(2)
            let texts = await world.slack.posts.filter { $0.thread == ts }.map(\.text)
            #expect(texts.count == 2, "\(texts)")
            #expect(try await world.count("debates") == 2)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("SIGTERM hands debates back, and the next process takes them up at once", arguments: DatabaseEngine.allCases)
    func drain(engine: DatabaseEngine) async throws {
        let gate = ModelGate()
        try await GatewayWorld.with(engine, models: .slow(gate)) { world in
            defer { gate.open() }
            var gateway = try await world.start()
            #expect(await world.send(payloads.mention("Ship?", ts: "1760000000.000100"), to: gateway) == 200)
            try await requests(3, world)
            #expect(try await gateway.terminate() == .exited(0))

            gateway = try await world.start()
            // Sooner than the lease would have run out.
            try await requests(6, world, within: .seconds(7))
            gate.open()
            try await world.awaitVerdicts(1)
            #expect(await world.verdicts().count == 1)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    @Test("Two processes share the work, and one takes over from the other when it dies")
    func takeOver() async throws {
        let gate = ModelGate()
        let settings = ["ARAGORA_MAX_CONCURRENT_DEBATES": "5"]
        try await GatewayWorld.with(.postgres, models: .slow(gate), settings: settings) { world in
            defer { gate.open() }
            let (first, second) = (try await world.start(), try await world.start())
            for number in 0..<10 {
                let question = await world.writeQuestion(number).payload
                #expect(await world.send(question, to: number.isMultiple(of: 2) ? first : second) == 200)
            }
            // Each of the two works on as much as it may.
            try await eventually("five debates in each process") {
                let held = try await workers(world)
                return held.count == 2 && Set(held.values) == [5] ? true : nil
            }

            try await first.kill()
            let death = ContinuousClock.now
            // The survivor is full: as its own debates end, the dead one's are taken up.
            gate.open()
            try await eventually("the take-over of the dead process's debates", timeout: .seconds(15)) {
                try await world.count("job_queue where status in ('pending', 'processing')") == 0 ? true : nil
            }
            #expect(ContinuousClock.now - death < .seconds(15))
            try await world.awaitVerdicts(10)
            let threads = await world.slack.posts.map { $0.thread ?? "" }
            #expect(threads.count == 20 && Set(threads).count == 10, "Ten start messages and ten verdicts.")
            #expect(try await second.terminate() == .exited(0))
        }
    }

    @Test("Ten seconds without Postgres lose nothing and need no restart")
    func databaseOutage() async throws {
        let gate = ModelGate()
        try await PrivatePostgres.with { server in
            try await withTemporaryDirectory { directory in
                try await GatewayWorld.with(server.database, directory, .slow(gate), [:]) { world in
                    defer { gate.open() }
                    let gateway = try await world.start()
                    #expect(await world.send(payloads.mention("Before?", ts: "1760000000.000100"), to: gateway) == 200)
                    try await requests(3, world)

                    try await server.stop()
                    let stopped = ContinuousClock.now
                    let during = payloads.mention("During?", ts: "1760000001.000100", eventID: "EvD")
                    #expect(await world.send(during, to: gateway) != 200, "Nothing is acknowledged that is not stored.")
                    #expect(await world.status(of: "/healthz", at: gateway) == 200)
                    #expect(await world.status(of: "/readyz", at: gateway) == 503)
                    // Answers that come now have nowhere to be written.
                    gate.open()
                    try await ContinuousClock().sleep(until: stopped + .seconds(10))
                    try await server.start()

                    try await eventually("readiness") {
                        await world.status(of: "/readyz", at: gateway) == 200 ? true : nil
                    }
                    #expect(await world.send(during, to: gateway) == 200)
                    try await world.awaitVerdicts(2)
                    #expect(await world.slack.posts.count == 4)
                    #expect(gateway.process.exit == nil)
                    // Once, or twice where a connection breaks off late.
                    let told = gateway.process.output.split(separator: "\n")
                        .filter { $0.contains("The database cannot be used") }
                    #expect((1...2).contains(told.count), "\(gateway.process.output)")
                    #expect(try await gateway.terminate() == .exited(0))
                }
            }
        }
    }

    @Test("A Postgres that hangs makes a process unready in time, and it ends in time without a trap")
    func hangingDatabase() async throws {
        let gate = ModelGate()
        try await PrivatePostgres.with { server in
            try await withTemporaryDirectory { directory in
                try await GatewayWorld.with(server.database, directory, .slow(gate), [:]) { world in
                    defer { gate.open() }
                    let first = try await world.start()
                    #expect(await world.send(payloads.mention("Ship?", ts: "1760000000.000100"), to: first) == 200)
                    try await requests(3, world)
                    try await server.whileFrozen { () async throws in
                        let asked = ContinuousClock.now
                        #expect(await world.status(of: "/readyz", at: first) == 503)
                        #expect(ContinuousClock.now - asked < .seconds(7))
                        #expect(try await first.terminate() == .exited(1))
                        #expect(first.process.output.contains("error: The drain has not ended"))
                    }

                    let second = try await world.start()
                    gate.open()
                    try await world.awaitVerdicts(1)
                    #expect(await world.verdicts().count == 1)
                    #expect(try await second.terminate() == .exited(0))
                }
            }
        }
    }

    @Test("A second process on the same SQLite file is refused")
    func secondProcess() async throws {
        try await GatewayWorld.with(.sqlite) { world in
            let gateway = try await world.start()
            let second = try await world.serveToItsEnd()
            #expect(second.exit == .exited(1))
            #expect(second.output.contains("error:"), "\(second.output)")
            #expect(await world.status(of: "/healthz", at: gateway) == 200)
        }
    }

    private func statuses(of twins: [SlackPayload], to gateway: GatewayProcess, _ world: GatewayWorld) async -> Set<
        Int?
    > {
        await withTaskGroup(of: Int?.self) { group in
            for twin in twins { group.addTask { await world.send(twin, to: gateway) } }
            return await group.reduce(into: []) { $0.insert($1) }
        }
    }

    private func requests(_ wanted: Int, _ world: GatewayWorld, within timeout: Duration = .seconds(30)) async throws {
        try await eventually("\(wanted) requests at the models", timeout: timeout) {
            await world.models.requests.count >= wanted ? true : nil
        }
    }

    /// How many jobs each process holds.
    private func workers(_ world: GatewayWorld) async throws -> [String: Int] {
        try await world.look { database in
            let rows = try await database.run("select worker_id from job_queue where status = 'processing'")
            return try rows.reduce(into: [:]) { $0[try $1.text("worker_id"), default: 0] += 1 }
        }
    }
}
