import CoreTypes
import DatabaseSupport
import Emulators
import Persistence
import Publishing
import TestSupport
import Testing
import YouTubeIntegration

@Suite("A video on YouTube")
struct YouTubeUploadTests {
    private func video(_ size: Int, in world: PublishingWorld) throws -> (content: JSONValue, bytes: [UInt8]) {
        var generator = SeededGenerator(seed: 7)
        let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let files: [(String, [UInt8])] = [
            ("video.mp4", bytes), ("thumbnail.jpg", [255, 216, 255]), ("captions.srt", Array("1\n".utf8)),
        ]
        var content: JSONValue = [
            "title": "A verdict", "description": "What the panel says.", "tags": ["aragora", "four-day weeks"],
            "category": "28", "privacy": "private", "language": "en",
        ]
        for (name, bytes) in files {
            let path = "\(world.directory)/\(name)"
            try write(bytes, to: path)
            let file = try YouTubeVideo.File(path: path, maximumBytes: 1 << 30)
            let key = String(name.prefix { $0 != "." })
            content[key] = ["path": .string(file.path), "sha256": .string(file.digest)]
        }
        return (content, bytes)
    }

    /// Checks that there is one video, whole, with all that belongs to it.
    private func expectOne(_ bytes: [UInt8], _ emulator: YouTubeEmulator, _ note: String) throws {
        #expect(emulator.videos.count == 1, "\(note)")
        let video = try #require(emulator.videos.first)
        #expect(video.bytes == bytes, "\(note)")
        #expect(video.thumbnail == [255, 216, 255], "\(note)")
        #expect(video.captions == ["en/"], "\(note)")
    }

    @Test(arguments: DatabaseEngine.allCases) func isUploadedInPieces(engine: DatabaseEngine) async throws {
        try await withYouTube(engine, chunkUnit: 256 << 10) { world, emulator in
            let (content, bytes) = try video(1_000_001, in: world)
            let id = try await world.release(content, on: "youtube")
            let process = try world.process(chunkBytes: 256 << 10)
            let publication = try await world.work(process, on: id)
            #expect(publication.state == .published)
            try expectOne(bytes, emulator, "")
            let uploaded = emulator.videos[0]
            #expect(publication.url == "https://www.youtube.com/watch?v=\(uploaded.id)")
            #expect(uploaded.resource["status"]?["privacyStatus"] == "private")
            #expect(uploaded.resource["snippet"]?["tags"] == ["aragora", "four-day weeks"])
            #expect(emulator.requests.filter { $0.hasPrefix("PUT") }.count == 4)
            // What the session would allow is sealed.
            let rows = try await world.database.run(
                "select sealed_progress from publication_parts where part_number = 1"
            )
            let sealed = try #require(try rows[0].blobOrNil("sealed_progress"))
            #expect(!String(decoding: sealed, as: UTF8.self).contains("upload_id"))
        }
    }

    @Test("The connection broken at any byte of the upload: it goes on there, and there is one video")
    func brokenAtAnyByte() async throws {
        let size = 64
        for byte in 0...size {
            try await withYouTube(faults: EmulatorFaults(.init(atByte: byte))) { world, emulator in
                let (content, bytes) = try video(size, in: world)
                let id = try await world.release(content, on: "youtube")
                let process = try world.process(chunkBytes: 16)
                #expect(try await world.work(process, on: id).state == .published, "byte \(byte)")
                try expectOne(bytes, emulator, "byte \(byte)")
                // Nothing that had arrived was sent again: one session, and the status asked for once.
                #expect(emulator.requests.filter { $0 == "POST /upload/youtube/v3/videos" }.count == 1)
            }
        }
    }

    @Test(
        "The process killed at any step, with bytes lost or not: another one goes on, and there is one video",
        arguments: DatabaseEngine.allCases
    )
    func killedAnywhere(engine: DatabaseEngine) async throws {
        var step = 1
        var isOver = false
        while !isOver {
            try await withYouTube(engine) { world, emulator in
                let (content, bytes) = try video(70, in: world)
                let id = try await world.release(content, on: "youtube")
                let first = try world.process(dyingAt: step, chunkBytes: 16)
                try await world.work(first, on: id)
                isOver = !first.life.isOver
                guard !isOver else { return }
                world.time.advance(by: .seconds(31))
                // The second one dies in the middle of its range as well.
                let second = try world.process(dyingAt: 9, chunkBytes: 16)
                try await world.work(second, on: id)
                world.time.advance(by: .seconds(31))
                let third = try world.process(chunkBytes: 16)
                #expect(try await world.work(third, on: id).state == .published, "step \(step)")
                try expectOne(bytes, emulator, "step \(step)")
            }
            step += 1
        }
        #expect(step > 50)
    }

