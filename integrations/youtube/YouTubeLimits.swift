/// YouTube's limits, as data.
///
/// Sources: https://developers.google.com/youtube/v3/docs/videos, …/docs/thumbnails/set, …/docs/captions/insert and
/// https://developers.google.com/youtube/v3/determine_quota_cost (uploads have had a bucket of their own since 2025)
package enum YouTubeLimits {
    /// In characters; `<` and `>` are not allowed in either.
    package static let title = 100
    /// In bytes of UTF-8.
    package static let description = 5000
    /// What of it is ours: the line by which a video is found again.
    static let reference = 40
    /// All tags together: those with blanks count two more for their quotes, and commas stand between.
    package static let tags = 500
    /// Files; the one of captions is smaller than YouTube would take.
    package static let videoBytes = 256 << 30
    package static let thumbnailBytes = 2 << 20
    package static let captionBytes = 10 << 20
    /// Pieces of an upload are multiples of 256 KiB, the last one excepted.
    package static let chunkBytes = 8 << 20
    /// What a project may use between two midnights in California: uploads, and units for everything else.
    package static let dailyUploads: Int64 = 100
    package static let dailyQuota: Int64 = 10_000
    /// How long a channel that has uploaded too much has to wait.
    static let channelPause = Duration.seconds(86_400)

    /// What is counted, for the whole project.
    enum Bucket: String {
        case units, uploads
    }

    /// What a call costs.
    enum Cost {
        /// Paid when an upload's session begins.
        case upload
        case read, small, captions

        var bucket: Bucket { self == .upload ? .uploads : .units }

        var amount: Int64 {
            switch self {
            case .upload, .read: 1
            case .small: 50
            case .captions: 400
            }
        }
    }

    /// The categories that a video may have: YouTube's number of "Science & Technology".
    package static let defaultCategory = "28"
    package static let privacies = ["private", "unlisted", "public"]
    /// The newest uploads that are read to find one.
    static let uploadPages = 4
}
