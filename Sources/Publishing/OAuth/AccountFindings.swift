package import Channels
package import CoreTypes

extension Finding {
    /// What `aragora doctor` says of the accounts that workspaces publish with.
    /// - Parameters:
    ///   - workspaces: whose accounts are looked at.
    ///   - name: asks the platform for the name of a workspace's account.
    package static func accounts(
        _ platform: String,
        remedy: String,
        of workspaces: () async throws(PublishingFailure) -> [WorkspaceID],
        name: (WorkspaceID) async throws(PublishingFailure) -> String
    ) async -> [Finding] {
        do throws(PublishingFailure) {
            var findings: [Finding] = []
            for workspace in try await workspaces() {
                let whose = workspace == .local ? "" : "\(workspace): "
                do throws(PublishingFailure) {
                    findings.append(Finding(.fine, platform, "\(whose)Connected as \(try await name(workspace))."))
                } catch {
                    let level: Level = error.code == "not_connected" ? .warning : .problem
                    findings.append(Finding(level, platform, "\(whose)\(error.description)", remedy: remedy))
                }
            }
            return findings
        } catch {
            return [Finding(.problem, platform, error.description, remedy: remedy)]
        }
    }
}