    @Test("A session that YouTube has forgotten: what is complete is found again, what is not begins anew")
    func forgottenSessions() async throws {
        // Before the last piece, and after it.
        for (fault, posts) in [(EmulatorFaults.Plan(atByte: 20), 2), (EmulatorFaults.Plan(afterWrite: 4), 1)] {
            try await withYouTube(faults: EmulatorFaults(fault)) { world, emulator in
                let (content, bytes) = try video(64, in: world)
                let id = try await world.release(content, on: "youtube")
                let process = try world.process(chunkBytes: 16)
                _ = try await process.worker.work(only: id)
                #expect(try await world.find(id).publication.state == .sending)
                emulator.forgetSessions()
                #expect(try await world.work(process, on: id).state == .published)
                try expectOne(bytes, emulator, "\(fault)")
                #expect(emulator.requests.filter { $0 == "POST /upload/youtube/v3/videos" }.count == posts)
            }
        }
    }

    @Test("A video that is not listed yet is waited for, and one that may be hidden behind others is never sent again")
    func unlisted() async throws {
        // Lost within the last piece: nothing is there, which only time shows.
        try await withYouTube(faults: EmulatorFaults(.init(atByte: 60))) { world, emulator in
            let (content, bytes) = try video(64, in: world)
            let id = try await world.release(content, on: "youtube")
            let process = try world.process(chunkBytes: 16)
            let begun = world.time.now()
            _ = try await process.worker.work(only: id)
            emulator.forgetSessions()
            world.time.advance(by: .seconds(60))
            _ = try await process.worker.work(only: id)
            let waiting = try await world.find(id).publication
            #expect(waiting.errorCode == "not_listed_yet")
            #expect(waiting.availableAt == begun + .seconds(600))
            #expect(try await world.work(process, on: id).state == .published)
            try expectOne(bytes, emulator, "")
        }
        try await withYouTube(faults: EmulatorFaults(.init(afterWrite: 4))) { world, emulator in
            let (content, _) = try video(64, in: world)
            let id = try await world.release(content, on: "youtube")
            let process = try world.process(chunkBytes: 16)
            _ = try await process.worker.work(only: id)
            emulator.forgetSessions()
            emulator.addVideos(200)
            let lost = try await world.work(process, on: id)
            #expect(lost.state == .unknown && lost.errorCode == "untraceable")
            #expect(emulator.videos.count == 201)
            // Somebody has looked.
            let video = try #require(emulator.videos.first?.id)
            _ = try await process.desk.resolve(id, workspace: acme, part: 1, remoteID: video)
            #expect(try await world.work(process, on: id).state == .published)
            #expect(emulator.videos.count == 201 && emulator.videos[0].captions == ["en/"])
        }
    }

    @Test("The day's quota is kept in the database and waited for", arguments: DatabaseEngine.allCases)
    func quota(engine: DatabaseEngine) async throws {
        try await withYouTube(engine) { world, emulator in
            let small = world.with(["YOUTUBE_DAILY_UPLOADS": "2"])
            let (content, _) = try video(10, in: world)
            var ids: [PublicationID] = []
            for key in ["a", "b", "c"] { ids.append(try await small.release(content, on: "youtube", key: key)) }
            let begun = world.time.now()
            for id in ids.prefix(2) {
                #expect(try await small.work(try small.process(), on: id).state == .published)
            }
            #expect(world.time.now() - begun < .seconds(600))
            let requests = emulator.requests.count
            _ = try await small.process().worker.work(only: ids[2])
            #expect(emulator.requests.count == requests)
            let third = try await small.find(ids[2]).publication
            #expect(third.errorCode == "quota_exceeded")
            #expect(third.availableAt == PacificDay(of: world.time.now()).end)
            #expect(try await small.work(try small.process(), on: ids[2]).state == .published)
            #expect(emulator.videos.count == 3)
            // Uploads cost no units: each video takes 50 for the thumbnail, 400 for the captions and some for reading.
            #expect(emulator.used < 3 * 500)
        }
    }

    @Test(
        "When Google says that a quota is gone, nothing is asked until midnight",
        arguments: [(Int64(100), Int64(100), "units"), (1000, 0, "uploads")]
    )
    func quotaOfOthers(quota: Int64, uploads: Int64, bucket: String) async throws {
        try await withYouTube(quota: quota, uploads: uploads) { world, emulator in
            let (content, _) = try video(10, in: world)
            let id = try await world.release(content, on: "youtube")
            let process = try world.process()
            _ = try await process.worker.work(only: id)
            let publication = try await world.find(id).publication
            #expect(publication.errorCode == "quota_exceeded")
            let requests = emulator.requests.count
            world.time.advance(by: .seconds(3600))
            _ = try await process.worker.work(only: id)
            #expect(emulator.requests.count == requests)
            let full = try await world.database.run("select bucket from publication_quotas where used >= quota")
            #expect(try full.map { try $0.text("bucket") } == [bucket])
        }
    }

