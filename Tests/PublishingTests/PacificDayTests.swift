import CoreTypes
import Publishing
import TestSupport
import Testing

@Suite("The day in California")
struct PacificDayTests {
    @Test("The zone database has the same midnights")
    func peer() async throws {
        var generator = SeededGenerator(seed: 5)
        // The days around every change of the clocks until 2037, and others by chance.
        var moments: [Int64] = (0..<500).map { _ in Int64.random(in: 1_200_000_000..<2_100_000_000, using: &generator) }
        for year in 2008...2036 {
            let begin = Int64(year - 1970) * 31_556_952
            for day in Array(60...80) + Array(300...316) {
                moments.append(begin + Int64(day) * 86_400 + Int64.random(in: 0..<86_400, using: &generator))
            }
        }
        let answers = try await runPeer("midnights.py", lines: moments.map { String($0) })
        try #require(answers.count == moments.count)
        for (moment, answer) in zip(moments, answers) {
            #expect(String(PacificDay(of: Timestamp(milliseconds: moment * 1000)).end.seconds) == answer, "\(moment)")
        }
    }

    @Test func theDayEndsAtItsMidnight() {
        let day = PacificDay(of: start)
        #expect(PacificDay(of: day.end - .milliseconds(1)) == day)
        #expect(PacificDay(of: day.end) != day)
    }
}
