import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import Publishing
import Synchronization
import TestSupport
import Testing

@Suite("Publications")
struct PublicationTests {
    @Test("The way of a publication, step by step")
    func stateMachine() {
        typealias State = PublicationState
        let way: [(State, State.Step, State?)] = [
            (.drafted, .preview, .previewed), (.drafted, .release, nil), (.previewed, .revise, .drafted),
            (.previewed, .release, .released), (.released, .release, nil), (.released, .revise, nil),
            (.released, .begin, .sending), (.sending, .finish, .published), (.sending, .fail, .failed),
            (.sending, .loseTrack, .unknown), (.unknown, .retry, .released), (.unknown, .withdraw, .withdrawing),
            (.failed, .retry, .released), (.published, .retry, nil), (.published, .release, nil),
            (.published, .withdraw, .withdrawing), (.sending, .withdraw, .withdrawing), (.withdrawn, .retry, nil),
        ]
        for (state, step, next) in way { #expect(state.after(step) == next, "\(state) \(step)") }
        // Nothing leaves the end, and nothing is sent that was not released.
        for step in State.Step.allCases { #expect(State.withdrawn.after(step) == nil) }
        for state in State.allCases where state.after(.begin) != nil { #expect([.released, .sending].contains(state)) }
        for state in State.allCases where state.after(.release) != nil { #expect(state == .previewed) }
    }

    /// A platform that takes anything.
    private struct Anywhere: PublishingPlatform {
        let name = "anywhere"
        func draft(_ outcome: DebateOutcome, options: JSONValue) throws -> JSONValue {
            ["text": .string(outcome.answer)]
        }
        func plan(_ content: JSONValue) throws -> [PlannedPart] { [PlannedPart(kind: "post", payload: content)] }
        func preview(_ content: JSONValue) -> String { content["text"]?.string ?? "" }
        func isRepeatable(_ kind: String) -> Bool { false }
        func isOptional(_ kind: String) -> Bool { false }
        func editableText(_ content: JSONValue) -> String? { nil }
        func edited(_ content: JSONValue, text: String) throws -> JSONValue { content }
        func send(_ step: PublicationStep) async -> PartOutcome { .sent(remoteID: "1") }
        func reconcile(_ step: PublicationStep) async -> PartReconciliation { .notSent }
        func withdraw(_ step: PublicationStep) async -> PartOutcome { .sent(remoteID: "") }
        func url(of parts: [PublicationPart]) -> String? { "https://example.com/1" }
        func diagnose() async -> [Finding] { [] }
    }

    /// Somebody who has to be asked, and whom the operator cannot stand in for.
    private final class Approvers: PublicationRelease {
        let withdrawn = Mutex<[String]>([])
        func ask(
            for publication: Publication,
            preview: String,
            text: String?,
            in transaction: borrowing Transaction
        ) -> String? {
            "request-\(publication.version)"
        }
        func approve(
            _ request: String,
            of publication: Publication,
            text: String?,
            by person: String,
            in transaction: borrowing Transaction
        ) throws -> String? { throw PublicationError.conflict("You are not among those who decide \(request).") }
        func withdraw(_ request: String, of publication: Publication, in transaction: borrowing Transaction) {
            withdrawn.withLock { $0.append(request) }
        }
        func changed(_ publication: Publication, preview: String, in transaction: borrowing Transaction) {}
    }

    private func desk(
        _ database: any Database,
        release: any PublicationRelease = OperatorRelease(),
        events: RecordedEvents = RecordedEvents()
    ) throws -> PublicationDesk {
        let time = ManualTime(now: start)
        return PublicationDesk(
            database: database,
            platforms: [Anywhere()],
            sealer: try Sealer(keys: testKeys),
            release: release,
            events: events,
            time: time,
            identifiers: RandomIdentifiers(time: time)
        )
    }

    private func new(_ key: String, text: String = "Hello") -> NewPublication {
        NewPublication(
            workspace: acme,
            platform: "anywhere",
            originKey: key,
            content: ["text": .string(text)],
            requestedBy: "U1"
        )
    }

    /// A platform of two posts with a picture and a caption, on which some are refused for good.
    private struct Refusing: PublishingPlatform {
        let name = "refusing"
        let refused: Set<String>
        func draft(_ outcome: DebateOutcome, options: JSONValue) throws -> JSONValue { [:] }
        func plan(_ content: JSONValue) throws -> [PlannedPart] {
            ["first", "picture", "second"].map { PlannedPart(kind: $0, payload: [:]) }
        }
        func preview(_ content: JSONValue) -> String { "" }
        func isRepeatable(_ kind: String) -> Bool { false }
        func isOptional(_ kind: String) -> Bool { kind == "picture" }
        func editableText(_ content: JSONValue) -> String? { nil }
        func edited(_ content: JSONValue, text: String) throws -> JSONValue { content }
        func send(_ step: PublicationStep) async -> PartOutcome {
            guard refused.contains(step.part.kind) else { return .sent(remoteID: step.part.kind) }
            return .failed(PublishingFailure(.permanent, code: "forbidden", "The channel may not."))
        }
        func reconcile(_ step: PublicationStep) async -> PartReconciliation { .notSent }
        func withdraw(_ step: PublicationStep) async -> PartOutcome { .sent(remoteID: "") }
        func url(of parts: [PublicationPart]) -> String? {
            parts.first { $0.kind == "first" }?.remoteID.map { "https://example.com/\($0)" }
        }
        func diagnose() async -> [Finding] { [] }
    }

    @Test(
        "What may be missing does not fail what is out, and what is out is found though the rest failed",
        arguments: DatabaseEngine.allCases,
        ["picture", "second"]
    )
    func refusedPart(engine: DatabaseEngine, kind: String) async throws {
        try await withDatabase(engine) { test in
            let time = ManualTime(now: start)
            let desk = PublicationDesk(
                database: test.database,
                platforms: [Refusing(refused: [kind])],
                sealer: try Sealer(keys: testKeys),
                time: time,
                identifiers: RandomIdentifiers()
            )
            let worker = PublicationWorker(
                desk: desk,
                owner: "one",
                time: time,
                jitter: FixedJitter(),
                logger: .silent
            )
            var request = new("a")
            request.platform = "refusing"
            let id = try await desk.draft(request).id
            _ = try await desk.preview(id, workspace: acme)
            _ = try await desk.releaseAsOperator(id, workspace: acme, by: "op")
            _ = try await worker.work(only: id)
            let (ended, parts) = try await desk.find(id)
            #expect(ended.url == "https://example.com/first")
            #expect(parts.first { $0.kind == kind }?.state == .failed)
            if kind == "picture" {
                #expect(ended.state == .published && parts.last?.state == .sent)
                #expect(ended.errorCode == "without_picture")
                #expect(ended.errorMessage == "It is out without its picture: The channel may not.")
            } else {
                #expect(ended.state == .failed && ended.errorCode == "forbidden")
            }
        }
    }

    @Test("The same request drafts one publication", arguments: DatabaseEngine.allCases)
    func draftsOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let events = RecordedEvents()
            let desk = try desk(test.database, events: events)
            let first = try await desk.draft(new("a"))
            #expect(try await desk.draft(new("a")).id == first.id)
            // Also after it was changed; but with the same key nothing else can be asked for.
            _ = try await desk.revise(first.id, workspace: acme, content: ["text": "Changed"])
            #expect(try await desk.draft(new("a")).id == first.id)
            let error = await #expect(throws: PublicationError.self) {
                _ = try await desk.draft(new("a", text: "Other"))
            }
            #expect(error?.code == "conflict")
            #expect(try await desk.draft(new("b")).id != first.id)
            #expect(events.types == ["publication.drafted", "publication.drafted"])
            #expect(try await desk.list(workspace: acme, limit: 10).total == 2)
            #expect(try await desk.list(workspace: WorkspaceID("slack:T2"), limit: 10).total == 0)
            await #expect(throws: PublicationError.self) {
                _ = try await desk.find(first.id, workspace: WorkspaceID("slack:T2"))
            }
        }
    }

