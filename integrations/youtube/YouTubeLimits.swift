/// YouTube's limits, as data.
///
/// Sources: https://developers.google.com/youtube/v3/docs/videos, …/docs/thumbnails/set, …/docs/captions/insert and
/// https://developers.google.com/youtube/v3/determine_quota_cost
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
    /// Pieces of an upload are multiples of this, the last one excepted.
    package static let chunkUnit = 256 << 10
    package static let chunkBytes = 8 << 20
    /// What a project may use between two midnights in California.
    package static let dailyQuota: Int64 = 10_000

    /// What a call costs.
    enum Cost: Int64 {
        case read = 1
        case small = 50
        case captions = 400
        /// An upload is paid for when its session begins.
        case upload = 1600
    }

    /// The categories that a video may have: YouTube's number of "Science & Technology".
    package static let defaultCategory = "28"
    package static let privacies = ["private", "unlisted", "public"]
    /// How often it is asked whether a video is processed.
    static let processingPoll = Duration.seconds(20)
    /// The newest uploads that are read to find one.
    static let uploadPages = 4
}
