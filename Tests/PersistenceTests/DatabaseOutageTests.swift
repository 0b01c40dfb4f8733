import CoreTypes
import DatabaseSupport
import Logging
import TestSupport
import Testing

@testable import Persistence

@Suite struct DatabaseOutageTests {
    private let start = Timestamp(milliseconds: 1_750_000_000_000)
    private let away = DatabaseError(.connection, "Nobody listens.")

    @Test func theLogIsToldOnceAMinuteWhateverTheNumberOfLoops() {
        let (outage, lines) = (DatabaseOutage(), KeptLog.Lines())
        for second in 0..<130 {
            for work in ["inbox", "outbox", "jobs"] {
                outage.failed(work, away, at: start + .seconds(second), lines.logger)
            }
        }
        #expect(lines.levels == [.error, .error, .error], "\(lines.all)")
        #expect(lines.all.allSatisfy { $0.contains("Nobody listens.") }, "\(lines.all)")
        #expect(lines.all.last?.contains("179") == true, "How many were left out: \(lines.all)")

        let end = start + .seconds(131)
        #expect(outage.worked("inbox", at: end, lines.logger), "The first one wakes the others.")
        #expect(!outage.worked("outbox", at: end, lines.logger))
        #expect(lines.all.count == 3, "One is still left out.")
        #expect(!outage.worked("jobs", at: end, lines.logger))
        #expect(lines.levels.last == .notice && lines.all.last?.contains("131") == true, "\(lines.all)")
        #expect(!outage.worked("jobs", at: end, lines.logger))
        #expect(lines.all.count == 4)
    }

    @Test func theNextOutageIsToldAtOnce() {
        let (outage, lines) = (DatabaseOutage(), KeptLog.Lines())
        outage.failed("inbox", away, at: start, lines.logger)
        _ = outage.worked("inbox", at: start + .seconds(1), lines.logger)
        outage.failed("inbox", away, at: start + .seconds(2), lines.logger)
        #expect(lines.levels == [.error, .notice, .error])
    }

    @Test func pollingBacksOffToFiveSeconds() {
        let (wakeUps, lines) = (WakeUps(isPolling: true), KeptLog.Lines())
        func interval() -> Duration { wakeUps.pollInterval(normal: .seconds(2), whenBroken: .milliseconds(500)) }
        wakeUps.noteFailure(of: "inbox", away, at: start, lines.logger)
        #expect(interval() == .milliseconds(500), "The first retry is quick.")
        wakeUps.noteFailure(of: "inbox", away, at: start + .seconds(10), lines.logger)
        #expect(interval() == .milliseconds(2500))
        wakeUps.noteFailure(of: "inbox", away, at: start + .seconds(3600), lines.logger)
        #expect(interval() == .seconds(5))
        wakeUps.noteSuccess(of: "inbox", at: start + .seconds(3601), lines.logger)
        #expect(interval() == .milliseconds(500))
    }

    @Test func theFirstSuccessWakesTheOthers() async {
        let (wakeUps, lines) = (WakeUps(), KeptLog.Lines())
        let jobs = wakeUps.subscribe(.jobs)
        for work in ["inbox", "jobs"] { wakeUps.noteFailure(of: work, away, at: start, lines.logger) }
        wakeUps.noteSuccess(of: "inbox", at: start, lines.logger)
        #expect(await jobs.next() == .jobs)
    }

    @Test func aFaultOfOneStatementIsNoOutage() {
        let (outage, lines) = (DatabaseOutage(), KeptLog.Lines())
        outage.failed("inbox", DatabaseError(.decoding, "A column holds no number."), at: start, lines.logger)
        #expect(outage.pause == .zero)
        #expect(lines.levels == [.error] && lines.all[0].contains("A column holds no number."), "\(lines.all)")
        #expect(!outage.worked("inbox", at: start, lines.logger))
        #expect(lines.all.count == 1)
    }

    @Test func aListenerThatCannotConnectSaysSoOnceAMinute() async throws {
        let (time, lines) = (ManualTime(), KeptLog.Lines())
        let listener = PostgresListener(
            url: Secret("postgresql:///aragora?host=/nowhere"),
            wakeUps: WakeUps(isPolling: true),
            queue: NotificationQueue(),
            origin: "me",
            timing: PostgresListener.Timing(),
            time: time,
            jitter: FixedJitter(),
            logger: lines.logger,
            send: { _ in }
        )
        try await running({ await listener.run() }) {
            // It tries again after less than five seconds; beside it sleeps the probe.
            for _ in 0..<24 {
                await time.waitForSleepers(2)
                time.advance(by: .seconds(5))
            }
            await time.waitForSleepers(2)
        }
        #expect(lines.all.count { $0.contains("Cannot listen") } == 3, "\(lines.all)")
    }

    @Test func aListenerThatIsStoppedSaysNothing() async throws {
        try await withDatabase(.postgres) { test in
            let lines = KeptLog.Lines()
            let listening = try openDatabase(test.configuration, logger: lines.logger)
            try await running({ await listening.runWakeUps() }) {
                _ = try await eventually("the listener") { listening.wakeUps.isPolling ? nil : true }
            }
            await listening.close()
            #expect(!lines.all.contains { $0.contains("lost") || $0.contains("Cannot listen") }, "\(lines.all)")
        }
    }
}
