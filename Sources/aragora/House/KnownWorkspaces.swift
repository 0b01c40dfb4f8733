import CoreTypes
import Logging
import Persistence
import SlackIntegration

/// Notes the workspace that a configured token belongs to, so that people there can be asked before they ever wrote.
struct KnownWorkspaces: Sendable {
    let house: House

    /// Asks until the platform has said it, and then waits for the end.
    func run() async {
        for adapter in house.adapters.compactMap({ $0 as? SlackAdapter }) {
            while !Task.isCancelled, await !note(adapter) { try? await house.time.sleep(for: .seconds(60)) }
        }
        while !Task.isCancelled { try? await house.time.sleep(for: .seconds(3600)) }
    }

    private func note(_ adapter: SlackAdapter) async -> Bool {
        do {
            guard let workspace = try await adapter.configuredWorkspace() else { return true }
            try await house.database.write { transaction in
                try WorkspaceStore().ensure(
                    workspace,
                    platform: adapter.platform,
                    now: house.time.now(),
                    in: transaction
                )
            }
            return true
        } catch {
            let code = (error as? any CodedError)?.code ?? "internal"
            house.logger.warning(
                "The workspace of the bot token is not known yet; asking again.",
                metadata: ["platform": "\(adapter.platform)", "error.code": "\(code)"]
            )
            return false
        }
    }
}
