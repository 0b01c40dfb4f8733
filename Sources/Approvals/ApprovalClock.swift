package import CoreTypes
package import Logging
package import Persistence

/// Takes the steps that time takes: reminders, escalations, expiries, the ends of delegations.
///
/// Each step is a row that is taken in the transaction of everything that follows from it, so it is taken once, however
/// many gateways run, and a process that dies in the middle has taken nothing.
package struct ApprovalClock: Sendable {
    private let database: any Database
    private let desk: ApprovalDesk
    private let time: any TimeSource
    private let logger: Logger

    /// The longest time without a look.
    private static let poll = Duration.seconds(5)
    private static let batch = 50

    /// Makes a clock.
    package init(database: any Database, desk: ApprovalDesk, time: any TimeSource, logger: Logger) {
        self.database = database
        self.desk = desk
        self.time = time
        self.logger = logger
    }

    /// Works until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do {
                _ = try await fireDue()
                database.wakeUps.noteSuccess(of: "approvals", at: time.now(), logger)
            } catch is CancellationError {
                return
            } catch {
                database.wakeUps.noteFailure(of: "approvals", error, at: time.now(), logger)
            }
            let next = try? await database.read { try desk.course.steps.nextDue(in: $0) }
            let wait = next.map { max($0 - time.now(), .milliseconds(200)) } ?? Self.poll
            try? await time.sleep(for: min(wait, Self.poll))
        }
    }

    /// Takes every step that is due now.
    /// - Returns: how many this process took.
    /// - Throws: `DatabaseError`.
    package func fireDue() async throws -> Int {
        var taken = 0
        while true {
            let steps = try await database.read {
                try desk.course.steps.due(at: time.now(), limit: Self.batch, in: $0)
            }
            var progress = 0
            for step in steps {
                do {
                    if try await database.write({ try desk.fire(step, in: $0) }) { progress += 1 }
                } catch let error as any CodedError where !error.isRetryable {
                    logger.error(
                        "A step of an approval failed.",
                        metadata: ["step": "\(step.kind.word)", "code": "\(error.code)"]
                    )
                }
            }
            taken += progress
            if progress > 0 {
                await database.notify(.outbox)
                await database.notify(.jobs)
            }
            if steps.count < Self.batch || progress == 0 { return taken }
        }
    }
}
