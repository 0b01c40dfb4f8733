import CoreTypes
import Metrics
import Persistence

/// The work on one claimed publication, step by step, until it is out, has to wait or needs somebody.
///
/// A step is marked as on its way before its first byte leaves. After a crash, one that may be begun anew is; of any
/// other the platform is asked what became of it, and only what is certainly not there is sent.
struct PublicationRun {
    let desk: PublicationDesk
    let platform: any PublishingPlatform
    let claim: PublicationClaim
    let policy: PartPolicy
    let time: any TimeSource
    let jitter: any JitterSource

    /// Does what there is to do.
    /// - Throws: `DatabaseError`, `leaseLost` among them: then somebody else goes on.
    func work(_ publication: Publication) async throws {
        if publication.state == .withdrawing { return try await withdraw(publication) }
        guard let publication = try await proceed({ try desk.step(.begin, claim, in: $0) }) else { return }
        var parts = try await load()
        for position in parts.indices where parts[position].state != .sent {
            guard try await finish(&parts, position, of: publication) else { return }
        }
        let done = parts
        // What is out without something that was to belong to it says so.
        let missing = done.first { $0.state == .failed }
        let published = try await proceed { transaction in
            let change = PublicationStore.Change(
                url: platform.url(of: done),
                errorCode: missing.map { "without_\($0.kind)" },
                errorMessage: missing.map { "It is out without its \($0.kind): \($0.errorMessage ?? "refused")" }
            )
            return try desk.step(.finish, claim, change, in: transaction)
        }
        if published != nil { removeFiles() }
    }

    /// Brings one step to its end.
    /// - Returns: false where the publication has to wait or is over.
    private func finish(_ parts: inout [PublicationPart], _ position: Int, of publication: Publication) async throws
        -> Bool
    {
        let isRepeatable = platform.isRepeatable(parts[position].kind)
        switch parts[position].state {
        case .sent, .withdrawn: return true
        case .failed:
            let code = parts[position].errorCode ?? "failed"
            let failure = PublishingFailure(.permanent, code: code, parts[position].errorMessage ?? "")
            return try await follow(.fail(failure), &parts[position])
        case .sending where !isRepeatable, .unknown where !isRepeatable:
            let part = parts[position]
            let answer = await platform.reconcile(step(part, parts, publication))
            let decision = policy.decide(
                answer,
                attempts: part.attempts,
                sentAt: part.sentAt ?? publication.updatedAt,
                now: time.now()
            )
            guard case .again = decision else { return try await follow(decision, &parts[position]) }
            parts[position].attempts += 1
        case .queued, .sending, .unknown: break
        }
        parts[position].state = .sending
        parts[position].sentAt = time.now()
        let begun = parts[position]
        guard try await proceed({ try store(begun, in: $0) }) != nil else { return false }
        let outcome = await platform.send(step(parts[position], parts, publication))
        count(outcome)
        // What was noted on the way stands in the row alone.
        parts[position] = try await load()[position]
        let decision = policy.decide(
            outcome,
            attempts: parts[position].attempts,
            isRepeatable: isRepeatable,
            now: time.now(),
            jitter: jitter.next()
        )
        return try await follow(decision, &parts[position])
    }

    /// Writes down what follows from a step.
    /// - Returns: whether the next one may be begun.
    private func follow(_ decision: PartPolicy.Decision, _ part: inout PublicationPart) async throws -> Bool {
        switch decision {
        case .done(let remoteID):
            part.state = .sent
            part.remoteID = remoteID.isEmpty ? nil : remoteID
            (part.errorCode, part.errorMessage) = (nil, nil)
            try await save(part)
            return true
        case .again(let moment, let countsAsFailure, let failure):
            part.state = .queued
            if countsAsFailure { part.attempts += 1 }
            try await wait(&part, failure, until: moment)
        case .ask(let moment, let failure):
            part.state = .unknown
            try await wait(&part, failure, until: moment)
        case .redo(let numbers, let moment, let failure):
            part.state = .queued
            part.attempts += 1
            try await wait(&part, failure, until: moment, redoing: numbers)
        case .fail(let failure) where platform.isOptional(part.kind):
            part.state = .failed
            (part.errorCode, part.errorMessage) = (failure.code, failure.description)
            try await save(part)
            return true
        case .fail(let failure): try await end(.fail, &part, .failed, failure)
        case .loseTrack(let failure): try await end(.loseTrack, &part, .unknown, failure)
        }
        return false
    }

