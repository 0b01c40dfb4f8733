import ArgumentParser
import CoreTypes
import Emulators

/// `aragora emulate`: local servers that stand in for X and YouTube.
struct EmulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emulate",
        abstract: "Runs a local server that stands in for X or YouTube, for trials.",
        discussion: """
            It checks signatures, tokens, lengths, limits and ranges as the platform does, and can be told to fail. The \
            settings that it prints make a gateway use it.
            """,
        subcommands: [EmulateX.self, EmulateYouTube.self]
    )

    /// What both have.
    struct Options: ParsableArguments {
        @Option(help: "The port on 127.0.0.1; 0 takes a free one.")
        var port = 0

        @Option(help: "The write with this number, from 1, is done, and then the connection breaks.")
        var failAfterWrite: Int?

        @Option(help: "The write with this number, from 1, is not done, and the connection breaks.")
        var failBeforeWrite: Int?

        @Option(help: "An upload breaks once so many of its bytes have arrived.")
        var failAtByte: Int?

        /// The faults that were asked for.
        var faults: EmulatorFaults {
            EmulatorFaults(.init(afterWrite: failAfterWrite, beforeWrite: failBeforeWrite, atByte: failAtByte))
        }

        func validate() throws {
            guard (0...65_535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535.") }
        }
    }

    /// Serves until the process is ended.
    static func serve(
        _ emulator: any Emulator,
        _ options: Options,
        settings: @escaping @Sendable (String) -> [String: String]
    ) async throws {
        do {
            try await EmulatorServer(emulator, port: options.port).run { base in
                for (name, value) in settings(base).sorted(by: { $0.key < $1.key }) { printNow("\(name)=\(value)") }
                printError("\(emulator.title) is emulated at \(base)")
            }
        } catch {
            printError("error: The port \(options.port) cannot be listened on.")
            throw ExitCode(1)
        }
    }
}

/// `aragora emulate x`.
struct EmulateX: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "x", abstract: "Stands in for X.")

    @OptionGroup var options: EmulateCommand.Options

    @Option(help: "How many posts a window of 15 minutes takes.")
    var posts = 200

    func run() async throws {
        let emulator = XEmulator(faults: options.faults)
        emulator.limit(posts: posts)
        try await EmulateCommand.serve(emulator, options) { emulator.settings(base: $0) }
    }
}

/// `aragora emulate youtube`.
struct EmulateYouTube: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "youtube", abstract: "Stands in for YouTube.")

    @OptionGroup var options: EmulateCommand.Options

    @Option(help: "The units of a day's quota.")
    var quota: Int64 = 10_000

    @Option(help: "The videos that may be uploaded in a day.")
    var uploads: Int64 = 100

    func run() async throws {
        let emulator = YouTubeEmulator(faults: options.faults, quota: quota, uploads: uploads)
        try await EmulateCommand.serve(emulator, options) { emulator.settings(base: $0) }
    }
}
