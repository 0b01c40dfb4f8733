import Approvals
import ArgumentParser
import CoreTypes
import Persistence

extension ApprovalsCommand {
    struct Person: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which ids belong to one person, so that they are counted once.",
            discussion: """
                Somebody who answers in Slack and by mail has two ids, and so two voices, until they are linked. Roles, \
                delegations and requests that name either id then mean the person. Each link is an entry in the log.
                """,
            subcommands: [Link.self, Unlink.self, List.self]
        )

        struct Link: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Notes that two ids are one person's.")

            @Argument(help: "An id, such as slack:U012.")
            var first: String

            @Argument(help: "The other id, such as email:ann@example.org.")
            var second: String

            @Option(help: "The workspace, such as slack:T012.")
            var workspace = WorkspaceID.local.rawValue

            func run() async throws {
                try await withDatabase { database in
                    let time = SystemTime()
                    let user = RandomIdentifiers(time: time).next()
                    let person = try await database.write { transaction in
                        try ApproverDirectory().link(
                            first,
                            second,
                            user: user,
                            evidence: ApprovalsCommand.evidence,
                            workspace: WorkspaceID(workspace),
                            now: time.now(),
                            in: transaction
                        )
                    }
                    print(person)
                }
            }
        }

        struct Unlink: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Takes an id from the person it belongs to.")

            @Argument(help: "The id, such as slack:U012.")
            var id: String

            @Option(help: "The workspace, such as slack:T012.")
            var workspace = WorkspaceID.local.rawValue

            func run() async throws {
                try await withDatabase { database in
                    let isUnlinked = try await database.write { transaction in
                        try ApproverDirectory().unlink(
                            id,
                            evidence: ApprovalsCommand.evidence,
                            workspace: WorkspaceID(workspace),
                            now: SystemTime().now(),
                            in: transaction
                        )
                    }
                    guard isUnlinked else {
                        printError("error: \(id) belongs to nobody in the workspace \(workspace).")
                        throw ExitCode(1)
                    }
                }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Lists everybody who has several ids.")

            @Option(help: "The workspace, such as slack:T012.")
            var workspace = WorkspaceID.local.rawValue

            func run() async throws {
                try await withDatabase { database in
                    let people = try await database.read { transaction in
                        try ApproverDirectory().people(workspace: WorkspaceID(workspace), in: transaction)
                    }
                    for person in people { print("\(person.id)  \(person.ids.joined(separator: "  "))") }
                    if people.isEmpty { printError("Nobody has several ids in the workspace \(workspace).") }
                }
            }
        }
    }
}
