package import CoreTypes
package import Publishing

/// A thread, or a single post, as it is drafted.
package struct XThread: Sendable, Hashable {
    /// A picture or a film.
    package struct Media: Sendable, Hashable {
        package var path: String
        /// SHA-256 of the file: a release is bound to it.
        package var digest: String
        /// Such as `image/png`.
        package var type: String
        /// What it shows, for those who do not see it.
        package var alternative: String?
    }

    /// One post.
    package struct Post: Sendable, Hashable {
        package var text: String
        package var media: [Media]

        /// Describes a post.
        package init(text: String, media: [Media] = []) {
            self.text = text
            self.media = media
        }
    }

    package var posts: [Post]
    /// The text of which the posts were made; nil where they were written one by one.
    package var text: String?
    /// The post of somebody's that the first one answers.
    package var repliesTo: String?

    /// Describes a thread.
    package init(posts: [Post], text: String? = nil, repliesTo: String? = nil) {
        self.posts = posts
        self.text = text
        self.repliesTo = repliesTo
    }

    /// The thread as it is stored.
    package var json: JSONValue {
        .record([
            "posts": .array(
                posts.map { post in ["text": .string(post.text), "media": .array(post.media.map(\.json))] }
            ),
            "text": text.map { .string($0) },
            "reply_to": repliesTo.map { .string($0) },
        ])
    }

    /// Makes a thread of a text, with pictures under its first post.
    init(text: String, media: [Media], repliesTo: String?) {
        posts = ThreadSplitter().split(text).map { Post(text: $0) }
        if !posts.isEmpty { posts[0].media = media }
        self.text = text
        self.repliesTo = repliesTo
    }

    /// Reads a thread and checks it.
    /// - Throws: `PublicationError` that says what X would not take.
    package init(json: JSONValue) throws(PublicationError) {
        guard let list = json["posts"]?.array, !list.isEmpty else {
            throw .invalid("A thread has `posts`, at least one.")
        }
        guard list.count <= XLimits.postsPerThread else {
            throw .invalid("A thread has \(XLimits.postsPerThread) posts at most; this one has \(list.count).")
        }
        posts = []
        for (position, item) in list.enumerated() {
            guard let text = item["text"]?.string, WeightedText(text).fits else {
                let length = item["text"]?.string.map { WeightedText($0).length } ?? 0
                throw .invalid("Post \(position + 1) counts \(length) characters; X takes 1 to \(XLimits.postLength).")
            }
            var media: [Media] = []
            for item in item["media"]?.array ?? [] { media.append(try Media(content: item)) }
            let isMixed = media.contains { $0.category != "tweet_image" } && media.count > 1
            guard media.count <= XLimits.imagesPerPost, !isMixed else {
                throw .invalid("Post \(position + 1): X takes four pictures, or one film or animation.")
            }
            posts.append(Post(text: text, media: media))
        }
        // What people would change has to be what goes out.
        let whole = posts.map(\.text)
        text = json["text"]?.string.flatMap { ThreadSplitter().split($0) == whole ? $0 : nil }
        repliesTo = json["reply_to"]?.string
        if let repliesTo, repliesTo.isEmpty || !repliesTo.utf8.allSatisfy({ (48...57).contains($0) }) {
            throw .invalid("`reply_to` is the number of a post.")
        }
    }
}

extension XThread.Media {
    private static let types = [
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
        "mp4": "video/mp4",
    ]

    /// Takes a file; its type follows from its name's end.
    /// - Throws: `PublicationError` for a file that X would not take.
    package init(path: String, alternative: String? = nil) throws(PublicationError) {
        let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard let type = Self.types[ending] else {
            throw .invalid("X takes \(Self.types.keys.sorted().joined(separator: ", ")); \(path) is none of them.")
        }
        if let alternative, alternative.count > XLimits.alternativeText {
            throw .invalid("The description of a picture has \(XLimits.alternativeText) characters at most.")
        }
        let file = try LocalFile(path: path)
        self.init(path: path, digest: try file.digest(), type: type, alternative: alternative)
        guard file.size > 0, file.size <= largest else {
            throw .invalid("X takes \(largest >> 20) MiB of \(type); \(path) has \(file.size >> 20) MiB.")
        }
    }

    init(content: JSONValue) throws(PublicationError) {
        guard let path = content["path"]?.string, let digest = content["sha256"]?.string,
            let type = content["type"]?.string, Self.types.values.contains(type)
        else { throw .invalid("A picture has `path`, `sha256` and `type`.") }
        self.init(path: path, digest: digest, type: type, alternative: content["alt"]?.string)
    }

    init(json: JSONValue) throws(PublishingFailure) {
        do throws(PublicationError) {
            self = try Self(content: json)
        } catch {
            throw PublishingFailure(.permanent, code: error.code, error.description)
        }
    }

    var json: JSONValue {
        .record([
            "path": .string(path), "sha256": .string(digest), "type": .string(type),
            "alt": alternative.map { .string($0) },
        ])
    }

    /// X's word for what the file is to it.
    package var category: String {
        switch type {
        case "video/mp4": "tweet_video"
        case "image/gif": "tweet_gif"
        default: "tweet_image"
        }
    }

    private var largest: Int {
        switch category {
        case "tweet_video": XLimits.videoBytes
        case "tweet_gif": XLimits.animationBytes
        default: XLimits.imageBytes
        }
    }
}
