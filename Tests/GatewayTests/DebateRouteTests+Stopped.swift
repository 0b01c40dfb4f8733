import CoreTypes
import Gateway
import Persistence
import Synchronization
import TestSupport
import Testing

extension DebateRouteTests {
    @Test("A debate that was stopped behind its count is the same in the list and alone")
    func stoppedBehindTheCount() async throws {
        let id = harness.debates.add("d1", status: "cancelled")
        harness.debates.update(id) { record in
            record.confidence = 0
            record.consensusReached = false
        }
        harness.debates.state.withLock {
            $0.projections[id] = [
                "status": "cancelled", "final_answer": "Spaces.",
                "consensus": ["reached": true, "confidence": 0.5, "agreement": 0.6667, "final_answer": "Spaces."],
            ]
        }
        try await harness.run { client async throws in
            let line = try await client.request("GET", Self.path).json["debates"]?.array?.first
            let alone = try await client.request("GET", Self.path + "/d1").json
            for json in [line, alone] {
                #expect(json?["consensus_reached"]?.bool == false)
                #expect(json?["confidence"]?.double == 0)
            }
            // What was counted is there too.
            #expect(alone["consensus"]?["reached"]?.bool == true)
            #expect(alone["final_answer"]?.string == "Spaces.")
        }
    }
}
