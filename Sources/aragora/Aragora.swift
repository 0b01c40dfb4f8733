import ArgumentParser

/// The program.
@main
struct Aragora: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aragora",
        abstract: "Puts a hard question to a panel of AI models and brings back a verdict that can be checked.",
        discussion: """
            Start with `aragora serve` and open http://127.0.0.1:8080, or ask in the terminal with `aragora ask`. \
            `aragora doctor` says what is configured and what is missing. All settings are environment variables; they \
            may also stand in a file named .env.
            """,
        version: version,
        subcommands: [
            ServeCommand.self, AskCommand.self, MigrateCommand.self, DoctorCommand.self, ReceiptCommand.self,
            SlackCommand.self, WebhooksCommand.self, KeysCommand.self,
            PublishCommand.self, EmulateCommand.self,
            ApprovalsCommand.self, InboxCommand.self, OutboxCommand.self,
        ]
    )

    /// The version that `--version` and the health check give.
    static let version = "1.0.0"
}
