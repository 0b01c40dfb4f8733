import CoreTypes
import DatabaseSupport
import Emulators
import Persistence
import Publishing
import TestSupport
import Testing
import Transport
import XIntegration

@Suite("A thread on X")
struct XThreadTests {
    private func thread(_ count: Int) -> XThread {
        XThread(
            posts: (1...count).map {
                XThread.Post(
                    text:
                        "Finding \($0) & more <of it>, R&amp;D, see https://example.com/\($0) and a.com \($0)/\(count)"
                )
            }
        )
    }

    /// Checks that what is out is the thread, once and in its order.
    private func expectOnce(_ thread: XThread, _ emulator: XEmulator, _ note: String) {
        let posts = emulator.posts
        #expect(posts.map(\.text) == thread.posts.map(\.text), "\(note)")
        #expect(posts.map(\.repliesTo) == [nil] + posts.dropLast().map(\.id), "\(note)")
    }

    @Test(arguments: DatabaseEngine.allCases) func goesOutInItsOrder(engine: DatabaseEngine) async throws {
        try await withX(engine) { world, emulator in
            let thread = thread(5)
            let id = try await world.release(thread.json, on: "x")
            let publication = try await world.work(try world.process(), on: id)
            #expect(publication.state == .published)
            #expect(publication.url == "https://x.com/i/status/\(emulator.posts[0].id)")
            expectOnce(thread, emulator, "")
            let types = ["drafted", "previewed", "released", "sending", "published"].map { "publication.\($0)" }
            #expect(world.events.types == types)
            #expect(Set(world.events.keys).count == types.count)
            #expect(!emulator.requests.contains { $0.hasPrefix("GET") })
        }
    }

    @Test(
        "Thirty parts, the connection broken at any one of them, before or after it is out: each is posted once",
        arguments: DatabaseEngine.allCases
    )
    func brokenConnections(engine: DatabaseEngine) async throws {
        // Postgres is the same program with another engine: every seventh part there, and all of them here.
        for part in stride(from: 1, through: 30, by: engine == .sqlite ? 1 : 7) {
            for isDone in [false, true] {
                let plan = EmulatorFaults.Plan(afterWrite: isDone ? part : nil, beforeWrite: isDone ? nil : part)
                try await withX(engine, faults: EmulatorFaults(plan)) { world, emulator in
                    let thread = thread(30)
                    let id = try await world.release(thread.json, on: "x")
                    let publication = try await world.work(try world.process(), on: id)
                    #expect(publication.state == .published, "\(part), \(isDone)")
                    expectOnce(thread, emulator, "\(part), \(isDone)")
                }
            }
        }
    }

    @Test(
        "Thirty parts, the process killed at any step: another one goes on, and each is posted once",
        arguments: DatabaseEngine.allCases
    )
    func killedAnywhere(engine: DatabaseEngine) async throws {
        // Every step of the first parts, and every seventh of the others; fewer on the slower engine.
        var step = 1
        var isOver = false
        while !isOver {
            try await withX(engine) { world, emulator in
                let thread = thread(30)
                let id = try await world.release(thread.json, on: "x")
                let first = try world.process(dyingAt: step)
                try await world.work(first, on: id)
                isOver = !first.life.isOver
                guard !isOver else { return }
                world.time.advance(by: .seconds(31))
                let publication = try await world.work(try world.process(), on: id)
                #expect(publication.state == .published, "step \(step)")
                expectOnce(thread, emulator, "step \(step)")
            }
            step += engine == .sqlite ? (step < 40 ? 1 : 7) : 19
        }
        #expect(step > 200)
    }

    @Test func twoProcessesPostItOnce() async throws {
        try await withX(.postgres) { world, emulator in
            let thread = thread(12)
            let id = try await world.release(thread.json, on: "x")
            let processes = try (0..<4).map { _ in try world.process() }
            await withTaskGroup(of: Void.self) { group in
                for process in processes { group.addTask { _ = try? await process.worker.work(only: id) } }
            }
            #expect(try await world.find(id).publication.state == .published)
            expectOnce(thread, emulator, "")
        }
    }

