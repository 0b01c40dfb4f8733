import Approvals
import ArgumentParser
import CoreTypes
import Logging
import Persistence

/// `aragora approvals`: what people are asked, what they answered, and whether the log of it is whole.
struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "Shows what people are asked to decide, and checks the log of what they decided.",
        subcommands: [List.self, Show.self, Verify.self, Role.self, Person.self, Delegations.self]
    )

    /// What the log names where the operator changes who may decide.
    static let evidence = "the operator's command line"

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the requests that wait for an answer.",
            discussion: "The newest come last within the same priority. With --all, those that have ended as well."
        )

        @Flag(help: "Also those that have ended.")
        var all = false

        @Option(help: "The workspace, such as slack:T012; all of them where it is left out.")
        var workspace: String?

        @Option(help: "How many at most.")
        var limit = 50

        func run() async throws {
            try await withDatabase { database in
                let found = try await database.read { transaction in
                    try ApprovalRequestStore().list(
                        workspace: workspace.map { WorkspaceID($0) },
                        status: all ? nil : .pending,
                        limit: max(1, min(limit, 500)),
                        in: transaction
                    ) { listing in
                        let record = listing.record
                        return "#\(record.number)  \(record.status.rawValue)  \(record.title)  (\(record.outcomeLine))"
                    }
                }
                for line in found.items { print(line) }
                print("\(found.items.count) of \(found.total)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one request with its answers, the copies of its prompt and its part of the log."
        )

        @Argument(help: "Its number or its id.")
        var name: String

        func run() async throws {
            try await withDatabase { database in
                let id = name.hasPrefix("#") ? String(name.dropFirst()) : name
                let found = try await database.read { transaction -> ApprovalService.Detail? in
                    try ApprovalService.detail(of: id, in: transaction)
                }
                guard let found else {
                    printError("error: There is no request \(name).")
                    throw ExitCode(1)
                }
                Self.print(found)
            }
        }

        private static func print(_ detail: ApprovalService.Detail) {
            let record = detail.record
            Swift.print("#\(record.number) \(record.title)")
            Swift.print("  id        \(record.id)")
            Swift.print("  workspace \(record.workspace)")
            Swift.print("  kind      \(record.kind)")
            Swift.print("  status    \(record.status.rawValue): \(record.outcomeLine)")
            Swift.print("  asked by  \(record.requester)")
            Swift.print("  approvers \(record.policy.approvers.map(\.text).joined(separator: ", "))")
            Swift.print("  operation \(record.operationHash)")
            if let expires = record.expiresAt { Swift.print("  until     \(expires.iso8601)") }
            for decision in detail.decisions {
                Swift.print(
                    "  answer    \(decision.optionID) by \(decision.identity) (\(decision.name)) over "
                        + "\(decision.surface) at \(decision.decidedAt.iso8601) \(decision.comment)"
                )
            }
            for prompt in detail.prompts {
                Swift.print(
                    "  copy      \(prompt.platform) \(prompt.recipient): \(prompt.state.rawValue), \(prompt.shown)"
                )
            }
            for entry in detail.log {
                Swift.print("  log       \(entry.sequence) \(entry.type) \(entry.at.iso8601) \(entry.hash.prefix(16))…")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks the log of decisions: its hash chain, and that requests and answers are what it says.",
            discussion: """
                Each entry holds the hash of the one before it, so that a changed, missing, added or moved entry shows. \
                The head that is printed proves, as long as you keep it elsewhere, that nothing before it was changed: \
                name it later with --head. Exits with 1 if anything is wrong.
                """
        )

        @Option(help: "The workspace, such as slack:T012; all of them where it is left out.")
        var workspace: String?

        @Option(help: "A head that was printed earlier and has to be in the log; needs --workspace.")
        var head: String?

        func run() async throws {
            guard head == nil || workspace != nil else { throw SettingsError("--head needs --workspace.") }
            try await withDatabase { database in
                let verifier = ApprovalAuditVerifier()
                let reports = try await database.read { transaction in
                    let wanted = try workspace.map { [WorkspaceID($0)] } ?? verifier.workspaces(in: transaction)
                    return try wanted.map { try verifier.verify($0, knownHead: head, in: transaction) }
                }
                for report in reports {
                    let verdict = report.problems.isEmpty ? "valid" : "NOT valid"
                    print("\(verdict): \(report.workspace), \(report.entries) entries, head \(report.head)")
                    for problem in report.problems { print("  \(problem)") }
                }
                if reports.isEmpty { print("valid: nothing was decided yet") }
                if reports.contains(where: { !$0.problems.isEmpty }) { throw ExitCode(1) }
            }
        }
    }

    struct Role: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives or takes a role by whose name approvers are called, or lists who holds it."
        )

        @Argument(help: "The role, such as release-managers; requests name it role:release-managers.")
        var role: String

        @Option(help: "The workspace, such as slack:T012.")
        var workspace = WorkspaceID.local.rawValue

        @Option(help: "Gives the role to a person, such as slack:U012 or email:ann@example.org.")
        var grant: String?

        @Option(help: "Takes the role from a person.")
        var revoke: String?

        func run() async throws {
            let place = WorkspaceID(workspace)
            try await withDatabase { database in
                let directory = ApproverDirectory()
                let (given, taken) = try (grant.map(Self.person), revoke.map(Self.person))
                let now = SystemTime().now()
                let members = try await database.write { transaction in
                    if let given {
                        try directory.grant(
                            role,
                            to: given,
                            evidence: ApprovalsCommand.evidence,
                            workspace: place,
                            now: now,
                            in: transaction
                        )
                    }
                    if let taken {
                        _ = try directory.revoke(
                            role,
                            from: taken,
                            evidence: ApprovalsCommand.evidence,
                            workspace: place,
                            now: now,
                            in: transaction
                        )
                    }
                    return try directory.members(of: role, workspace: place, in: transaction)
                }
                for member in members { print(member) }
                if members.isEmpty { printError("Nobody holds the role \(role) in the workspace \(workspace).") }
            }
        }

        private static func person(_ name: String) throws -> String {
            guard case .person(let person) = try Approver(name) else {
                throw SettingsError("A role is held by a person, such as slack:U012.")
            }
            return person
        }
    }
}

/// Opens the installation's database for one look, and closes it again.
func withDatabase(_ body: (any Database) async throws -> Void) async throws {
    try await reportingErrors {
        let settings = try Settings.loadFromProcess()
        let database = try openDatabase(try settings.database(), logger: House.logger(level: .critical))
        do {
            try await Migrator(database).verify()
            try await body(database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }
}
