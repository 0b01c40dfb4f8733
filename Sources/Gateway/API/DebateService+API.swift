package import Conversations
package import CoreTypes
import Debates
import Persistence

extension DebateService: DebateAPI {
    package func start(_ question: DebateQuestion) async throws -> DebateSummary {
        DebateSummary(
            try await start(
                Question(
                    workspace: question.workspace,
                    task: question.task,
                    background: question.background,
                    options: DebateOptions(
                        rounds: question.rounds,
                        agents: question.agents,
                        consensus: question.consensus,
                        budgetMicrodollars: question.budgetMicrodollars,
                        breakpoints: question.breakpoints,
                        rules: question.rules
                    ),
                    platform: "web",
                    originKey: question.originKey,
                    conversationKey: question.originKey,
                    requestedBy: question.requestedBy,
                    fingerprint: question.fingerprint,
                    tags: question.tags,
                    metadata: question.metadata
                )
            )
        )
    }

    package func list(workspace: WorkspaceID?, status: String?, limit: Int, offset: Int) async throws
        -> (items: [DebateSummary], total: Int)
    {
        let page: (items: [DebateListing], total: Int) = try await list(
            workspace: workspace,
            status: status,
            limit: limit,
            offset: offset
        )
        var items = try await summaries(of: page.items.map(\.record))
        for (position, listing) in page.items.enumerated() { items[position].lacksMetadata = listing.lacksMetadata }
        return (items, page.total)
    }

    package func findAnywhere(_ id: DebateID) async throws -> DebateSummary? {
        let record: DebateRecord? = try await findAnywhere(id)
        return try await summaries(of: record.map { [$0] } ?? []).first
    }

    package func find(_ id: DebateID, workspace: WorkspaceID) async throws -> DebateSummary? {
        let record: DebateRecord? = try await find(id, workspace: workspace)
        return try await summaries(of: record.map { [$0] } ?? []).first
    }

    package func describe(_ id: DebateID, workspace: WorkspaceID, title: String?, tags: [String]?) async throws
        -> DebateSummary
    {
        let record: DebateRecord = try await describe(id, workspace: workspace, title: title, tags: tags)
        return try await summaries(of: [record]).first ?? DebateSummary(record)
    }

    private func summaries(of records: [DebateRecord]) async throws -> [DebateSummary] {
        let paused = try await paused(among: records)
        return records.map { record in
            var summary = DebateSummary(record)
            if paused.contains(record.id) { summary.status = "paused" }
            return summary
        }
    }

    package func entries(of id: DebateID, workspace: WorkspaceID, after sequence: Int64, limit: Int) async throws
        -> [(sequence: Int64, json: [UInt8])]
    {
        let rows: [JournalRow] = try await entries(of: id, workspace: workspace, after: Int(sequence), limit: limit)
        return rows.map { (Int64($0.sequence), $0.bytes) }
    }

    package func projection(of id: DebateID, workspace: WorkspaceID) async throws -> JSONValue? {
        let projection: DebateProjection? = try await projection(of: id, workspace: workspace)
        guard let projection else { return nil }
        var members = projection.json.object ?? [:]
        let late = try await lateEvidence(in: projection, of: id, workspace: workspace)
        members["late_evidence"] = .integer(Int64(late))
        return .object(members)
    }

    package func changes(of id: DebateID) -> AsyncStream<Void> {
        let ticks: AsyncStream<WakeUp> = changes(of: id)
        return AsyncStream { continuation in
            // Structured would need a scope that outlives this call; the task ends with the stream it feeds.
            let forwarding = Task {
                for await _ in ticks { continuation.yield() }
                continuation.finish()
            }
            continuation.onTermination = { _ in forwarding.cancel() }
        }
    }
}

extension DebateSummary {
    /// The public face of a stored debate.
    init(_ record: DebateRecord) {
        let settings = try? DebateSettings(json: record.settings)
        self.init(
            id: record.id,
            number: record.number,
            workspace: record.workspace,
            task: record.task,
            status: record.status.rawValue,
            platform: record.platform,
            demo: record.isDemo,
            agents: settings?.agents ?? [],
            rounds: settings?.debateProtocol.rounds ?? 0,
            consensus: settings?.debateProtocol.consensus.rawValue ?? "",
            winner: record.winner,
            confidence: record.confidence,
            consensusReached: record.consensusReached,
            createdAt: record.createdAt,
            startedAt: record.startedAt,
            finishedAt: record.finishedAt,
            title: record.title,
            metadata: record.shownMetadata
        )
        fingerprint = settings?.fingerprint
        tags = record.tagNames
    }
}
