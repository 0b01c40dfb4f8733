import Approvals
import ArgumentParser
import CoreTypes
import Persistence

extension ApprovalsCommand {
    struct Delegations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists who decides for whom now, and until when, or ends a delegation.",
            discussion: "People do the same in chat, with `delegations` and `undelegate`."
        )

        @Option(help: "The workspace, such as slack:T012.")
        var workspace = WorkspaceID.local.rawValue

        @Option(help: "Ends the delegation with this id; the other person is told by the gateway.")
        var end: String?

        func run() async throws {
            try await withHouse { house in
                let place = WorkspaceID(workspace)
                if let end {
                    let ended = try await house.approvals.endDelegation(
                        end,
                        evidence: ApprovalsCommand.evidence,
                        workspace: place
                    )
                    guard ended != nil else {
                        printError("error: No delegation \(end) holds in the workspace \(workspace).")
                        throw ExitCode(1)
                    }
                }
                let delegations = try await house.approvals.delegations(workspace: place)
                if delegations.isEmpty { printError("Nobody decides for another in the workspace \(workspace).") }
                for delegation in delegations {
                    print(
                        "\(delegation.id)  \(delegation.delegate) decides for \(delegation.delegator) until "
                            + delegation.endsAt.iso8601
                    )
                }
            }
        }
    }
}
