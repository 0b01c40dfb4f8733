import CoreTypes
import DatabaseSupport
import Emulators
import Persistence
import Publishing
import TestSupport
import Testing
import XIntegration
import YouTubeIntegration

@Suite("Taking back what is on its way")
struct WithdrawalTests {
    private func thread(_ count: Int) -> XThread {
        XThread(posts: (1...count).map { XThread.Post(text: "Part \($0) of \(count)") })
    }

    private func video(_ size: Int, in world: PublishingWorld) throws -> JSONValue {
        let path = "\(world.directory)/video.mp4"
        try write([UInt8](repeating: 7, count: size), to: path)
        let file = try YouTubeVideo.File(path: path, maximumBytes: 1 << 30)
        return [
            "title": "A verdict", "description": "What the panel says.", "category": "28", "privacy": "private",
            "language": "en", "video": ["path": .string(file.path), "sha256": .string(file.digest)],
        ]
    }

    @Test("A thread that waits for a limit goes no further", arguments: DatabaseEngine.allCases)
    func waiting(engine: DatabaseEngine) async throws {
        try await withX(engine) { world, emulator in
            emulator.limit(posts: 4)
            let id = try await world.release(thread(10).json, on: "x")
            let process = try world.process()
            _ = try await process.worker.work(only: id)
            #expect(emulator.posts.count == 4)
            #expect(try await process.desk.withdraw(id, workspace: acme).state == .withdrawing)
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.posts.isEmpty)
            #expect(emulator.requests.filter { $0 == "POST /2/tweets" }.count == 4)
        }
    }

    @Test(
        "A thread that is just being sent stops after the post that is on its way",
        arguments: DatabaseEngine.allCases
    )
    func sending(engine: DatabaseEngine) async throws {
        try await withX(engine) { world, emulator in
            let id = try await world.release(thread(10).json, on: "x")
            let desk = try world.process().desk
            let transport = HookedTransport(base: world.transport, number: 3) {
                _ = try? await desk.withdraw(id, workspace: acme)
            }
            let process = try world.with(transport: transport).process()
            _ = try await process.worker.work(only: id)
            #expect(try await world.find(id).parts.filter { $0.state == .sent }.count == 3)
            // Nobody has to wait for a lease.
            _ = try await world.process().worker.work(only: id)
            #expect(try await world.find(id).publication.state == .withdrawn)
            #expect(emulator.posts.isEmpty)
            #expect(emulator.requests.filter { $0 == "POST /2/tweets" }.count == 3)
        }
    }

    @Test("An upload that is under way ends before its last piece")
    func uploading() async throws {
        try await withYouTube { world, emulator in
            let id = try await world.release(try video(64, in: world), on: "youtube")
            let desk = try world.process().desk
            let transport = HookedTransport(base: world.transport, number: 3) {
                _ = try? await desk.withdraw(id, workspace: acme)
            }
            let process = try world.with(transport: transport).process(chunkBytes: 16)
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.videos.isEmpty)
            // The session, two pieces, and the question how much has arrived.
            #expect(emulator.requests.filter { $0.hasPrefix("PUT") }.count == 3)
        }
    }

    @Test("Refused credentials are no reason to wait for ever")
    func refusedCredentials() async throws {
        try await withX(keys: ["X_API_KEY_SECRET": "wrong"]) { world, emulator in
            let id = try await world.release(thread(2).json, on: "x")
            let process = try world.process()
            _ = try await process.worker.work(only: id)
            #expect(try await world.find(id).publication.state == .sending)
            _ = try await process.desk.withdraw(id, workspace: acme)
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.posts.isEmpty)
        }
    }

    @Test("A part that is unknown is looked for before the thread counts as taken back", arguments: [true, false])
    func unknownParts(isReadable: Bool) async throws {
        try await withX(faults: EmulatorFaults(.init(afterWrite: 3))) { world, emulator in
            emulator.setTimeline(isReadable: false)
            let id = try await world.release(thread(5).json, on: "x")
            let process = try world.process()
            #expect(try await world.work(process, on: id).state == .unknown)
            emulator.setTimeline(isReadable: isReadable)
            _ = try await process.desk.withdraw(id, workspace: acme)
            if !isReadable {
                _ = try await process.worker.work(only: id)
                // Somebody has to look, and the thread is not said to be taken back until then.
                #expect(try await world.find(id).publication.state == .withdrawing)
                #expect(try await world.find(id).parts[2].state == .unknown)
                #expect(emulator.posts.count == 3)
                let found = try #require(emulator.posts.last).id
                _ = try await process.desk.resolve(id, workspace: acme, part: 3, remoteID: found)
            }
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.posts.isEmpty)
        }
    }

    @Test(
        "The process killed at any step and the thread taken back: nothing of it stays",
        arguments: DatabaseEngine.allCases
    )
    func killedThread(engine: DatabaseEngine) async throws {
        var step = 1
        var isOver = false
        while !isOver {
            try await withX(engine) { world, emulator in
                let id = try await world.release(thread(3).json, on: "x")
                let first = try world.process(dyingAt: step)
                try await world.work(first, on: id)
                isOver = !first.life.isOver
                _ = try await world.process().desk.withdraw(id, workspace: acme)
                world.time.advance(by: .seconds(31))
                #expect(try await world.work(try world.process(), on: id).state == .withdrawn, "step \(step)")
                #expect(emulator.posts.isEmpty, "step \(step)")
                #expect(emulator.requests.filter { $0 == "POST /2/tweets" }.count <= 3, "step \(step)")
            }
            step += engine == .sqlite ? 1 : 3
        }
        #expect(step > 20)
    }

    @Test("The process killed at any step and the video taken back: nothing of it stays")
    func killedVideo() async throws {
        var step = 1
        var isOver = false
        while !isOver {
            try await withYouTube { world, emulator in
                let id = try await world.release(try video(40, in: world), on: "youtube")
                let first = try world.process(dyingAt: step, chunkBytes: 16)
                try await world.work(first, on: id)
                isOver = !first.life.isOver
                _ = try await world.process().desk.withdraw(id, workspace: acme)
                world.time.advance(by: .seconds(31))
                #expect(try await world.work(try world.process(), on: id).state == .withdrawn, "step \(step)")
                #expect(emulator.videos.isEmpty, "step \(step)")
            }
            step += 1
        }
        #expect(step > 20)
    }
}
