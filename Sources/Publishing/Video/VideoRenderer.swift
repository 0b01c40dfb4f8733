package import CoreTypes
import Foundation

/// Makes the video of a verdict with ffmpeg, card by card.
///
/// What is there already is not made again, so that a renderer that was stopped goes on where it was.
package struct VideoRenderer: Sendable {
    /// The files of a video.
    package struct Files: Sendable, Hashable {
        package var video: String
        package var thumbnail: String
        package var captions: String

        init(folder: String) {
            video = "\(folder)/video.mp4"
            thumbnail = "\(folder)/thumbnail.jpg"
            captions = "\(folder)/captions.srt"
        }
    }

    private static let size = (width: 1280, height: 720)
    private static let timeout = Duration.seconds(300)

    private let tools: VideoTools
    private let directory: String
    private let speech: (any SpeechSource)?
    private let time: any TimeSource

    /// Makes a renderer.
    /// - Parameters:
    ///   - directory: where the files of all publications go, each in a folder of its own.
    ///   - speech: says the texts; nil for videos without a voice.
    package init(tools: VideoTools, directory: String, speech: (any SpeechSource)?, time: any TimeSource) {
        self.tools = tools
        self.directory = directory
        self.speech = speech
        self.time = time
    }

    /// What was rendered of a publication; nil where a file is not here.
    package func files(of id: PublicationID) -> Files? {
        let files = Files(folder: folder(of: id))
        return [files.video, files.thumbnail, files.captions].allSatisfy(exists) ? files : nil
    }

    /// The publications of which there are files here.
    package func publications() -> [PublicationID] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).map { PublicationID($0) }
    }

    /// Removes what was rendered of a publication.
    package func removeFiles(of id: PublicationID) {
        try? FileManager.default.removeItem(atPath: folder(of: id))
    }

    private func folder(of id: PublicationID) -> String { "\(directory)/\(id)" }

    /// Renders a script.
    /// - Returns: the files, which stay until somebody removes them.
    /// - Throws: `PublishingFailure`, or `PublicationError` where ffmpeg is missing or the script is too long.
    package func render(_ script: VideoScript, for id: PublicationID) async throws -> Files {
        let programs = try tools.find()
        let cards = try script.cards()
        let folder = folder(of: id)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw PublishingFailure(.permanent, code: "no_folder", "The folder \(folder) cannot be made.")
        }
        var durations: [Double] = []
        for (position, card) in cards.enumerated() {
            let segment = "card-\(position + 1).mp4"
            if !exists("\(folder)/\(segment)") {
                try await renderCard(card, position + 1, of: cards.count, in: folder, programs)
            }
            durations.append(try await duration(of: segment, in: folder, programs))
        }
        let list = cards.indices.map { "file 'card-\($0 + 1).mp4'\n" }.joined()
        try write(list, to: "\(folder)/cards.txt")
        try write(Captions.subRip(cards, durations), to: "\(folder)/captions.srt")
        try await run(
            ["-f", "concat", "-safe", "0", "-i", "cards.txt", "-c", "copy", "-movflags", "+faststart"],
            to: "video.mp4",
            in: folder,
            programs
        )
        try await run(["-i", "card-1.mp4", "-frames:v", "1", "-q:v", "3"], to: "thumbnail.jpg", in: folder, programs)
        return Files(folder: folder)
    }

    private func renderCard(
        _ card: VideoScript.Card,
        _ number: Int,
        of total: Int,
        in folder: String,
        _ programs: VideoTools.Programs
    ) async throws {
        // The texts go by files with names of our own: nothing of a verdict is ever part of a command.
        try write(card.heading, to: "\(folder)/card-\(number)-heading.txt")
        try write(card.lines.joined(separator: "\n"), to: "\(folder)/card-\(number).txt")
        try write("\(number) / \(total)", to: "\(folder)/card-\(number)-page.txt")
        func text(_ file: String, _ style: String) -> String { "drawtext=textfile=\(file):expansion=none:\(style)" }
        let filter = [
            text("card-\(number)-heading.txt", "font=Sans:fontsize=40:fontcolor=0x7fb4ff:x=80:y=64"),
            text("card-\(number).txt", "font=Mono:fontsize=34:line_spacing=10:fontcolor=white:x=80:y=140"),
            text("card-\(number)-page.txt", "font=Sans:fontsize=24:fontcolor=0x8a94a6:x=w-tw-80:y=h-60"),
        ].joined(separator: ",")
        let background = "color=c=0x10151f:s=\(Self.size.width)x\(Self.size.height):r=25"
        var arguments = ["-f", "lavfi", "-i", background]
        if let speech {
            let voice = "\(folder)/card-\(number).mp3"
            if !exists(voice) { try write(try await speech.speak(card.spoken), to: voice) }
            // Half a second of silence behind each card; `-shortest` would let the picture run on.
            let seconds = try await duration(of: "card-\(number).mp3", in: folder, programs) + 0.5
            arguments += ["-i", "card-\(number).mp3", "-af", "apad", "-t", String(seconds)]
        } else {
            let seconds = String(card.readingTime.inSeconds)
            arguments += ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", seconds]
        }
        arguments += [
            "-vf", filter, "-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-ar", "48000", "-ac", "2",
        ]
        try await run(arguments, to: "card-\(number).mp4", in: folder, programs)
    }

    /// Runs ffmpeg; the file appears under its name only when it is whole.
    private func run(
        _ arguments: [String],
        to file: String,
        in folder: String,
        _ programs: VideoTools.Programs
    ) async throws {
        let draft = "draft-\(file)"
        let words = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y"] + arguments + [draft]
        let result = try await call(programs.ffmpeg, words, in: folder, timeout: Self.timeout)
        guard result.status == 0, rename("\(folder)/\(draft)", "\(folder)/\(file)") == 0 else {
            throw PublishingFailure(
                .permanent,
                code: "ffmpeg_failed",
                "ffmpeg could not make \(file) (exit \(result.status)); see \(folder)/\(ExternalProgram.log)."
            )
        }
    }

    private func duration(of file: String, in folder: String, _ programs: VideoTools.Programs) async throws -> Double {
        let words = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file]
        let result = try await call(programs.ffprobe, words, in: folder, timeout: .seconds(30))
        guard result.status == 0, let seconds = Double(result.output.filter { !$0.isWhitespace }), seconds > 0 else {
            throw PublishingFailure(.permanent, code: "ffprobe_failed", "ffprobe cannot read \(folder)/\(file).")
        }
        return seconds
    }

    private func call(
        _ path: String,
        _ words: [String],
        in folder: String,
        timeout: Duration
    ) async throws -> ExternalProgram.Result {
        try await ExternalProgram.run(path, words, in: folder, timeout: timeout, time: time)
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw PublishingFailure(.transient, code: "write_failed", "The file \(path) cannot be written.")
        }
    }
}

/// Subtitles.
enum Captions {
    /// The cards as SubRip text, each while it is shown.
    static func subRip(_ cards: [VideoScript.Card], _ durations: [Double]) -> String {
        var text = ""
        var start = 0.0
        for (position, (card, duration)) in zip(cards, durations).enumerated() {
            text += "\(position + 1)\n\(moment(start)) --> \(moment(start + duration))\n"
            text += VideoScript.wrapped(card.spoken).joined(separator: "\n") + "\n\n"
            start += duration
        }
        return text
    }

    private static func moment(_ seconds: Double) -> String {
        let milliseconds = Int((seconds * 1000).rounded())
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(milliseconds / 3_600_000, 2)):\(padded(milliseconds / 60_000 % 60, 2))"
            + ":\(padded(milliseconds / 1000 % 60, 2)),\(padded(milliseconds % 1000, 3))"
    }
}