    @Test("A release is bound to what was shown", arguments: DatabaseEngine.allCases)
    func releaseIsBound(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let desk = try desk(test.database)
            let id = try await desk.draft(new("a")).id
            await #expect(throws: PublicationError.self) {
                _ = try await desk.releaseAsOperator(id, workspace: acme, by: "op")
            }
            let shown = try await desk.preview(id, workspace: acme).publication
            _ = try await desk.revise(id, workspace: acme, content: ["text": "Changed"])
            _ = try await desk.preview(id, workspace: acme)
            let error = await #expect(throws: PublicationError.self) {
                _ = try await desk.releaseAsOperator(id, workspace: acme, contentHash: shown.contentHash, by: "op")
            }
            #expect(error?.code == "conflict")
            let released = try await desk.releaseAsOperator(id, workspace: acme, by: "op")
            #expect(released.state == .released)
            #expect(released.releasedBy == "op")
            await #expect(throws: PublicationError.self) {
                _ = try await desk.revise(id, workspace: acme, content: ["text": "Again"])
            }
        }
    }

    @Test("Where approvers decide, the operator's word does not release", arguments: DatabaseEngine.allCases)
    func approversDecide(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let desk = try desk(test.database, release: Approvers())
            let id = try await desk.draft(new("a")).id
            let shown = try await desk.preview(id, workspace: acme).publication
            await #expect(throws: PublicationError.self) {
                _ = try await desk.releaseAsOperator(id, workspace: acme, by: "op")
            }
            // A decision releases in its own transaction; what fails there releases nothing.
            await #expect(throws: PublicationError.self) {
                try await test.database.write { transaction in
                    try desk.release(id, workspace: acme, contentHash: shown.contentHash, by: "U2", in: transaction)
                    throw PublicationError.invalid("The decision is void.")
                }
            }
            #expect(try await desk.find(id).publication.state == .previewed)
            try await test.database.write { transaction in
                _ = try desk.release(id, workspace: acme, contentHash: shown.contentHash, by: "U2", in: transaction)
            }
            #expect(try await desk.find(id).publication.releasedBy == "U2")
        }
    }

    @Test("What is changed or taken back is not asked about any more", arguments: DatabaseEngine.allCases)
    func requestsEnd(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let approvers = Approvers()
            let desk = try desk(test.database, release: approvers)
            let id = try await desk.draft(new("a")).id
            #expect(try await desk.preview(id, workspace: acme).publication.approval == "request-1")
            _ = try await desk.revise(id, workspace: acme, content: ["text": "Changed"])
            #expect(approvers.withdrawn.withLock { $0 } == ["request-1"])
            #expect(try await desk.preview(id, workspace: acme).publication.approval == "request-3")
            _ = try await desk.withdraw(id, workspace: acme)
            #expect(approvers.withdrawn.withLock { $0 } == ["request-1", "request-3"])
        }
    }

    @Test("Whoever refuses says why, and its author reads it", arguments: DatabaseEngine.allCases)
    func refused(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let desk = try desk(test.database, release: Approvers())
            for (isFinal, state) in [(true, PublicationState.withdrawn), (false, .drafted)] {
                let id = try await desk.draft(new("\(isFinal)")).id
                _ = try await desk.preview(id, workspace: acme)
                try await test.database.write { transaction in
                    try desk.refuse(id, workspace: acme, isFinal: isFinal, reason: "Ann: too long", in: transaction)
                }
                let refused = try await desk.find(id).publication
                #expect(refused.state == state)
                #expect(refused.errorMessage == "Ann: too long")
            }
        }
    }

    @Test("Of many releases at once one counts", arguments: DatabaseEngine.allCases)
    func releasedOnce(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let events = RecordedEvents()
            let desk = try desk(test.database, events: events)
            let id = try await desk.draft(new("a")).id
            _ = try await desk.preview(id, workspace: acme)
            let count = await withTaskGroup(of: Int.self) { group in
                for person in 0..<20 {
                    group.addTask {
                        let released = try? await desk.releaseAsOperator(id, workspace: acme, by: "U\(person)")
                        return released == nil ? 0 : 1
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(count == 1)
            #expect(try await desk.find(id).parts.count == 1)
        }
    }

    @Test("A worker that lost its lease changes nothing", arguments: DatabaseEngine.allCases)
    func fencing(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let desk = try desk(test.database)
            let id = try await desk.draft(new("a")).id
            _ = try await desk.preview(id, workspace: acme)
            _ = try await desk.releaseAsOperator(id, workspace: acme, by: "op")
            let store = PublicationStore()
            func claim(_ owner: String, at moment: Timestamp) async throws -> PublicationClaim? {
                try await test.database.write { transaction in
                    try store.claim(owner: owner, lease: .seconds(30), now: moment, in: transaction)?.claim
                }
            }
            let first = try #require(try await claim("one", at: start))
            #expect(try await claim("two", at: start + .seconds(29)) == nil)
            let second = try #require(try await claim("two", at: start + .seconds(31)))
            let error = await #expect(throws: DatabaseError.self) {
                try await test.database.write { try store.assertHeld(first, in: $0) }
            }
            #expect(error?.reason == .leaseLost)
            try await test.database.write { try store.assertHeld(second, in: $0) }
        }
    }

    @Test func receiptsAreRead() throws {
        let receipt: JSONValue = [
            "debate_id": "d1", "receipt_id": "DR-1", "question": "Q?", "final_answer": "**A**", "confidence": 0.815,
            "consensus_reached": true, "dissent": [["agent": "gamma"]],
            "panel": [
                ["name": "alpha", "model": "m1", "demo": false], ["name": "gamma", "model": "m2", "demo": true],
            ],
        ]
        let outcome = try DebateOutcome(receipt: receipt.bytes)
        #expect(outcome.standing == "The panel agrees, against gamma, confidence 82 %. Demo agents, no AI models.")
        #expect(outcome.panel == ["alpha (m1)", "gamma (m2)"])
        var unfinished = receipt
        unfinished["final_answer"] = ""
        #expect(throws: PublicationError.self) { try DebateOutcome(receipt: unfinished.bytes) }
    }

    @Test func markdownBecomesText() {
        let markdown = """
            ## Verdict

            Yes, **with `one` condition**, see [the study](https://example.com/a) and <https://example.com>.

            1. First
            2. Second
               - inner

            | a | b |
            |---|---|
            | 1 | 2 |
            """
        let expected = """
            Verdict

            Yes, with one condition, see the study (https://example.com/a) and https://example.com.

            1. First
            2. Second
            • inner

            a | b
            1 | 2
            """
        #expect(PlainText.of(markdown: markdown) == expected)
    }
}
