import ArgumentParser
import Conversations
import CoreTypes
import Persistence
import Publishing
import Transport

/// `aragora publish`: verdicts on X and YouTube.
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publishes verdicts on X and YouTube.",
        discussion: """
            A publication is drafted from a finished debate, previewed, and released; the gateway (`aragora serve`) then \
            sends it, or `release --wait` does. Nothing goes out that was not released, and nothing goes out twice.
            """,
        subcommands: [
            PublishDraft.self, PublishPreview.self, PublishRelease.self, PublishStatus.self, PublishRetry.self,
            PublishResolve.self, PublishWithdraw.self, PublishConnect.self,
        ]
    )

    /// Prints a publication and, where they matter, its steps.
    static func show(_ publication: Publication, _ parts: [PublicationPart] = []) {
        print("\(publication.id)  \(publication.platform)  \(publication.state.rawValue)")
        if let url = publication.url { print("  \(url)") }
        if let message = publication.errorMessage { print("  \(publication.errorCode ?? ""): \(message)") }
        for part in parts {
            let remote = part.remoteID.map { "  \($0)" } ?? ""
            let error = part.errorMessage.map { "  (\($0))" } ?? ""
            print("  \(part.number). \(part.kind)  \(part.state.rawValue)\(remote)\(error)")
        }
    }
}

/// `aragora publish draft`.
struct PublishDraft: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "draft",
        abstract: "Drafts a publication from a finished debate."
    )

    @Argument(help: "The debate's number or id.")
    var debate: String

    @Option(name: .customLong("to"), help: "x or youtube.")
    var platform: String

    @Option(help: "X: this text in place of the verdict. It is split into a thread where it is long.")
    var text: String?

    @Option(help: "X: the number of the post that is answered.")
    var replyTo: String?

    @Option(help: "X: a picture or a film for the first post; may be given up to four times.")
    var media: [String] = []

    @Option(help: "X: what the picture shows, in the order of --media.")
    var alt: [String] = []

    @Option(help: "YouTube: the title.")
    var title: String?

    @Option(help: "YouTube: the description.")
    var description: String?

    @Option(help: "YouTube: tags, with commas between them.")
    var tags: String?

    @Option(help: "YouTube: the number of the category.")
    var category: String?

    @Option(help: "YouTube: private (unless told), unlisted or public.")
    var privacy: String?

    @Option(help: "YouTube: the language of the text, such as en.")
    var language: String?

    @Option(help: "YouTube: a finished video in place of the rendered one.")
    var video: String?

    @Option(help: "YouTube: a thumbnail.")
    var thumbnail: String?

    @Option(help: "YouTube: a file of captions.")
    var captions: String?

    private var options: JSONValue {
        let files = media.enumerated().map { position, path -> JSONValue in
            .record(["path": .string(path), "alt": alt.indices.contains(position) ? .string(alt[position]) : nil])
        }
        func value(_ text: String?) -> JSONValue? { text.map { .string($0) } }
        return .record([
            "text": value(text), "reply_to": value(replyTo), "media": files.isEmpty ? nil : .array(files),
            "title": value(title), "description": value(description),
            "tags": tags.map { .strings($0.split(separator: ",").map(String.init)) }, "category": value(category),
            "privacy": value(privacy), "language": value(language), "video": value(video),
            "thumbnail": value(thumbnail), "captions": value(captions),
        ])
    }

    func run() async throws {
        let name = debate.hasPrefix("#") ? String(debate.dropFirst()) : debate
        let (platform, options) = (platform, options)
        try await withHouse { house in
            guard let record = try await house.debates.findAnywhere(named: name) else {
                throw SettingsError("There is no debate \(name).")
            }
            let publication = try await house.publishing.desk.draft(
                of: record.id,
                workspace: record.workspace,
                on: platform,
                options: options,
                by: "terminal"
            )
            PublishCommand.show(publication)
            print("next: aragora publish preview \(publication.id)")
        }
    }
}

/// `aragora publish preview`.
struct PublishPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Shows what would be published, here and in the debate's thread."
    )

    @Argument(help: "The publication's id.")
    var id: String

    func run() async throws {
        let id = PublicationID(id)
        try await withHouse { house in
            let desk = house.publishing.desk
            let workspace = try await desk.find(id).publication.workspace
            let (publication, text) = try await desk.preview(id, workspace: workspace)
            print(text)
            PublishCommand.show(publication)
            print("next: aragora publish release \(publication.id)")
        }
    }
}