    private func wait(
        _ part: inout PublicationPart,
        _ failure: PublishingFailure?,
        until moment: Timestamp,
        redoing numbers: [Int] = []
    ) async throws {
        (part.errorCode, part.errorMessage) = (failure?.code, failure?.description)
        let part = part
        _ = try await proceed(storing: part) { transaction in
            for var lost in try desk.parts.parts(of: claim.id, workspace: claim.workspace, in: transaction)
            where numbers.contains(lost.number) {
                (lost.state, lost.progress, lost.remoteID) = (.queued, .null, nil)
                try store(lost, in: transaction)
            }
            try pause(failure, until: moment, in: transaction)
        }
    }

    func pause(_ failure: PublishingFailure?, until: Timestamp, in transaction: borrowing Transaction) throws {
        try desk.publications.release(
            claim,
            availableAt: until,
            errorCode: failure?.code,
            errorMessage: failure?.description,
            in: transaction
        )
    }

    private func end(
        _ step: PublicationState.Step,
        _ part: inout PublicationPart,
        _ state: PublicationPart.State,
        _ failure: PublishingFailure
    ) async throws {
        part.state = state
        (part.errorCode, part.errorMessage) = (failure.code, failure.description)
        let part = part
        _ = try await proceed(storing: part) { transaction in
            // A part of it may be out all the same.
            let all = try desk.parts.parts(of: claim.id, workspace: claim.workspace, in: transaction)
            let change = PublicationStore.Change(
                url: platform.url(of: all),
                errorCode: failure.code,
                errorMessage: failure.description
            )
            return try desk.step(step, claim, change, in: transaction)
        }
    }

    // MARK: Rows

    func removeFiles() { (platform as? any WorkingFiles)?.removeFiles(of: claim.id) }

    func step(_ part: PublicationPart, _ parts: [PublicationPart], _ publication: Publication)
        -> PublicationStep
    {
        PublicationStep(publication: publication, part: part, parts: parts) { progress in
            var part = part
            part.progress = progress
            let saved = part
            try await write { transaction in
                guard try !isTakenBack(in: transaction) else {
                    throw PublicationError.conflict("The publication was taken back.")
                }
                try store(saved, in: transaction)
            }
        }
    }

    func load() async throws -> [PublicationPart] {
        try await outlast {
            try await desk.database.read { try desk.parts.parts(of: claim.id, workspace: claim.workspace, in: $0) }
        }
    }

    func save(_ part: PublicationPart) async throws {
        try await write { try store(part, in: $0) }
    }

    func store(_ part: PublicationPart, in transaction: borrowing Transaction) throws {
        try desk.parts.save(part, of: claim.id, workspace: claim.workspace, now: time.now(), in: transaction)
    }

    /// A transaction that takes the publication further; where it was taken back in the meantime, the claim is given
    /// back instead, so that what is out is deleted at once.
    /// - Parameter part: what is known of a step, which is written down in either case.
    /// - Returns: nil where the publication was taken back.
    private func proceed<Value: Sendable>(
        storing part: PublicationPart? = nil,
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value? {
        try await write { transaction in
            if let part { try store(part, in: transaction) }
            guard try !isTakenBack(in: transaction) else {
                try pause(nil, until: time.now(), in: transaction)
                return nil
            }
            return try body(transaction)
        }
    }

    private func isTakenBack(in transaction: borrowing Transaction) throws -> Bool {
        try desk.publications.find(claim.id, workspace: claim.workspace, in: transaction)?.state == .withdrawing
    }

    /// A transaction that changes something only while the claim holds.
    func write<Value: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        try await outlast {
            try await desk.database.write { transaction in
                try desk.publications.assertHeld(claim, in: transaction)
                return try body(transaction)
            }
        }
    }

    /// Does something through short outages of the database: what is not written down of a step has to be asked of the
    /// platform later, and not every platform can answer.
    ///
    /// What may have been done is done again: it writes the same, or meets a claim that was given back with it.
    private func outlast<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        var delay = Duration.milliseconds(250)
        var tries = 1
        while true {
            do {
                return try await body()
            } catch let error as DatabaseError
                where (error.isRetryable || error.reason == .commitUnknown) && tries < 10
            {
                try await time.sleep(for: delay)
                delay = min(delay * 2, .seconds(5))
                tries += 1
            }
        }
    }

    private func count(_ outcome: PartOutcome) {
        let word =
            switch outcome {
            case .sent: "sent"
            case .waiting: "waiting"
            case .lost: "lost"
            case .untraceable: "untraceable"
            case .failed(let failure):
                switch failure.kind {
                case .limited: "limited"
                case .transient: "transient"
                case .permanent: "permanent"
                case .authentication: "authentication"
                case .unknown: "unknown"
                }
            }
        Counter(
            label: "aragora_publication_steps_total",
            dimensions: [("platform", platform.name), ("outcome", word)]
        ).increment()
    }
}
