package import CoreTypes
package import Publishing

/// A video as it is drafted.
package struct YouTubeVideo: Sendable, Hashable {
    /// A file that is published, and SHA-256 of it: a release is bound to that.
    package struct File: Sendable, Hashable {
        package var path: String
        package var digest: String

        /// Takes a file.
        /// - Throws: `PublicationError` where it cannot be read or is too large.
        package init(path: String, maximumBytes: Int) throws(PublicationError) {
            let file = try LocalFile(path: path)
            guard file.size > 0, file.size <= maximumBytes else {
                throw .invalid("The file \(path) is empty, or larger than \(maximumBytes >> 20) MiB.")
            }
            self.path = path
            digest = try file.digest()
        }

        init?(json: JSONValue?) {
            guard let path = json?["path"]?.string, let digest = json?["sha256"]?.string else { return nil }
            self.path = path
            self.digest = digest
        }

        var json: JSONValue { ["path": .string(path), "sha256": .string(digest)] }
    }

    package var title: String
    package var description: String
    package var tags: [String]
    package var category: String
    package var privacy: String
    /// The language of text and captions (BCP 47).
    package var language: String
    /// A finished video; nil where it is made of the script.
    package var video: File?
    package var script: VideoScript?
    package var thumbnail: File?
    package var captions: File?

    /// The video as it is stored.
    package var json: JSONValue {
        .record([
            "title": .string(title), "description": .string(description), "tags": .strings(tags),
            "category": .string(category), "privacy": .string(privacy), "language": .string(language),
            "video": video?.json, "script": script?.json, "thumbnail": thumbnail?.json, "captions": captions?.json,
        ])
    }

    /// Describes a video.
    init(title: String, description: String, tags: [String], category: String, privacy: String, language: String) {
        self.title = title
        self.description = description
        self.tags = tags
        self.category = category
        self.privacy = privacy
        self.language = language
    }

    /// Reads a video and checks it.
    /// - Throws: `PublicationError` that says what YouTube would not take.
    package init(json: JSONValue) throws(PublicationError) {
        self.init(
            title: json["title"]?.string ?? "",
            description: json["description"]?.string ?? "",
            tags: (json["tags"]?.array ?? []).compactMap(\.string),
            category: json["category"]?.string ?? YouTubeLimits.defaultCategory,
            privacy: json["privacy"]?.string ?? YouTubeLimits.privacies[0],
            language: json["language"]?.string ?? "en"
        )
        video = File(json: json["video"])
        script = if let script = json["script"] { try VideoScript(json: script) } else { nil }
        thumbnail = File(json: json["thumbnail"])
        captions = File(json: json["captions"])
        try check()
    }

    private func check() throws(PublicationError) {
        guard title.contains(where: { !$0.isWhitespace }), title.count <= YouTubeLimits.title else {
            throw .invalid("A title has 1 to \(YouTubeLimits.title) characters; this one has \(title.count).")
        }
        let room = YouTubeLimits.description - YouTubeLimits.reference
        guard description.utf8.count <= room else {
            throw .invalid("A description has \(room) bytes at most; this one has \(description.utf8.count).")
        }
        guard !(title + description).unicodeScalars.contains(where: { $0 == "<" || $0 == ">" }) else {
            throw .invalid("YouTube takes no < and > in titles and descriptions.")
        }
        guard Self.length(of: tags) <= YouTubeLimits.tags, !tags.contains(where: \.isEmpty) else {
            throw .invalid("All tags together have \(YouTubeLimits.tags) characters at most.")
        }
        guard YouTubeLimits.privacies.contains(privacy) else {
            throw .invalid("The privacy is one of \(YouTubeLimits.privacies.joined(separator: ", ")).")
        }
        guard !category.isEmpty, category.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .invalid("The category is one of YouTube's numbers, such as \(YouTubeLimits.defaultCategory).")
        }
        guard (video == nil) != (script == nil) else {
            throw .invalid("A video is either a file or made of a script.")
        }
        if let script { _ = try script.cards() }
    }

    /// The length of tags as YouTube counts it.
    static func length(of tags: [String]) -> Int {
        tags.reduce(max(0, tags.count - 1)) { $0 + $1.count + ($1.contains(" ") ? 2 : 0) }
    }

    /// What YouTube is told of the video (`snippet` and `status`).
    /// - Parameter reference: stands in the description's last line, so that the video can be found again.
    func resource(reference: String) -> JSONValue {
        [
            "snippet": [
                "title": .string(title), "description": .string("\(description)\n\n\(reference)"),
                "tags": .strings(tags), "categoryId": .string(category), "defaultLanguage": .string(language),
            ],
            "status": ["privacyStatus": .string(privacy), "selfDeclaredMadeForKids": false],
        ]
    }
}
