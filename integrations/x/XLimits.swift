/// X's limits, as data.
///
/// Sources: https://docs.x.com/fundamentals/counting-characters, https://docs.x.com/x-api/media/quickstart/best-practices
/// and the configuration `v3` of twitter-text.
package enum XLimits {
    /// The weighted length of a post.
    package static let postLength = 280
    /// What any address counts, because X replaces it by its own.
    package static let addressLength = 23
    /// Weights are hundredths of a character: most scripts of the Latin kind count one, everything else two.
    static let weightScale = 100
    static let defaultWeight = 200
    static let lightWeight = 100
    static let lightRanges: [ClosedRange<UInt32>] = [0...4351, 8192...8205, 8208...8223, 8242...8247]
    /// The longest address that X takes for one, and the longest name behind `t.co/`.
    static let longestAddress = 4096
    static let longestShortName = 40

    /// The pictures of one post; a film or an animation comes alone.
    package static let imagesPerPost = 4
    package static let imageBytes = 5 << 20
    package static let animationBytes = 15 << 20
    package static let videoBytes = 512 << 20
    /// A piece of a chunked upload; 5 MB are the most, and 999 pieces.
    static let uploadChunkBytes = 4 << 20
    /// The description of a picture.
    static let alternativeText = 1000
    /// The posts of one thread; not X's limit but ours, so that no mistake floods an account.
    package static let postsPerThread = 100
    /// The pages of a timeline that are read to find a post, and the posts on a page.
    static let timelinePages = 4
    static let timelinePage = 100
}
