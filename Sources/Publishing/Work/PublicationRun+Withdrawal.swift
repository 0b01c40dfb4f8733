import CoreTypes
import Persistence

extension PublicationRun {
    /// Takes back what is out, the last step first.
    func withdraw(_ publication: Publication) async throws {
        var parts = try await load()
        for position in parts.indices.reversed() {
            if mayBeOut(parts[position]) {
                guard try await findOut(&parts, position, of: publication) else { return }
            }
            guard parts[position].state == .sent else { continue }
            let outcome = await platform.withdraw(step(parts[position], parts, publication))
            let decision = policy.decide(
                outcome,
                attempts: parts[position].attempts,
                isRepeatable: true,
                now: time.now(),
                jitter: jitter.next()
            )
            switch decision {
            case .done:
                parts[position].state = .withdrawn
                try await save(parts[position])
            case .again(let moment, _, let failure):
                // Still out, and so still `sent`: only the failure is noted.
                try await note(parts[position], failure, until: moment)
                return
            case .fail(let failure), .ask(_, let failure), .redo(_, _, let failure), .loseTrack(let failure):
                try await note(parts[position], failure, until: PublicationStore.never)
                return
            }
        }
        _ = try await write { try desk.step(.finishWithdrawal, claim, in: $0) }
        removeFiles()
    }

    /// Whether nobody knows of a step that it is not out.
    private func mayBeOut(_ part: PublicationPart) -> Bool {
        switch part.state {
        case .sending, .unknown: true
        case .queued, .failed: platform.isRepeatable(part.kind) && part.progress != .null
        case .sent, .withdrawn: false
        }
    }

    /// Finds out whether a step that is to be taken back is out.
    /// - Returns: false where the publication has to wait for that, or for somebody who looks.
    private func findOut(_ parts: inout [PublicationPart], _ position: Int, of publication: Publication) async throws
        -> Bool
    {
        var part = parts[position]
        let sentAt = part.sentAt ?? publication.updatedAt
        // What the platform does not show yet may still appear.
        let earliest = sentAt + policy.reconcileDelay
        guard earliest <= time.now() else {
            try await note(part, nil, until: earliest)
            return false
        }
        let answer = await platform.reconcile(step(part, parts, publication))
        switch policy.decide(answer, attempts: 0, sentAt: sentAt, now: time.now()) {
        case .done(let remoteID):
            part.state = .sent
            part.remoteID = remoteID
        case .again:
            part.state = .queued
            part.progress = .null
        case .ask(let moment, let failure):
            part.state = .unknown
            try await note(part, failure, until: moment)
            return false
        case .fail(let failure), .redo(_, _, let failure), .loseTrack(let failure):
            part.state = .unknown
            try await note(part, failure, until: PublicationStore.never)
            return false
        }
        (part.attempts, part.errorCode, part.errorMessage) = (0, nil, nil)
        try await save(part)
        parts[position] = part
        return true
    }

    private func note(_ part: PublicationPart, _ failure: PublishingFailure?, until: Timestamp) async throws {
        var part = part
        part.attempts += 1
        (part.errorCode, part.errorMessage) = (failure?.code, failure?.description)
        let noted = part
        try await write { transaction in
            try store(noted, in: transaction)
            try pause(failure, until: until, in: transaction)
        }
    }
}
