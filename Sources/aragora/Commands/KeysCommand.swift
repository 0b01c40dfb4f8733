import ArgumentParser
import CoreTypes
import Persistence

/// `aragora keys`: the keys with which programs use the API of one workspace.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists and revokes the API keys of programs.",
        discussion: """
            A program shows its key as `Authorization: Bearer ara_…` or `X-API-Key: ara_…`. It sees one workspace and \
            may do what its scopes say. Only a hash of the key is kept.
            """,
        subcommands: [Create.self, List.self, Revoke.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a key and prints it, this once.")

        @Argument(help: "What the key is for, such as zapier.")
        var name: String

        @Option(
            help:
                "What it may do, with commas between: \(APIKey.Scope.allCases.map(\.rawValue).joined(separator: ", "))."
        )
        var scopes = "debates:read,debates:write,webhooks:read,webhooks:write"

        @Option(help: "The workspace that it opens, such as slack:T012345.")
        var workspace = WorkspaceID.local.rawValue

        @Option(help: "After how many days it ends; never where nothing is said.")
        var days: Int?

        func run() async throws {
            let chosen = try scopes.split(separator: ",").map { word in
                guard let scope = APIKey.Scope(rawValue: String(word)) else {
                    throw SettingsError("There is no scope \(word); `aragora keys create --help` lists them.")
                }
                return scope
            }
            guard (1...200).contains(name.utf8.count), !chosen.isEmpty, (1...200).contains(workspace.utf8.count) else {
                throw SettingsError("A key has a name, a workspace and at least one scope.")
            }
            if let days, !(1...3650).contains(days) { throw SettingsError("--days takes a number from 1 to 3650.") }
            try await withHouse { house in
                let now = house.time.now()
                let key = APIKey(
                    workspace: WorkspaceID(workspace),
                    id: house.identifiers.next(),
                    name: name,
                    scopes: Set(chosen),
                    createdAt: now,
                    expiresAt: days.map { now + .seconds($0 * 24 * 3600) }
                )
                let text = try await house.database.write { try APIKeyStore().create(key, in: $0) }
                print(text.reveal())
                if try await !Self.isKnown(key.workspace, house.database) {
                    printError(
                        "warning: Nobody has used the workspace \(workspace) yet. Revoke the key if that is misspelt: "
                            + "aragora keys revoke \(key.id)"
                    )
                }
                printError("Key \(key.id) for \(workspace): \(chosen.map(\.rawValue).joined(separator: ", ")).")
                if chosen.contains(.decideApprovals) {
                    printError("Requests that it may answer name it among their approvers: api:key:\(key.id)")
                }
            }
        }

        /// Whether anything in the installation is of a workspace: a debate, a connected platform, a token's own.
        private static func isKnown(_ workspace: WorkspaceID, _ database: any Database) async throws -> Bool {
            guard workspace != .local else { return true }
            let rows = try await database.run(
                """
                select 1 as known where exists (select 1 from debates where workspace_id = \(workspace))
                    or exists (select 1 from integrations where workspace_id = \(workspace))
                    or exists (select 1 from workspaces where workspace_id = \(workspace))
                """
            )
            return !rows.isEmpty
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the keys, never what they are.")

        func run() async throws {
            try await withHouse { house in
                let keys = try await house.database.read { try APIKeyStore().list(workspace: nil, in: $0) }
                for key in keys {
                    let state =
                        key.isValid(at: house.time.now()) ? "valid" : key.revokedAt == nil ? "expired" : "revoked"
                    let used = key.lastUsedAt.map { "last used \($0.iso8601)" } ?? "never used"
                    let scopes = key.scopes.map(\.rawValue).sorted().joined(separator: ",")
                    let end = key.expiresAt.map { "  until \($0.iso8601)" } ?? ""
                    print("\(key.id)  \(state)  \(key.workspace)  \(key.name)  \(scopes)  \(used)\(end)")
                }
                if keys.isEmpty { printError("There are no keys.") }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a key at once.")

        @Argument(help: "The key's id, as `aragora keys list` shows it.")
        var id: String

        func run() async throws {
            try await withHouse { house in
                let now = house.time.now()
                guard try await house.database.write({ try APIKeyStore().revoke(id, now: now, in: $0) }) else {
                    throw SettingsError("There is no valid key \(id).")
                }
                print("revoked")
            }
        }
    }
}
