package import Channels
package import CoreTypes

extension SlackAdapter: ReconcilingChannel, HistoryChannel, NamingChannel, DiagnosableChannel {
    /// The most people of one text whose names are asked for.
    private static let maximumNames = 20

    package func reconcile(key: String, at address: Address, sentAfter: Timestamp) async -> Reconciliation {
        await reader.reconcile(key: key, at: address, sentAfter: sentAfter, isAnswer: false)
    }

    package func reconcileAnswer(key: String, at address: Address, sentAfter: Timestamp) async -> Reconciliation {
        await reader.reconcile(key: key, at: address, sentAfter: sentAfter, isAnswer: true)
    }

    package func history(of address: Address, before message: String?, limit: Int) async throws -> [HistoryMessage] {
        try await reader.history(of: address, before: message, limit: limit)
    }

    package func names(in text: String, workspace: WorkspaceID) async -> [String: String] {
        let ids = SlackText.unnamedPeople(in: text)
        guard !ids.isEmpty, let token = try? await credentials.credential(for: workspace).token else { return [:] }
        var names: [String: String] = [:]
        for id in ids.sorted().prefix(Self.maximumNames) {
            names[id] = await people.name(of: id, workspace: workspace, token: token)
        }
        return names
    }

    package func diagnose() async -> [Finding] {
        let diagnosis = SlackDiagnosis(
            configuration: configuration,
            api: api,
            credentials: credentials,
            installations: installations
        )
        return await diagnosis.findings()
    }
}
