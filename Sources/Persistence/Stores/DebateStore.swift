package import CoreTypes

/// The table `debates`.
package struct DebateStore: Sendable {
    /// Makes the store.
    package init() {}

    /// Adds a debate unless its origin has one already.
    /// - Returns: false where the origin, or the id, has a debate already.
    /// - Throws: `DatabaseError`.
    package func insert(_ debate: NewDebate, now: Timestamp, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute(
            """
            insert into debates (workspace_id, debate_id, task, status, platform, origin_key, conversation_key,
                address_json, settings_json, requested_by, demo, tags_json, metadata_json, created_at,
                updated_at)
            values (\(debate.workspace), \(debate.id), \(debate.task), 'created', \(debate.platform),
                \(debate.originKey), \(debate.conversationKey), \(debate.address), \(debate.settings),
                \(debate.requestedBy), \(debate.isDemo), \(JSONValue.strings(debate.tags)), \(debate.metadata), \(now),
                \(now))
            on conflict do nothing
            """
        ) == 1
    }

    /// The debate with this id, where the workspace has it.
    /// - Throws: `DatabaseError`.
    package func find(_ id: DebateID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> DebateRecord?
    {
        try transaction.query(
            "select * from debates where workspace_id = \(workspace) and debate_id = \(id)"
        ).first.map { try DebateRecord($0) }
    }

    /// The debate with this id, whose row nobody else changes or holds before this transaction ends.
    ///
    /// Whoever locks the rows of a debate and of its job, by this or by changing them, locks the debate first; of several,
    /// all debates come before the first job, and both in the order of their ids. So no two transactions wait for each
    /// other. A batch of events alone takes them as people sent them, and may have to be run again.
    /// - Throws: `DatabaseError`.
    package func hold(_ id: DebateID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> DebateRecord?
    {
        try transaction.query(
            """
            select * from debates where workspace_id = \(workspace) and debate_id = \(id)
            \(raw: transaction.dialect.forUpdate)
            """
        ).first.map { try DebateRecord($0) }
    }

    /// The debate with this id, whichever workspace has it: for the operator alone.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(_ id: DebateID, in transaction: borrowing Transaction) throws -> DebateRecord? {
        try transaction.query("select * from debates where debate_id = \(id)").first.map { try DebateRecord($0) }
    }

    /// The debate with this number, whichever workspace has it: for the operator alone.
    /// - Throws: `DatabaseError`.
    package func findAnywhere(number: Int64, in transaction: borrowing Transaction) throws -> DebateRecord? {
        try transaction.query("select * from debates where debate_number = \(number)").first.map {
            try DebateRecord($0)
        }
    }

    /// The debate that an origin led to.
    /// - Throws: `DatabaseError`.
    package func find(origin: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> DebateRecord?
    {
        try transaction.query(
            "select * from debates where workspace_id = \(workspace) and origin_key = \(origin)"
        ).first.map { try DebateRecord($0) }
    }

    /// The debate that people mean by its number or by its id.
    /// - Throws: `DatabaseError`.
    package func find(named name: String, workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> DebateRecord?
    {
        if let number = Int64(name) {
            return try transaction.query(
                "select * from debates where workspace_id = \(workspace) and debate_number = \(number)"
            ).first.map { try DebateRecord($0) }
        }
        return try find(DebateID(name), workspace: workspace, in: transaction)
    }

    /// The newest debates of a workspace, newest first, with the number of all of them.
    /// - Parameter workspace: whose debates; nil shows the operator those of all workspaces.
    /// - Throws: `DatabaseError`.
    package func list(
        workspace: WorkspaceID?,
        standing: DebateStanding? = nil,
        limit: Int,
        offset: Int = 0,
        in transaction: borrowing Transaction
    ) throws -> (items: [DebateListing], total: Int) {
        let owner: SQL = workspace.map { "workspace_id = \($0)" } ?? "true"
        let filter: SQL = standing.map { "and \($0.condition)" } ?? ""
        let total = try transaction.query(
            "select count(*) as total from debates where \(owner) \(filter)"
        ).first?.integer("total")
        let rows = try transaction.query(
            """
            select \(raw: DebateListing.columns(transaction.dialect)) from debates where \(owner) \(filter)
            order by debate_number desc limit \(limit) offset \(offset)
            """
        )
        return (try rows.map { try DebateListing($0) }, Int(total ?? 0))
    }

    /// Those among some debates that wait for people.
    /// - Throws: `DatabaseError`.
    package func paused(among debates: [DebateRecord], in transaction: borrowing Transaction) throws -> Set<DebateID> {
        let running = debates.filter { $0.status == .running }.map(\.id)
        guard !running.isEmpty else { return [] }
        let rows = try transaction.query(
            "select debate_id from debates where debate_id in (\(list: running)) and \(DebateStanding.paused.condition)"
        )
        return Set(try rows.map { try $0.id("debate_id") })
    }

    /// Changes how a debate is called and found; nil leaves what is there, and an empty title takes it away.
    /// - Throws: `DatabaseError`.
    package func describe(
        _ id: DebateID,
        workspace: WorkspaceID,
        title: String?,
        tags: [String]?,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update debates set title = nullif(coalesce(\(title), title), ''),
                tags_json = coalesce(\(tags.map { JSONValue.strings($0) }), tags_json), updated_at = \(now)
            where workspace_id = \(workspace) and debate_id = \(id)
            """
        )
    }

    /// The newest debates that were asked in a channel or by a person, newest first.
    /// - Parameter isRunning: whether only those that have not ended are meant.
    /// - Throws: `DatabaseError`.
    package func visible(
        workspace: WorkspaceID,
        channel: String,
        person: String,
        isRunning: Bool = false,
        limit: Int,
        in transaction: borrowing Transaction
    ) throws -> [DebateListing] {
        let place = transaction.dialect.member("channel", of: "address_json")
        // Among those that go on, which are few, all are looked at. Among all, the newest of the person and the newest
        // of the channel each have an index, which an `or` would leave aside.
        let which: SQL =
            isRunning
            ? """
            workspace_id = \(workspace) and \(DebateStanding.active.condition)
                and (requested_by = \(person) or \(raw: place) = \(channel))
            """
            : """
            debate_number in (
                select debate_number from (
                    select debate_number from debates where workspace_id = \(workspace) and requested_by = \(person)
                    order by created_at desc, debate_number desc limit \(limit)
                ) as own
                union all
                select debate_number from (
                    select debate_number from debates where workspace_id = \(workspace) and \(raw: place) = \(channel)
                    order by debate_number desc limit \(limit)
                ) as here
            )
            """
        return try transaction.query(
            """
            select \(raw: DebateListing.columns(transaction.dialect)) from debates where \(which)
            order by debate_number desc limit \(limit)
            """
        ).map { try DebateListing($0) }
    }

    /// The debates of a platform that have not ended, in the order of their ids.
    /// - Parameter end: those that were asked for later are left out; nil leaves none out.
    /// - Throws: `DatabaseError`.
    package func open(
        workspace: WorkspaceID,
        platform: String,
        until end: Timestamp?,
        in transaction: borrowing Transaction
    ) throws -> [DebateID] {
        let isInTime: SQL = if let end { "and created_at <= \(end)" } else { "" }
        return try transaction.query(
            """
            select debate_id from debates where workspace_id = \(workspace) and platform = \(platform)
                and status in ('created', 'running') \(isInTime)
            order by debate_id
            """
        ).map { try $0.id("debate_id") }
    }

    /// Notes in which conversation a debate goes on, where that was not known when it was asked for.
    /// - Throws: `DatabaseError`.
    package func move(
        _ id: DebateID,
        toConversation conversationKey: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update debates set conversation_key = \(conversationKey)
            where workspace_id = \(workspace) and debate_id = \(id)
            """
        )
    }

    /// The newest debate of a conversation that has not ended.
    /// - Throws: `DatabaseError`.
    package func newestOpen(
        inConversation conversationKey: String,
        workspace: WorkspaceID,
        in transaction: borrowing Transaction
    ) throws -> DebateRecord? {
        try transaction.query(
            """
            select * from debates where workspace_id = \(workspace) and conversation_key = \(conversationKey)
                and \(DebateStanding.active.condition)
            order by debate_number desc limit 1
            """
        ).first.map { try DebateRecord($0) }
    }

    /// How many debates somebody started since a moment.
    /// - Throws: `DatabaseError`.
    package func count(
        requestedBy person: String,
        workspace: WorkspaceID,
        since: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Int {
        let row = try transaction.query(
            """
            select count(*) as total from debates
            where workspace_id = \(workspace) and requested_by = \(person) and created_at >= \(since)
            """
        ).first
        return Int(try row?.integer("total") ?? 0)
    }

    /// Marks a debate as running; a finished one stays as it is.
    /// - Throws: `DatabaseError`.
    package func start(
        _ id: DebateID,
        workspace: WorkspaceID,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            update debates set status = 'running', started_at = coalesce(started_at, \(now)), updated_at = \(now)
            where workspace_id = \(workspace) and debate_id = \(id) and status = 'created'
            """
        )
    }

    /// Writes down how a debate ended, once.
    /// - Returns: false where it had ended before.
    /// - Throws: `DatabaseError`.
    package func conclude(
        _ id: DebateID,
        workspace: WorkspaceID,
        with conclusion: DebateConclusion,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            update debates set status = \(conclusion.status.rawValue), winner = \(conclusion.winner),
                confidence = \(conclusion.confidence), consensus_reached = \(conclusion.consensusReached),
                finished_at = \(now), updated_at = \(now)
            where workspace_id = \(workspace) and debate_id = \(id) and status in ('created', 'running')
            """
        ) == 1
    }

    /// Asks a debate to stop.
    /// - Parameter metadata: takes the place of what stands there.
    /// - Returns: false where it has ended already.
    /// - Throws: `DatabaseError`.
    package func requestCancel(
        _ id: DebateID,
        workspace: WorkspaceID,
        metadata: JSONValue,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            update debates set cancel_requested = \(true), updated_at = \(now),
                metadata_json = \(metadata)
            where workspace_id = \(workspace) and debate_id = \(id) and status in ('created', 'running')
            """
        ) == 1
    }

    /// Wins and seats of each agent in a workspace's finished debates, the most wins first.
    /// - Parameter limit: how many of the newest debates are counted.
    /// - Throws: `DatabaseError`.
    package func standings(workspace: WorkspaceID, limit: Int = 1000, in transaction: borrowing Transaction) throws
        -> [(agent: String, wins: Int, debates: Int)]
    {
        let rows = try transaction.query(
            """
            select winner, \(raw: transaction.dialect.member("agents", of: "settings_json")) as agents from debates
            where workspace_id = \(workspace) and status = 'completed'
            order by debate_number desc limit \(limit)
            """
        )
        var seats: [String: (wins: Int, debates: Int)] = [:]
        for row in rows {
            let winner = try row.textOrNil("winner")
            let agents = try row.textOrNil("agents") == nil ? [] : row.json("agents").array ?? []
            for agent in agents {
                guard let name = agent.string else { continue }
                seats[name, default: (0, 0)].debates += 1
                if name == winner { seats[name, default: (0, 0)].wins += 1 }
            }
        }
        return seats.map { ($0.key, $0.value.wins, $0.value.debates) }
            .sorted { ($1.wins, $1.debates, $0.agent) < ($0.wins, $0.debates, $1.agent) }
    }
}
