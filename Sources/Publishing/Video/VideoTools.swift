#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The programs that a video is made with, found when they are needed.
package struct VideoTools: Sendable {
    /// Where the programs are.
    struct Programs: Sendable {
        let ffmpeg: String
        let ffprobe: String
    }

    private let folders: [String]

    /// Looks into the folders of a search path.
    /// - Parameter searchPath: folders with colons between them, as in `PATH`.
    package init(searchPath: String) {
        folders = searchPath.split(separator: ":").map(String.init)
    }

    /// Whether the programs are there.
    package var isComplete: Bool { (try? find()) != nil }

    /// Finds out whether videos can be made.
    /// - Throws: `PublicationError` that says what is missing.
    package func check() throws(PublicationError) { _ = try find() }

    func find() throws(PublicationError) -> Programs {
        guard let ffmpeg = find("ffmpeg"), let ffprobe = find("ffprobe") else {
            throw .invalid(
                "Videos are made with ffmpeg, which is not installed (on Debian: apt-get install ffmpeg). "
                    + "A finished video can be published with --video."
            )
        }
        return Programs(ffmpeg: ffmpeg, ffprobe: ffprobe)
    }

    private func find(_ name: String) -> String? {
        folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
