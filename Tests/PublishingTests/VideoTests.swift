import CoreTypes
import DatabaseSupport
import Foundation
import Publishing
import TestSupport
import Testing
import Transport

@Suite("The video of a verdict")
struct VideoTests {
    private let script = VideoScript(
        title: "Should we move to four-day weeks? 100% sure: 'quoted', \\backslash, %{pts}",
        panel: ["alpha (m1)", "beta (m2)"],
        text: String(repeating: "The panel agrees, with one condition: output is measured. ", count: 14) + "\n\n終わり。",
        standing: "The panel agrees, confidence 82 %."
    )

    @Test func cardsHoldEveryWordWithinTheirLines() throws {
        let cards = try script.cards()
        #expect(cards.count == 5)
        for card in cards {
            #expect(card.lines.count <= 13)
            for line in card.lines { #expect(line.count <= 54) }
        }
        let words = cards.flatMap(\.lines).joined(separator: " ").split(whereSeparator: \.isWhitespace)
        let all = [script.title, script.panel.joined(separator: " "), script.text, script.standing].joined(
            separator: " "
        )
        #expect(words == all.split(whereSeparator: \.isWhitespace))
    }

    @Test func anEndlessVerdictIsNoVideo() {
        let endless = VideoScript(title: "x", panel: [], text: String(repeating: "word ", count: 40_000), standing: "")
        #expect(throws: PublicationError.self) { try endless.cards() }
    }

    @Test("ffmpeg makes a film with sound, a thumbnail and captions; what is there is not made again")
    func rendered() async throws {
        try await withTemporaryDirectory { directory in
            let tools = VideoTools(searchPath: "/usr/local/bin:/usr/bin:/bin")
            try #require(tools.isComplete, "ffmpeg has to be installed (scripts/setup test).")
            let renderer = VideoRenderer(tools: tools, directory: directory, speech: nil, time: ManualTime())
            let short = VideoScript(title: script.title, panel: [], text: "Yes.", standing: "")
            let files = try await renderer.render(short, for: PublicationID("p1"))
            let folder = "\(directory)/p1"
            let probe = try ChildProcess(
                "/usr/bin/ffprobe",
                ["-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "csv=p=0", files.video]
            )
            #expect(try await probe.waitForExit() == .exited(0))
            let words = probe.output.split(whereSeparator: { $0.isWhitespace || $0 == "," })
            #expect(words.prefix(2) == ["h264", "aac"])
            let duration = try #require(Double(words.last ?? ""))
            // Ten words of title at 2.5 words a second and four seconds of verdict, and a frame here and there.
            #expect((8.0...10.0).contains(duration), "\(duration)")
            let captions = try String(contentsOfFile: files.captions, encoding: .utf8)
            #expect(captions.hasPrefix("1\n00:00:00,000 --> 00:00:0"))
            #expect(captions.contains("\n2\n") && captions.contains("Yes."))
            #expect(try Data(contentsOf: URL(fileURLWithPath: files.thumbnail)).prefix(2) == Data([0xFF, 0xD8]))

            let made =
                try FileManager.default.attributesOfItem(atPath: "\(folder)/card-1.mp4")[.modificationDate] as? Date
            _ = try await renderer.render(short, for: PublicationID("p1"))
            let again =
                try FileManager.default.attributesOfItem(atPath: "\(folder)/card-1.mp4")[.modificationDate] as? Date
            #expect(made == again)
        }
    }

    /// A voice: the same short sound for every text.
    private struct Tone: SpeechSource {
        let bytes: [UInt8]
        func speak(_ text: String) async throws -> [UInt8] { bytes }
    }

    @Test("With a voice, a card is shown as long as it is spoken")
    func spoken() async throws {
        try await withTemporaryDirectory { directory in
            let tone = "\(directory)/tone.mp3"
            let arguments = ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=1.5", tone]
            let process = try ChildProcess("/usr/bin/ffmpeg", arguments)
            try #require(try await process.waitForExit() == .exited(0), "\(process.output)")
            let voice = Tone(bytes: Array(try Data(contentsOf: URL(fileURLWithPath: tone))))
            let tools = VideoTools(searchPath: "/usr/bin")
            let renderer = VideoRenderer(tools: tools, directory: directory, speech: voice, time: ManualTime())
            let script = VideoScript(title: "One", panel: [], text: "Two", standing: "")
            let files = try await renderer.render(script, for: PublicationID("p2"))
            let captions = try String(contentsOfFile: files.captions, encoding: .utf8)
            let seconds = captions.split(separator: "\n").filter { $0.contains("-->") }.compactMap { line in
                Double(line.suffix(6).replacing(",", with: "."))
            }
            #expect(seconds.count == 2)
            #expect((1.9...2.3).contains(seconds[0]) && (3.8...4.6).contains(seconds[1]), "\(seconds)")
        }
    }

    @Test("A program that takes too long, or that nobody waits for any more, is gone when the call ends")
    func stubborn() async throws {
        for isCancelled in [false, true] {
            try await withTemporaryDirectory { directory in
                let sign = "\(directory)/number"
                // What ignores a signal hands that down to the program that takes its place.
                let text = "#!/bin/sh\ntrap '' TERM\necho $$ > \(sign)\nexec sleep 600\n"
                for name in ["ffmpeg", "ffprobe"] {
                    try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
                    #expect(chmod("\(directory)/\(name)", 0o755) == 0)
                }
                let (time, tools) = (ManualTime(), VideoTools(searchPath: directory))
                let renderer = VideoRenderer(tools: tools, directory: directory, speech: nil, time: time)
                let script = self.script
                let rendering = Task { try await renderer.render(script, for: PublicationID("p4")) }
                let number = try await eventually("the program") { () -> Int32? in
                    let line = (try? String(contentsOfFile: sign, encoding: .utf8)) ?? ""
                    return line.hasSuffix("\n") ? Int32(line.dropLast()) : nil
                }
                await time.waitForSleepers()
                if isCancelled { rendering.cancel() } else { time.advance(by: .seconds(300)) }
                let result = await rendering.result
                let isGone = kill(number, 0) == -1 && errno == ESRCH
                #expect(isGone)
                if isCancelled {
                    #expect(throws: CancellationError.self) { _ = try result.get() }
                } else {
                    #expect(throws: PublishingFailure.self) { _ = try result.get() }
                }
            }
        }
    }

    @Test func withoutFfmpegItIsSaidClearly() async throws {
        try await withTemporaryDirectory { directory in
            let tools = VideoTools(searchPath: directory)
            let renderer = VideoRenderer(tools: tools, directory: directory, speech: nil, time: ManualTime())
            let error = await #expect(throws: PublicationError.self) {
                _ = try await renderer.render(script, for: PublicationID("p3"))
            }
            #expect(error?.description.contains("apt-get install ffmpeg") == true)
        }
    }
}
