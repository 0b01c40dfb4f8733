import ArgumentParser
import Channels
import CoreTypes
import Persistence

/// `aragora outbox`: messages that could not be sent, or of which nobody knows whether they arrived.
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Lists messages that failed or may not have arrived, sends them again or forgets them.",
        discussion: "What nobody has settled for 30 days is forgotten.",
        subcommands: [List.self, Retry.self, Forget.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists messages that failed or may not have arrived, the newest first: id, moment, where to, why."
        )

        @Option(help: "The most messages, 500 at most.")
        var limit = 100

        func run() async throws {
            try await withHouse { house in
                let limit = max(1, min(limit, 500))
                let rows = try await house.database.read { try OutboxLedger().unsettled(limit: limit, in: $0) }
                for row in rows {
                    print(
                        "\(row.id)  \(row.updatedAt.iso8601)  \(row.status.label)  \(row.workspace)  \(row.platform) "
                            + "\(row.operation) \(row.key)  \(row.errorCode): \(row.errorMessage)"
                    )
                }
                if rows.isEmpty { printError("Every message that was sent has arrived.") }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends a message once more of which nobody knows whether it arrived: it may be there twice.",
            discussion: """
                Look in the channel first. Parts that certainly arrived are not sent again. What a message said that \
                failed is not kept; ask for it again where it came from.
                """
        )

        @Argument(help: "The message's id, as `aragora outbox list` shows it.")
        var id: Int64

        func run() async throws {
            try await withHouse { house in
                let (id, outbox) = (id, Outbox(time: house.time))
                switch try await house.database.write({ try outbox.retry(id, in: $0) }) {
                case .queued:
                    await house.database.notify(.outbox)
                    print("queued; if it had arrived it will be there twice")
                case .absent: throw OutboxCommand.noMessage(id)
                case .empty:
                    throw SettingsError(
                        "What the message \(id) said is not kept. Ask for it again where it came from; `aragora outbox "
                            + "forget \(id)` takes it off the list."
                    )
                case .overtaken:
                    throw SettingsError("A newer change of the same message was made; forget this one.")
                }
            }
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forgets a message: it is never sent again, and `aragora doctor` speaks of it no more."
        )

        @Argument(help: "The message's id, as `aragora outbox list` shows it.")
        var id: Int64

        func run() async throws {
            try await withHouse { house in
                let id = id
                guard try await house.database.write({ try OutboxLedger().forget(id, in: $0) }) else {
                    throw OutboxCommand.noMessage(id)
                }
                print("forgotten")
            }
        }
    }

    private static func noMessage(_ id: Int64) -> SettingsError {
        SettingsError("There is no message \(id) that failed or may not have arrived.")
    }
}
