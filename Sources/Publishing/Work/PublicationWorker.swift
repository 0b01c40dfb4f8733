package import CoreTypes
package import Logging
import Persistence

/// Sends what was released; any number of processes may.
package struct PublicationWorker: Sendable {
    /// How long a claim is held without a heartbeat.
    private static let lease = Duration.seconds(30)
    private static let heartbeat = Duration.seconds(10)
    /// How often it is looked for publications that nobody told of.
    private static let poll = Duration.seconds(2)
    /// How often it is looked for files of publications that are over.
    private static let sweep = Duration.seconds(3600)
    /// Publications that one process sends at once: a long upload must not hold up a post.
    private static let lanes = 4

    private let desk: PublicationDesk
    private let owner: String
    private let policy: PartPolicy
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let logger: Logger

    /// Makes a worker.
    /// - Parameter owner: this process's name, unlike any other's.
    package init(
        desk: PublicationDesk,
        owner: String,
        policy: PartPolicy = PartPolicy(),
        time: any TimeSource,
        jitter: any JitterSource = RandomJitter(),
        logger: Logger
    ) {
        self.desk = desk
        self.owner = owner
        self.policy = policy
        self.time = time
        self.jitter = jitter
        self.logger = logger
    }

    /// Works until its task is cancelled.
    package func run() async {
        // Without a platform there is nothing to look for, and still no end before the gateway's.
        while desk.platforms.isEmpty, !Task.isCancelled { try? await time.sleep(for: .seconds(3600)) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await removeFiles()
                    try? await time.sleep(for: Self.sweep)
                }
            }
            for _ in 0..<Self.lanes {
                group.addTask {
                    while !Task.isCancelled {
                        let wasBusy = await workOrLog()
                        if !wasBusy { try? await time.sleep(for: Self.poll) }
                    }
                }
            }
        }
    }

    /// Removes the files of publications that are over, which a crash or another process's work has left here.
    package func removeFiles() async {
        for platform in desk.platforms.values.compactMap({ $0 as? any WorkingFiles }) {
            for id in platform.publicationsWithFiles() {
                guard let state = try? await desk.find(id).publication.state else { continue }
                if [.published, .withdrawn].contains(state) { platform.removeFiles(of: id) }
            }
        }
    }

    /// Works on one publication until nothing more happens by itself.
    /// - Throws: `PublicationError`, or `DatabaseError`.
    package func run(only id: PublicationID) async throws -> Publication {
        while true {
            _ = try await work(only: id)
            let (publication, _) = try await desk.find(id)
            if publication.state.isSettled || publication.availableAt == PublicationStore.never { return publication }
            try await time.sleep(for: min(max(publication.availableAt - time.now(), .milliseconds(200)), Self.poll))
        }
    }

    /// Works on one publication that is due.
    /// - Returns: false where none is.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package func work(only id: PublicationID? = nil) async throws -> Bool {
        let claimed = try await desk.database.write { transaction in
            try desk.publications.claim(
                only: id,
                owner: owner,
                lease: Self.lease,
                now: time.now(),
                in: transaction
            )
        }
        guard let (publication, claim) = claimed else { return false }
        guard let platform = desk.platforms[publication.platform] else {
            try await desk.database.write { transaction in
                try desk.publications.release(
                    claim,
                    availableAt: time.now() + .seconds(60),
                    errorCode: "not_configured",
                    errorMessage: "The platform is not configured.",
                    in: transaction
                )
            }
            return true
        }
        let run = PublicationRun(
            desk: desk,
            platform: platform,
            claim: claim,
            policy: policy,
            time: time,
            jitter: jitter
        )
        try await withHeartbeat(claim) { try await run.work(publication) }
        return true
    }

    /// Renews the claim while something is done; losing it ends what is done.
    private func withHeartbeat(_ claim: PublicationClaim, _ body: @escaping @Sendable () async throws -> Void)
        async throws
    {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask {
                while true {
                    try await time.sleep(for: Self.heartbeat)
                    do {
                        try await desk.database.write { transaction in
                            try desk.publications.heartbeat(claim, lease: Self.lease, now: time.now(), in: transaction)
                        }
                    } catch let error as DatabaseError where error.reason != .leaseLost {
                        // A database that is away for a moment ends nothing; the next beat tells.
                        continue
                    }
                }
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    private func workOrLog() async -> Bool {
        let wakeUps = desk.database.wakeUps
        do {
            let hasWorked = try await work()
            wakeUps.noteSuccess(of: "publications", at: time.now(), logger)
            return hasWorked
        } catch is CancellationError {
            return false
        } catch let error as DatabaseError where error.reason != .leaseLost {
            wakeUps.noteFailure(of: "publications", error, at: time.now(), logger)
            return false
        } catch {
            let code = (error as? any CodedError)?.code ?? "internal"
            logger.warning("A publication could not be worked on", metadata: ["error.code": "\(code)"])
            return false
        }
    }
}
