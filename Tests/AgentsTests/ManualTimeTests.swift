import CoreTypes
import TestSupport
import Testing

@Suite struct ManualTimeTests {
    @Test func wakesSleepersWhenTheirTimeComes() async throws {
        let time = ManualTime(now: Timestamp(milliseconds: 0))
        let awake = Shared<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try await time.sleep(for: .seconds(seconds))
                    awake.change { $0.append(seconds) }
                }
            }
            await time.waitForSleepers(3)
            for expected in [[1], [1, 2], [1, 2, 3]] {
                time.advance(by: .seconds(1))
                try await group.next()
                #expect(awake.value == expected)
            }
        }
        #expect(time.now() == Timestamp(milliseconds: 3_000))
        #expect(time.sleeperCount == 0)
    }

    @Test func sequentialIdentifiersHaveTheLengthOfRealOnes() {
        let ids = SequentialIdentifiers()
        #expect(ids.next() == "00000000000000000000000001")
        #expect(ids.next() == "00000000000000000000000002")
        #expect(RandomIdentifiers().next().count == 26)
    }
}
