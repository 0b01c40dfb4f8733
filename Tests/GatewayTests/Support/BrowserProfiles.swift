import Foundation

/// Where the browsers of this process keep their profiles.
enum BrowserProfiles {
    private static let prefix = "aragora-browsers-"

    /// The directory of this process.
    ///
    /// What processes that have ended left behind is removed first: of the last browsers of a run nobody sees the end.
    static let directory: String = {
        removeLeftovers()
        return path(of: getpid())
    }()

    /// The directory of a process.
    static func path(of process: Int32) -> String { "\(NSTemporaryDirectory())\(prefix)\(process)" }

    /// Removes the directories of all processes that have ended.
    static func removeLeftovers() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let process = Int32(name.dropFirst(prefix.count)), process > 0, kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(atPath: path(of: process))
        }
    }
}