/// `aragora publish release`.
struct PublishRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Lets a previewed publication go out."
    )

    @Argument(help: "The publication's id.")
    var id: String

    @Flag(help: "Sends it here and now, and waits for its end.")
    var wait = false

    func run() async throws {
        let (id, wait) = (PublicationID(id), wait)
        try await withHouse { house in
            let desk = house.publishing.desk
            let workspace = try await desk.find(id).publication.workspace
            let released = try await desk.releaseAsOperator(id, workspace: workspace, by: "terminal")
            guard wait else { return PublishCommand.show(released) }
            let publication = try await house.publishing.worker.run(only: id)
            PublishCommand.show(publication, try await desk.find(id).parts)
            if publication.state != .published { throw ExitCode(1) }
        }
    }
}

/// `aragora publish status`.
struct PublishStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows publications, or one with its steps."
    )

    @Argument(help: "The publication's id; all of them without one.")
    var id: String?

    func run() async throws {
        let id = id.map { PublicationID($0) }
        try await withHouse { house in
            let desk = house.publishing.desk
            if let id {
                let (publication, parts) = try await desk.find(id)
                PublishCommand.show(publication, parts)
            } else {
                let publications = try await desk.list(workspace: nil, limit: 50).items
                for publication in publications { PublishCommand.show(publication) }
                if publications.isEmpty { printError("There are no publications.") }
            }
        }
    }
}

/// `aragora publish retry`.
struct PublishRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Tries again what failed, and asks again for what is unknown.",
        discussion: "What is out is never sent again: a thread goes on where it stopped."
    )

    @Argument(help: "The publication's id.")
    var id: String

    @Flag(help: "Sends it here and now, and waits for its end.")
    var wait = false

    func run() async throws {
        let (id, wait) = (PublicationID(id), wait)
        try await withHouse { house in
            let desk = house.publishing.desk
            let workspace = try await desk.find(id).publication.workspace
            var publication = try await desk.retry(id, workspace: workspace)
            if wait { publication = try await house.publishing.worker.run(only: id) }
            PublishCommand.show(publication, try await desk.find(id).parts)
        }
    }
}

/// `aragora publish resolve`.
struct PublishResolve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Says what became of a part that is unknown, after you have looked.",
        discussion: "With --sent, the part counts as sent; with --not-sent, it will be sent."
    )

    @Argument(help: "The publication's id.")
    var id: String

    @Option(help: "The part's number.")
    var part: Int

    @Option(help: "The platform's id of the part, which is out.")
    var sent: String?

    @Flag(help: "The part is not out.")
    var notSent = false

    func validate() throws {
        guard (sent != nil) != notSent else { throw ValidationError("Give either --sent ID or --not-sent.") }
    }

    func run() async throws {
        let (id, part, sent) = (PublicationID(id), part, sent)
        try await withHouse { house in
            let desk = house.publishing.desk
            let workspace = try await desk.find(id).publication.workspace
            PublishCommand.show(try await desk.resolve(id, workspace: workspace, part: part, remoteID: sent))
        }
    }
}

/// `aragora publish withdraw`.
struct PublishWithdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "Takes a publication back: deletes what is out."
    )

    @Argument(help: "The publication's id.")
    var id: String

    @Flag(help: "Deletes it here and now, and waits for its end.")
    var wait = false

    func run() async throws {
        let (id, wait) = (PublicationID(id), wait)
        try await withHouse { house in
            let desk = house.publishing.desk
            let workspace = try await desk.find(id).publication.workspace
            var publication = try await desk.withdraw(id, workspace: workspace)
            if wait { publication = try await house.publishing.worker.run(only: id) }
            PublishCommand.show(publication, try await desk.find(id).parts)
        }
    }
}

/// `aragora publish connect`.
struct PublishConnect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Prints the address to open in a browser, to connect an account.",
        discussion: "The gateway has to be running: the platform sends the browser back to it."
    )

    @Argument(help: "x or youtube.")
    var platform: String

    @Option(help: "The workspace whose verdicts the account publishes, such as slack:T0123.")
    var workspace = WorkspaceID.local.rawValue

    func run() async throws {
        let (platform, workspace) = (platform, WorkspaceID(workspace))
        try await withHouse { house in
            guard let connector = house.publishing.connectors.first(where: { $0.provider.platform == platform }) else {
                throw SettingsError(
                    "No \(platform) account can be connected: set its client id, and ARAGORA_PUBLIC_URL or its redirect URL."
                )
            }
            print(connector.begin(workspace: workspace))
        }
    }
}
