import ArgumentParser
import CoreTypes
import Persistence

/// `aragora inbox`: events that were acknowledged and could not be handled.
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "Lists events that could not be handled, tries them again or forgets them.",
        discussion: "What nobody has settled for 30 days is forgotten.",
        subcommands: [List.self, Retry.self, Forget.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists events that could not be handled, the newest first: id, moment, where from, why."
        )

        @Option(help: "The most events, 500 at most.")
        var limit = 100

        func run() async throws {
            try await withHouse { house in
                let limit = max(1, min(limit, 500))
                let events = try await house.database.read { try InboxStore().givenUp(limit: limit, in: $0) }
                for event in events {
                    print(
                        "\(event.id)  \(event.receivedAt.iso8601)  \(event.workspaceID)  \(event.platform) "
                            + "\(event.shape)  tried \(event.attempts) times: \(event.lastError)"
                    )
                }
                if events.isEmpty { printError("Every event could be handled.") }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets an event be handled once more, as if it had just come."
        )

        @Argument(help: "The event's id, as `aragora inbox list` shows it.")
        var id: Int64

        func run() async throws {
            try await withHouse { house in
                let (id, now) = (id, house.time.now())
                guard try await house.database.write({ try InboxStore().retry(id, now: now, in: $0) }) else {
                    throw SettingsError("There is no event \(id) that could not be handled.")
                }
                await house.database.notify(.inbox)
                print("waiting")
            }
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Forgets an event: it is never handled.")

        @Argument(help: "The event's id, as `aragora inbox list` shows it.")
        var id: Int64

        func run() async throws {
            try await withHouse { house in
                let id = id
                guard try await house.database.write({ try InboxStore().forget(id, in: $0) }) else {
                    throw SettingsError("There is no event \(id) that could not be handled.")
                }
                print("forgotten")
            }
        }
    }
}
