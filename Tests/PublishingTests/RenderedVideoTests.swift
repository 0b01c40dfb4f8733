import CoreTypes
import DatabaseSupport
import Emulators
import Foundation
import Persistence
import Publishing
import TestSupport
import Testing

@Suite("A rendered video on YouTube")
struct RenderedVideoTests {
    private let content: JSONValue = [
        "title": "A verdict", "description": "What the panel says.", "category": "28", "privacy": "private",
        "language": "en", "script": VideoScript(title: "Yes?", panel: [], text: "Yes.", standing: "").json,
    ]

    @Test("A rendered video that is gone, as on another machine, is made again; what is over leaves no files")
    func madeAgain() async throws {
        try await withYouTube { world, emulator in
            // It was rendered, and waits for a day.
            emulator.setChannel(isFull: true)
            let id = try await world.release(content, on: "youtube")
            _ = try await world.process().worker.work(only: id)
            #expect(try await world.find(id).parts[0].state == .sent)
            #expect(try await world.find(id).parts[0].remoteID == nil)
            let folder = "\(world.directory)/\(id)"
            #expect(FileManager.default.fileExists(atPath: "\(folder)/video.mp4"))
            try FileManager.default.removeItem(atPath: folder)

            emulator.setChannel(isFull: false)
            let process = try world.process()
            let publication = try await world.work(process, on: id)
            #expect(publication.state == .published)
            let video = try #require(emulator.videos.first)
            #expect(emulator.videos.count == 1)
            #expect(video.bytes.count > 1000)
            #expect(video.thumbnail?.prefix(2) == [255, 216])
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test("Files that another process has left are removed once their publication is over")
    func leftFiles() async throws {
        try await withYouTube { world, emulator in
            let id = try await world.release(content, on: "youtube")
            let folder = "\(world.directory)/\(id)"
            // Another machine's copy, and what belongs to nobody.
            let stranger = "\(world.directory)/somebody"
            for folder in [folder, stranger] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            let worker = try world.process().worker
            await worker.removeFiles()
            #expect(FileManager.default.fileExists(atPath: folder))
            _ = try await world.process().desk.withdraw(id, workspace: acme)
            try await world.work(try world.process(), on: id)
            #expect(!FileManager.default.fileExists(atPath: folder))
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            await worker.removeFiles()
            #expect(!FileManager.default.fileExists(atPath: folder))
            #expect(FileManager.default.fileExists(atPath: stranger))
        }
    }
}
