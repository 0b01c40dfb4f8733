import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import TestSupport
import Testing

/// The real program is killed at moments that nobody chose, again and again.
@Suite("kill -9")
struct KillTests {
    /// On each engine.
    private static let kills = 100

    @Test(
        "Every question gets its verdict once, and no journaled model call is repeated",
        arguments: DatabaseEngine.allCases
    )
    func killedAtRandomMoments(engine: DatabaseEngine) async throws {
        let seed = ProcessInfo.processInfo.environment["ARAGORA_TEST_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        try await GatewayWorld.with(engine) { world in
            var random = SeededGenerator(seed: seed)
            var watch = RepetitionWatch(world: world)
            var questions: [(payload: SlackPayload, thread: String)] = []
            var unacknowledged: Set<Int> = []
            for _ in 1...Self.kills {
                let gateway = try await world.start()
                for _ in 0..<2 {
                    unacknowledged.insert(questions.count)
                    questions.append(await world.writeQuestion(questions.count))
                }
                let delay = Int.random(in: 0...500, using: &random)
                let acknowledged = await ask(unacknowledged.map { ($0, questions[$0].payload) }, gateway, world) {
                    try? await Task.sleep(for: .milliseconds(delay))
                    gateway.process.send(SIGKILL)
                }
                unacknowledged.subtract(acknowledged)
                try await gateway.kill()
                try await watch.gatewayDied()
            }

            // What Slack got no answer for, it sends again.
            let gateway = try await world.start()
            for number in unacknowledged { #expect(await world.send(questions[number].payload, to: gateway) == 200) }
            let asked = questions.count
            try await world.awaitVerdicts(asked, timeout: .seconds(150))
            #expect(gateway.process.exit == nil)
            try await gateway.kill()
            try await watch.gatewayDied()

            #expect(try await world.count("debates") == asked)
            #expect(try await world.count("debates where status = 'completed'") == asked)
            #expect(watch.requests > asked * 10, "The models were asked too little for a debate each.")
            let posts = Dictionary(grouping: await world.slack.posts) { $0.thread ?? "" }
            for thread in questions.map(\.thread) {
                let texts = (posts[thread] ?? []).map(\.text)
                #expect(texts.count == 2, "seed \(seed), \(thread): one start message and one verdict, not \(texts)")
                #expect(texts.count { $0.hasPrefix("Verdict of debate") } == 1, "seed \(seed), \(thread): \(texts)")
            }
            #expect(posts.count == asked, "A message went to a thread that asked nothing.")
        }
    }

    /// Asks questions side by side while something else happens.
    /// - Returns: those that were acknowledged.
    private func ask(
        _ questions: [(Int, SlackPayload)],
        _ gateway: GatewayProcess,
        _ world: GatewayWorld,
        _ meanwhile: @escaping @Sendable () async -> Void
    ) async -> Set<Int> {
        await withTaskGroup(of: Int?.self) { group in
            for (number, payload) in questions {
                group.addTask { await world.send(payload, to: gateway) == 200 ? number : nil }
            }
            group.addTask {
                await meanwhile()
                return nil
            }
            return await group.reduce(into: []) { acknowledged, number in
                if let number { acknowledged.insert(number) }
            }
        }
    }
}

/// Watches that the models are never asked what a journal already held when a gateway died.
struct RepetitionWatch {
    let world: GatewayWorld
    private var journaled: Set<String> = []
    private(set) var requests = 0

    init(world: GatewayWorld) {
        self.world = world
    }

    /// Checks the time since the last death, and takes note of this one.
    mutating func gatewayDied() async throws {
        let asked = await world.models.requests
        let repeated = asked[requests...].compactMap(\.idempotencyKey).filter(journaled.contains)
        #expect(repeated.isEmpty, "The journal held the answers to \(repeated.prefix(3)).")
        #expect(asked[requests...].allSatisfy { $0.idempotencyKey != nil })
        requests = asked.count
        journaled = try await world.look { try await JournaledCalls.keys(in: $0) }
    }
}
