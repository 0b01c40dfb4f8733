import CoreTypes
import DatabaseSupport
import Persistence
import Testing

/// Lists of debates are short, however long the texts of the debates are.
@Suite(.timeLimit(.minutes(5))) struct DebateListTests {
    private func add(
        _ id: String,
        task: String = "Why?",
        background: String = "",
        metadata: JSONValue = [:],
        to database: any Database
    ) async throws {
        let debate = NewDebate(
            id: DebateID(id),
            workspace: acme,
            task: task,
            platform: "web",
            originKey: id,
            conversationKey: id,
            address: ["channel": "C1"],
            settings: [
                "agents": ["alpha", "beta"], "background": .string(background), "protocol": ["rounds": 3],
            ],
            requestedBy: "U1",
            isDemo: false,
            metadata: metadata
        )
        _ = try await database.write { try DebateStore().insert(debate, now: start, in: $0) }
    }

    /// The list of the API, and that of a chat.
    private func lists(of database: any Database) async throws -> [[DebateListing]] {
        try await database.read { transaction in
            let (store, channel) = (DebateStore(), "C1")
            return [
                try store.list(workspace: acme, limit: 10, in: transaction).items,
                try store.visible(workspace: acme, channel: channel, person: "U2", limit: 10, in: transaction),
            ]
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aListHoldsNoLongTexts(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let text = String(repeating: "é", count: 50_000)
            try await add("d1", task: text, background: text, metadata: ["text": .string(text)], to: test.database)
            try await add("d2", background: "short", metadata: ["text": "short"], to: test.database)
            for list in try await lists(of: test.database) {
                #expect(list.map(\.record.id.rawValue) == ["d2", "d1"])
                let short = try #require(list.first)
                let long = try #require(list.last)
                #expect(short.record.task == "Why?")
                #expect(short.record.settings["background"] == "short")
                #expect(short.record.metadata == ["text": "short"] && !short.lacksMetadata)
                // A beginning that is itself too long.
                #expect(long.record.task == String(text.prefix(DebateListing.longestText + 1)))
                #expect(long.record.settings == ["agents": ["alpha", "beta"], "protocol": ["rounds": 3]])
                #expect(long.record.metadata == [:] && long.lacksMetadata)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatFitsIntoAListStaysWhole(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            let fitting = String(repeating: "x", count: DebateListing.longestText)
            let noted: JSONValue = [
                "text": .string(String(fitting.dropLast(100))),
                DebateRecord.factsMember: ["stopped_by": ["id": "U1", "name": .string(String(fitting.dropLast(100)))]],
            ]
            try await add("d1", task: fitting, metadata: noted, to: test.database)
            // It has fewer characters than bytes, and too many bytes.
            let foreign = String(repeating: "€", count: DebateListing.longestText / 2)
            try await add("d2", task: foreign, to: test.database)
            for list in try await lists(of: test.database) {
                #expect(list.map(\.record.task) == [foreign, fitting])
                #expect(list.last?.record.metadata == noted)
                #expect(list.last?.lacksMetadata == false)
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theLeaderboardCountsDebatesOfLongSettings(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            try await add("d1", background: String(repeating: "x", count: 50_000), to: test.database)
            let standings = try await test.database.write { transaction in
                _ = try DebateStore().conclude(
                    DebateID("d1"),
                    workspace: acme,
                    with: DebateConclusion(status: .completed, winner: "beta"),
                    now: start,
                    in: transaction
                )
                return try DebateStore().standings(workspace: acme, in: transaction).map { standing in
                    "\(standing.agent) \(standing.wins)/\(standing.debates)"
                }
            }
            #expect(standings == ["beta 1/1", "alpha 0/1"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func openDebatesComeInTheOrderOfTheirIds(engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { test in
            for id in ["d2", "d3", "d1"] { try await add(id, to: test.database) }
            func open(until end: Timestamp?) async throws -> [String] {
                try await test.database.read { transaction in
                    try DebateStore().open(workspace: acme, platform: "web", until: end, in: transaction)
                }.map(\.rawValue)
            }
            #expect(try await open(until: nil) == ["d1", "d2", "d3"])
            #expect(try await open(until: start) == ["d1", "d2", "d3"])
            #expect(try await open(until: start + .seconds(-1)).isEmpty)
        }
    }
}