    @Test("Where the timeline cannot be read, a part stays unknown until somebody has looked")
    func unknownParts() async throws {
        for isOut in [false, true] {
            let plan = EmulatorFaults.Plan(afterWrite: isOut ? 3 : nil, beforeWrite: isOut ? nil : 3)
            try await withX(faults: EmulatorFaults(plan)) { world, emulator in
                emulator.setTimeline(isReadable: false)
                let thread = thread(5)
                let id = try await world.release(thread.json, on: "x")
                let process = try world.process()
                #expect(try await world.work(process, on: id).state == .unknown)
                #expect(try await world.find(id).parts.map(\.state) == [.sent, .sent, .unknown, .queued, .queued])
                let count = emulator.posts.count
                // Trying again asks again; it sends nothing.
                _ = try await process.desk.retry(id, workspace: acme)
                #expect(try await world.work(process, on: id).state == .unknown)
                #expect(emulator.posts.count == count)

                let remote = isOut ? emulator.posts[2].id : nil
                _ = try await process.desk.resolve(id, workspace: acme, part: 3, remoteID: remote)
                #expect(try await world.work(process, on: id).state == .published)
                expectOnce(thread, emulator, "\(isOut)")
            }
        }
    }

    @Test("A database that is away when X has answered costs no part its id", .timeLimit(.minutes(1)))
    func absentDatabase() async throws {
        try await withX { world, emulator in
            emulator.setTimeline(isReadable: false)
            let id = try await world.release(XThread(posts: [.init(text: "Hello")]).json, on: "x")
            // One write is that of X's limits, which does without; the other one and the read are the part's.
            let absence = Absence(after: "/2/tweets", writes: 2, reads: 1)
            let absent = PublishingWorld(
                database: AbsentDatabase(base: world.database, absence: absence),
                time: world.time,
                transport: AbsenceTransport(base: world.transport, absence: absence),
                settings: world.settings,
                directory: world.directory
            )
            let process = try absent.process()
            async let worked = process.worker.work(only: id)
            for _ in 1...2 {
                // The heartbeat, and whoever waits for the database.
                await world.time.waitForSleepers(2)
                world.time.advance(by: .milliseconds(250))
            }
            #expect(try await worked && absence.isOver)
            let found = try await world.find(id)
            #expect(found.publication.state == .published && emulator.posts.count == 1)
            #expect(found.parts.map(\.remoteID) == emulator.posts.map(\.id))
        }
    }

    @Test(
        "Of a limit that ends at no moment nothing is kept",
        arguments: ["-9223372036854775808", "-1", "1099511627776"]
    )
    func senselessLimits(reset: String) async throws {
        try await withX { world, emulator in
            let transport = AlteredTransport(base: world.transport) { _, response in
                HTTPResponse(
                    status: response.status,
                    headers: [("x-rate-limit-reset", reset)] + response.headers,
                    body: response.body
                )
            }
            let id = try await world.release(thread(2).json, on: "x")
            let process = try world.with(transport: transport).process()
            #expect(try await world.work(process, on: id).state == .published)
            expectOnce(thread(2), emulator, reset)
            #expect(try await world.database.run("select bucket from publication_quotas").isEmpty)
        }
    }

    @Test("Limits that X tells of are kept, across processes")
    func limits() async throws {
        try await withX { world, emulator in
            emulator.limit(posts: 4)
            let thread = thread(10)
            let id = try await world.release(thread.json, on: "x")
            let begun = world.time.now()
            let process = try world.process()
            _ = try await process.worker.work(only: id)
            #expect(emulator.posts.count == 4)
            // Another process knows of it from the database: it asks nothing.
            let requests = emulator.requests.count
            world.time.advance(by: .seconds(60))
            _ = try await world.process().worker.work(only: id)
            #expect(emulator.requests.count == requests)
            #expect(try await world.work(process, on: id).state == .published)
            expectOnce(thread, emulator, "")
            #expect(world.time.now() - begun >= .seconds(1800))
            #expect(!emulator.requests.isEmpty)
        }
    }

    @Test("A part that is refused stops the thread; trying again goes on there")
    func refusal() async throws {
        try await withX { world, emulator in
            let thread = thread(3)
            let id = try await world.release(thread.json, on: "x")
            // The account has said the first one's words already.
            emulator.add(text: thread.posts[0].text, author: XEmulator.ownAccount)
            let process = try world.process()
            let failed = try await world.work(process, on: id)
            #expect(failed.state == .failed)
            #expect(failed.errorCode == "duplicate")
            #expect(world.events.types.last == "publication.failed")
            #expect(emulator.posts.count == 1)
            _ = try await process.desk.retry(id, workspace: acme)
            #expect(try await world.work(process, on: id).state == .failed)
        }
    }