    @Test("A channel that has uploaded too much waits a day, and the project's quota is left alone")
    func fullChannel() async throws {
        try await withYouTube { world, emulator in
            emulator.setChannel(isFull: true)
            let (content, bytes) = try video(10, in: world)
            let id = try await world.release(content, on: "youtube")
            let process = try world.process()
            _ = try await process.worker.work(only: id)
            let publication = try await world.find(id).publication
            #expect(publication.state == .sending)
            #expect(publication.errorCode == "upload_limit")
            #expect(publication.availableAt == world.time.now() + .seconds(86_400))
            let quotas = try await world.database.run("select used from publication_quotas")
            #expect(try quotas.map { try $0.integer("used") } == [1])
            emulator.setChannel(isFull: false)
            #expect(try await world.work(process, on: id).state == .published)
            try expectOne(bytes, emulator, "")
        }
    }

    @Test("A video that YouTube never finishes is asked for ever less often, and given up after a day")
    func neverProcessed() async throws {
        try await withYouTube { world, emulator in
            emulator.stopProcessing()
            let (content, _) = try video(10, in: world)
            let id = try await world.release(content, on: "youtube")
            let begun = world.time.now()
            let process = try world.process()
            let failed = try await world.work(process, on: id)
            #expect(failed.state == .failed)
            #expect(failed.errorCode == "never_ready")
            #expect((.seconds(12 * 3600)...Duration.seconds(30 * 3600)).contains(world.time.now() - begun))
            #expect(emulator.requests.filter { $0 == "GET /youtube/v3/videos" }.count <= 150)
            _ = try await process.desk.withdraw(id, workspace: acme)
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.videos.isEmpty)
        }
    }

    @Test func aTokenThatIsRefusedIsRenewed() async throws {
        try await withYouTube { world, emulator in
            emulator.expireTokens()
            let (content, bytes) = try video(40, in: world)
            let id = try await world.release(content, on: "youtube")
            #expect(try await world.work(try world.process(chunkBytes: 16), on: id).state == .published)
            #expect(emulator.refreshes == 1)
            try expectOne(bytes, emulator, "")
        }
    }

    @Test func takenBack() async throws {
        try await withYouTube { world, emulator in
            let (content, _) = try video(40, in: world)
            let id = try await world.release(content, on: "youtube")
            let process = try world.process()
            try await world.work(process, on: id)
            emulator.faults.set(.init(afterWrite: 1))
            _ = try await process.desk.withdraw(id, workspace: acme)
            #expect(try await world.work(process, on: id).state == .withdrawn)
            #expect(emulator.videos.isEmpty)
        }
    }

    @Test func aVideoThatWasChangedAfterItsReleaseDoesNotGoOut() async throws {
        try await withYouTube { world, emulator in
            let (content, _) = try video(40, in: world)
            let id = try await world.release(content, on: "youtube")
            _ = try video(41, in: world)
            #expect(try await world.work(try world.process(), on: id).state == .failed)
            #expect(emulator.videos.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("title", .string(String(repeating: "x", count: 101))), ("title", " "), ("title", "a < b"),
            ("description", .string(String(repeating: "ü", count: 2490))), ("privacy", "secret"), ("category", "x"),
            ("tags", .strings((0..<60).map { "tag number \($0)" })), ("video", .null),
        ] as [(String, JSONValue)]
    )
    func contentThatYouTubeRefusesIsNotStored(field: String, value: JSONValue) async throws {
        try await withYouTube { world, _ in
            var (content, _) = try video(10, in: world)
            content[field] = value
            let error = await #expect(throws: PublicationError.self) {
                _ = try await world.release(content, on: "youtube")
            }
            #expect(error?.code == "invalid_publication")
        }
    }

    @Test func draftsHaveNoAngleBracketsWhateverCharacterTheyAreAPartOf() async throws {
        try await withYouTube { world, _ in
            let path = "\(world.directory)/video.mp4"
            try write([1, 2, 3], to: path)
            let outcome = DebateOutcome(
                receiptID: "DR-20250615-abcdef",
                question: "Is \u{600}<b>\u{301} right?",
                answer: "Yes.",
                confidence: 0.82,
                consensusReached: true,
                panel: ["a (m)"]
            )
            let platform = try world.process().desk.platform("youtube")
            let content = try platform.draft(outcome, options: ["video": .string(path)])
            #expect(content["title"]?.string == "Is \u{600}‹b›\u{301} right?")
        }
    }
}
