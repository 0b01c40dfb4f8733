import ArgumentParser
import SlackIntegration

/// `aragora slack manifest`: the app manifest for one's own address.
struct SlackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slack",
        abstract: "Helps to connect Slack.",
        subcommands: [Manifest.self]
    )

    struct Manifest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the app manifest to paste at https://api.slack.com/apps?new_app=1.",
            discussion: "Choose “From a manifest” there. The setup page integrations/slack/README.md has all steps."
        )

        @Option(help: "The address under which Slack reaches this gateway, such as https://aragora.example.com.")
        var url: String

        func run() async throws {
            guard url.hasPrefix("https://"), !url.contains(where: { $0 == "\"" || $0.isWhitespace }) else {
                throw SettingsError("--url takes an https address without spaces: Slack calls no other.")
            }
            print(SlackManifest.text(for: url.hasSuffix("/") ? String(url.dropLast()) : url))
        }
    }
}