    @Test func takenBack() async throws {
        try await withX { world, emulator in
            let id = try await world.release(thread(4).json, on: "x")
            let process = try world.process()
            try await world.work(process, on: id)
            #expect(emulator.posts.count == 4)
            emulator.faults.set(.init(afterWrite: 2))
            _ = try await process.desk.withdraw(id, workspace: acme)
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.posts.isEmpty)
            #expect(try await world.find(id).parts.allSatisfy { $0.state == .withdrawn })
            #expect(world.events.types.suffix(2) == ["publication.withdrawing", "publication.withdrawn"])
        }
    }

    @Test func answersAPost() async throws {
        try await withX { world, emulator in
            emulator.add(text: "A question")
            let question = emulator.posts[0].id
            let id = try await world.release(XThread(posts: thread(2).posts, repliesTo: question).json, on: "x")
            try await world.work(try world.process(), on: id)
            #expect(emulator.posts[1].repliesTo == question)
            #expect(emulator.posts[2].repliesTo == emulator.posts[1].id)
        }
    }

    @Test("An answer whose connection broke is found, although X puts names before its text", arguments: 1...3)
    func answersAreFound(write: Int) async throws {
        try await withX(faults: EmulatorFaults(.init(afterWrite: write))) { world, emulator in
            emulator.add(text: "A question")
            let question = emulator.posts[0].id
            // One of the names that X adds stands there already.
            let posts = [XThread.Post(text: "@stranger Yes.")] + thread(2).posts
            let id = try await world.release(XThread(posts: posts, repliesTo: question).json, on: "x")
            #expect(try await world.work(try world.process(), on: id).state == .published)
            #expect(emulator.posts.map(\.text) == ["A question"] + posts.map(\.text))
            #expect(emulator.requests.contains("GET /2/users/\(XEmulator.ownAccount)/tweets"))
        }
    }

    @Test("A post whose text has a sign that makes one character with what stands before it is found again")
    func signWithinCharacter() async throws {
        try await withX(faults: EmulatorFaults(EmulatorFaults.Plan(afterWrite: 1))) { world, emulator in
            let transport = AlteredTransport(base: world.transport) { request, response in
                guard request.url.contains("/tweets?") else { return response }
                let body = response.body.flatMap { byte -> [UInt8] in
                    byte == UInt8(ascii: "<") ? Array("&lt;".utf8) : [byte]
                }
                return HTTPResponse(status: response.status, headers: response.headers, body: body)
            }
            let altered = world.with(transport: transport)
            let thread = XThread(posts: [XThread.Post(text: "It is \u{600}<b, they say.")])
            let id = try await altered.release(thread.json, on: "x")
            #expect(try await altered.work(try altered.process(), on: id).state == .published)
            #expect(emulator.requests.contains("GET /2/users/\(XEmulator.ownAccount)/tweets"))
            expectOnce(thread, emulator, "")
        }
    }

    @Test func longVerdictsBecomeThreadsThatFit() async throws {
        try await withX { world, _ in
            let outcome = DebateOutcome(
                receiptID: "DR-20250615-abcdef",
                question: "Should we move to four-day weeks?",
                answer: String(repeating: "**Yes**, for teams that measure [output](https://example.com). ", count: 60),
                confidence: 0.82,
                consensusReached: true,
                panel: ["a (m)"]
            )
            let platform = try world.process().desk.platform("x")
            let content = try platform.draft(outcome, options: [:])
            let thread = try XThread(json: content)
            #expect(thread.posts.count > 10)
            #expect(!thread.posts.contains { $0.text.contains("**") || $0.text.contains("](") })
            #expect(try platform.plan(content).count == thread.posts.count)
        }
    }

    @Test(
        arguments: [
            ["posts": []], ["posts": [["text": ""]]],
            ["posts": [["text": .string(String(repeating: "x", count: 281))]]],
            ["posts": [["text": "x"]], "reply_to": "12/34"], [:],
            ["posts": [["text": "x", "media": [["path": "/x"]]]]],
        ] as [JSONValue]
    )
    func contentThatXRefusesIsNotStored(content: JSONValue) async throws {
        try await withX { world, _ in
            let error = await #expect(throws: PublicationError.self) {
                _ = try await world.release(content, on: "x")
            }
            #expect(error?.code == "invalid_publication")
        }
    }
}
