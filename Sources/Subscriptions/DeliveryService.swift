package import CoreTypes
package import Persistence

/// What programs, the page and the operator do with what is owed to webhooks: test, read, send once more, forget.
///
/// A call with a workspace sees that one alone; one without sees all of them and is the operator's.
package struct DeliveryService: Sendable {
    private let database: any Database
    private let endpoints: EndpointStore
    private let deliveries = DeliveryStore()
    private let attemptStore = AttemptStore()
    private let time: any TimeSource
    private let identifiers: any IdentifierSource

    /// Makes the service.
    package init(
        database: any Database,
        endpoints: EndpointStore,
        time: any TimeSource,
        identifiers: any IdentifierSource
    ) {
        self.database = database
        self.endpoints = endpoints
        self.time = time
        self.identifiers = identifiers
    }

    /// Sends a test message through the usual way and waits for what comes of it.
    /// - Returns: the attempt; nil where none was made in time, and then it is still made.
    /// - Throws: `SubscriptionError` with code `conflict` for an endpoint that is not active; `DatabaseError`.
    package func test(_ id: EndpointID, workspace: WorkspaceID?, patience: Duration = .seconds(20)) async throws
        -> AttemptRecord?
    {
        let now = time.now()
        let key = "\(id)/test/\(identifiers.next())"
        let sent = try await database.write { transaction in
            let endpoint = try endpoints.existing(id, workspace: workspace, in: transaction)
            guard endpoint.status == .active else {
                throw SubscriptionError(.conflict, "The webhook is \(endpoint.status.rawValue); resume it first.")
            }
            let event = WorkspaceEvent(
                workspaceID: endpoint.workspace,
                key: key,
                type: EventMessage.testType,
                occurredAt: now,
                data: ["webhook_id": .string(id.rawValue), "message": "This is a test."]
            )
            let message = EventMessage(event)
            let before = try attemptStore.newestAttempt(at: endpoint, in: transaction)
            try deliveries.add(message, for: [id], isTest: true, now: now, in: transaction)
            try endpoints.letGo(id, workspace: endpoint.workspace, in: transaction)
            return (message: message.id, to: endpoint, before: before)
        }
        await database.notify(.outbox)
        let end = now + patience
        while time.now() < end {
            let attempt = try await database.read { transaction in
                try attemptStore.attempt(atTest: sent.message, of: sent.to, after: sent.before, in: transaction)
            }
            if let attempt { return attempt }
            try await time.sleep(for: .milliseconds(50))
        }
        return nil
    }

    /// Makes deliveries due once more, under the same ids.
    /// - Returns: how many, and whether they wait until somebody resumes the endpoint.
    /// - Throws: `SubscriptionError` with code `not_found`, or `conflict` for an endpoint that was given up;
    ///   `DatabaseError`.
    package func replay(_ selection: Replay, to id: EndpointID, workspace: WorkspaceID?) async throws -> (
        count: Int, isPaused: Bool
    ) {
        let now = time.now()
        let replayed = try await database.write { transaction in
            let endpoint = try endpoints.existing(id, workspace: workspace, in: transaction)
            guard endpoint.status != .disabled else {
                throw SubscriptionError(.conflict, "The webhook is disabled; resume it first.")
            }
            try endpoints.letGo(id, workspace: endpoint.workspace, in: transaction)
            if case .message(let message) = selection,
                try !deliveries.contains(message, workspace: endpoint.workspace, in: transaction)
            {
                throw SubscriptionError(.notFound, "There is no such message.")
            }
            let count = try deliveries.replay(
                selection,
                endpoint: id,
                workspace: endpoint.workspace,
                now: now,
                in: transaction
            )
            return (count: count, isPaused: endpoint.status == .paused)
        }
        await database.notify(.outbox)
        return replayed
    }

    /// The attempts at an endpoint, the newest first, and how many there are.
    /// - Parameter message: those of one message alone.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    package func attempts(
        of id: EndpointID,
        workspace: WorkspaceID?,
        message: MessageID? = nil,
        limit: Int,
        offset: Int
    ) async throws -> (items: [AttemptRecord], total: Int) {
        try await database.read { transaction in
            let endpoint = try endpoints.existing(id, workspace: workspace, in: transaction)
            return try attemptStore.attempts(
                at: endpoint,
                message: message,
                limit: limit,
                offset: offset,
                in: transaction
            )
        }
    }

    /// What was given up, the newest first, and how much there is.
    /// - Throws: `DatabaseError`.
    package func deadLetters(workspace: WorkspaceID?, endpoint: EndpointID? = nil, limit: Int, offset: Int) async throws
        -> (items: [DeadLetter], total: Int)
    {
        try await database.read { transaction in
            try deliveries.deadLetters(
                workspace: workspace,
                endpoint: endpoint,
                limit: limit,
                offset: offset,
                in: transaction
            )
        }
    }

    /// One delivery that was given up.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    package func deadLetter(_ number: Int64, workspace: WorkspaceID?) async throws -> DeadLetter {
        let found = try await database.read { transaction in
            try deliveries.deadLetter(number, workspace: workspace, in: transaction)
        }
        guard let found else { throw SubscriptionError(.notFound, "There is no such dead letter.") }
        return found
    }

    /// Makes a dead letter due once more.
    /// - Returns: whether it waits until somebody resumes its endpoint.
    /// - Throws: `SubscriptionError` with code `not_found`, or `conflict` for an endpoint that was given up;
    ///   `DatabaseError`.
    package func retry(deadLetter number: Int64, workspace: WorkspaceID?) async throws -> Bool {
        let letter = try await deadLetter(number, workspace: workspace)
        return try await replay(.message(letter.message), to: letter.endpoint, workspace: letter.workspace).isPaused
    }

    /// Forgets a dead letter.
    /// - Throws: `SubscriptionError` with code `not_found`; `DatabaseError`.
    package func forget(deadLetter number: Int64, workspace: WorkspaceID?) async throws {
        let letter = try await deadLetter(number, workspace: workspace)
        try await database.write { transaction in
            try deliveries.forget(deadLetter: number, workspace: letter.workspace, in: transaction)
        }
    }

    /// How many deliveries wait, in all workspaces: cheap enough to be asked every few seconds.
    /// - Throws: `DatabaseError`.
    package func waiting() async throws -> Int {
        try await database.read { try deliveries.waiting(in: $0) }
    }

    /// How many deliveries wait or are under way, have arrived, and were given up.
    /// - Throws: `DatabaseError`.
    package func counts(workspace: WorkspaceID?) async throws -> DeliveryCounts {
        try await database.read { try deliveries.counts(workspace: workspace, in: $0) }
    }

    /// Forgets what was owed at the moment in which its endpoint or its message was deleted.
    ///
    /// Looks at all that is owed anywhere, though without keeping anybody from writing: once in a while is enough.
    /// - Throws: `DatabaseError`.
    package func sweep(limit: Int = 1000) async throws {
        for condition in DeliveryStore.orphaned {
            var found = limit
            while found == limit {
                let numbers = try await database.read { transaction in
                    try deliveries.numbers(where: condition, limit: limit, in: transaction)
                }
                found = numbers.count
                guard found > 0 else { break }
                try await database.write { try deliveries.delete(numbers, where: condition, in: $0) }
            }
        }
    }

    /// Forgets what is older than the retention; a little at a time.
    /// - Returns: whether there may be more.
    /// - Throws: `DatabaseError`.
    package func purge(olderThan retention: Duration, limit: Int = 500) async throws -> Bool {
        let moment = time.now() - retention
        return try await database.write { transaction in
            let hasMoreMessages = try deliveries.purge(before: moment, limit: limit, in: transaction)
            let hasMoreAttempts = try attemptStore.purge(before: moment, limit: limit, in: transaction)
            return hasMoreMessages || hasMoreAttempts
        }
    }
}
