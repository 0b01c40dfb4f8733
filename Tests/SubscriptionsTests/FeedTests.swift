import CoreTypes
import DatabaseSupport
import Persistence
import Subscriptions
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(5))) struct FeedTests {
    private static let types = ["debate_start", "round_start", "propose", "critique", "revision", "vote", "debate_end"]

    /// Writes entries into a debate's journal as a debate would, in rows of three.
    private func write(
        _ house: SubscriberHouse,
        from first: Int,
        to last: Int,
        _ types: [String] = Self.types,
        action: JSONValue = "continue"
    ) async throws {
        for start in stride(from: first, through: last, by: 3) {
            let end = min(start + 2, last)
            let lines = (start...end).map { sequence -> String in
                let type = types[(sequence - 1) % types.count]
                let usage: JSONValue = type == "propose" ? ["fallback_model": "other"] : [:]
                let data: JSONValue =
                    type.hasPrefix("breakpoint")
                    ? ["number": 1, "triggers": ["verdict_release"], "action": action]
                    : ["agent": "one", "round": 1, "usage": usage]
                let entry: JSONValue = [
                    "sequence": .integer(Int64(sequence)), "type": .string(type), "at": 1_750_000_000_000,
                    "data": data,
                ]
                return entry.text
            }
            try await house.database.run(
                """
                insert into debate_journal (
                    workspace_id, debate_id, first_sequence, last_sequence, entries, head, written_at
                )
                values (
                    \(house.workspace), 'd1', \(start), \(end), \(Array(lines.joined(separator: "\n").utf8)),
                    \([UInt8]()), 0
                )
                """
            )
        }
    }

    private func begin(_ house: SubscriberHouse, settings: JSONValue = [:]) async throws {
        let debate = NewDebate(
            id: DebateID("d1"),
            workspace: house.workspace,
            task: "Why?",
            platform: "chat",
            originKey: "o",
            conversationKey: "c",
            address: ["platform": "chat", "workspace": "chat:T1", "channel": "C1"],
            settings: settings,
            requestedBy: "u",
            isDemo: true,
            metadata: ["tags": ["urgent"]]
        )
        _ = try await house.database.write { try DebateStore().insert(debate, now: house.time.now(), in: $0) }
        try await house.publish(house.event("d1/debate_start", "debate_start"))
    }

    private func feed(_ house: SubscriberHouse, database: (any Database)? = nil) -> JournalFeed {
        JournalFeed(database: database ?? house.database, sink: house.sink, time: house.time, logger: .silent)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func tellsWhatHappensInside(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe {
                $0.settings.events = ["round_start", "agent_message", "critique", "vote", "agent_fallback_triggered"]
                $0.settings.channels = ["chat:C1"]
                $0.settings.tags = ["urgent"]
                $0.settings.isOrdered = true
            }
            try await begin(house)
            try await write(house, from: 1, to: 7)
            _ = try await feed(house).tellOnce()
            let deliverer = house.deliverer()
            while try await deliverer.deliverDue() > 0 {}
            let told = house.receiver.requests.compactMap { $0.json["type"]?.string }
            #expect(
                told == [
                    "round_start", "agent_message", "agent_fallback_triggered", "critique", "agent_message", "vote",
                ]
            )
            let data = try #require(house.receiver.requests.first?.json["data"])
            #expect(data["debate_id"] == "d1" && data["sequence"] == 2)
        }
    }

    @Test("Who subscribes during a debate hears what is said from then on", arguments: DatabaseEngine.allCases)
    func inTheMiddle(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await begin(house)
            try await house.database.run("update debates set status = 'running'")
            try await write(house, from: 1, to: 4)
            let endpoint = try await house.subscribe { $0.settings.isOrdered = true }.endpoint
            try await write(house, from: 5, to: 6)
            _ = try await feed(house).tellOnce()
            let deliverer = house.deliverer()
            while try await deliverer.deliverDue() > 0 {}
            #expect(house.receiver.requests.compactMap { $0.json["type"]?.string } == ["agent_message", "vote"])
            // The same for one that had been given up, and was told nothing meanwhile.
            try await house.database.run("update webhook_configs set status = 'disabled'")
            try await house.publish(house.event("d1/debate_end", "debate_end"))
            #expect(try await house.database.run("select 1 from webhook_cursors").isEmpty)
            try await write(house, from: 7, to: 8)
            _ = try await house.service.setStatus(.active, of: endpoint.id, workspace: nil)
            try await write(house, from: 9, to: 9)
            _ = try await feed(house).tellOnce()
            while try await deliverer.deliverDue() > 0 {}
            #expect(
                house.receiver.requests.compactMap { $0.json["type"]?.string } == [
                    "agent_message", "vote", "round_start",
                ]
            )
        }
    }

    @Test("Tags that a debate gets later hold for its next events", arguments: DatabaseEngine.allCases)
    func tagsOfLater(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.tags = ["release"] }
            try await begin(house)
            try await house.database.write { transaction in
                try DebateStore().describe(
                    DebateID("d1"),
                    workspace: house.workspace,
                    title: nil,
                    tags: ["release"],
                    now: house.time.now(),
                    in: transaction
                )
            }
            // Whoever tells may have read the debate when it began.
            try await house.publish(house.event("d1/verdict", tags: ["urgent"]))
            _ = try await house.deliverer().deliverDue()
            #expect(house.receiver.requests.compactMap { $0.json["type"]?.string } == ["verdict"])
            #expect(house.receiver.requests.first?.json["tags"] == ["release", "urgent"])
        }
    }

    @Test(
        "What the panel says is told with its release, and not before",
        arguments: DatabaseEngine.allCases,
        [true, false]
    )
    func release(_ engine: DatabaseEngine, isReleased: Bool) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.isOrdered = true }
            try await begin(house, settings: ["protocol": ["breakpoints": ["triggers": ["verdict_release"]]]])
            let course = [
                "debate_start", "round_start", "propose", "critique", "vote", "breakpoint", "breakpoint_resolved",
            ]
            func heard() async throws -> [String] {
                _ = try await feed(house).tellOnce()
                let deliverer = house.deliverer()
                while try await deliverer.deliverDue() > 0 {}
                return house.receiver.requests.compactMap { $0.json["type"]?.string }
            }
            try await write(house, from: 1, to: 3, course)
            try await write(house, from: 4, to: 6, course)
            let before = ["debate_start", "round_start", "agent_fallback_triggered", "breakpoint"]
            #expect(try await heard() == before)
            try await write(house, from: 7, to: 7, course, action: isReleased ? "continue" : "abort")
            let words = isReleased ? ["agent_message", "critique", "vote"] : []
            #expect(try await heard() == before + words + ["breakpoint_resolved"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theLastVoteComesBeforeTheVerdict(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.isOrdered = true }
            try await begin(house)
            try await write(house, from: 1, to: 7, ["debate_start", "vote", "breakpoint", "breakpoint_resolved"])
            // Nobody told what happened inside before the debate ended.
            for type in ["verdict", "receipt_ready", "debate_end"] {
                try await house.publish(house.event("d1/\(type)", type))
            }
            #expect(try await feed(house).tellOnce() == 0)
            let deliverer = house.deliverer()
            while try await deliverer.deliverDue() > 0 {}
            let told = house.receiver.requests.compactMap { $0.json["type"]?.string }
            #expect(
                told == [
                    "debate_start", "vote", "breakpoint", "breakpoint_resolved", "vote", "breakpoint", "verdict",
                    "receipt_ready", "debate_end",
                ]
            )
            #expect(try await house.database.run("select 1 from webhook_cursors").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func nobodyFollowsADebateThatIsOver(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            let id = try await house.subscribe().endpoint.id
            try await begin(house)
            try await write(house, from: 1, to: 7)
            try await house.service.delete(id, workspace: nil)
            try await house.publish(house.event("d1/debate_end", "debate_end"))
            #expect(try await house.database.run("select 1 from webhook_cursors").isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aDamagedJournalHoldsNobodyUp(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.events = ["debate_end"] }
            for isEnding in [false, true] {
                try await begin(house)
                try await write(house, from: 1, to: 3)
                try await house.database.run("update debate_journal set entries = \(Array("{".utf8))")
                if isEnding {
                    try await house.publish(house.event("d1/debate_end", "debate_end"))
                } else {
                    #expect(try await feed(house).tellOnce() == 1)
                }
                #expect(try await house.database.run("select 1 from webhook_cursors").isEmpty)
                for table in ["debate_journal", "debates", "webhook_messages"] {
                    try await house.database.run("delete from \(raw: table)")
                }
            }
            #expect(try await house.counts().waiting == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatIsToldElsewhereHasTheDebatesChannelAndTags(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe {
                $0.settings.events = ["publication.*", "approval.*"]
                $0.settings.channels = ["chat:C1", "chat:C2"]
                $0.settings.tags = ["urgent"]
            }
            try await begin(house)
            try await house.publish(
                house.event("publication/1", "publication.published"),
                house.event("approval/1", "approval.requested", channel: "chat:C2"),
                house.event("approval/2", "approval.requested", channel: "chat:C3")
            )
            while try await house.deliverer().deliverDue() > 0 {}
            let told = house.receiver.requests.map(\.json)
            #expect(told.compactMap { $0["channel"]?.string }.sorted() == ["chat:C1", "chat:C2"])
            #expect(told.allSatisfy { $0["tags"] == ["urgent"] })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func nothingIsMissingOrTwiceAfterAKill(_ engine: DatabaseEngine) async throws {
        try await SubscriberHouse.with(engine) { house in
            try await house.subscribe { $0.settings.events = ["vote", "agent_message", "critique", "round_start"] }
            try await begin(house)
            try await write(house, from: 1, to: 700)
            // Killed before its first commit, after it, and while the debate goes on.
            for writes in 0..<2 {
                let doomed = FailingDatabase(house.database, writes: writes)
                while (try? await feed(house, database: doomed).tellOnce()) ?? 0 > 0 {}
            }
            // Killed after the commit and before anybody knew: the cursor is where it was.
            try await house.database.run("update webhook_cursors set last_sequence = 100")
            try await write(house, from: 701, to: 1400)
            try await house.publish(house.event("d1/debate_end", "debate_end"))
            while try await feed(house).tellOnce() > 0 {}
            let deliverer = house.deliverer()
            while try await deliverer.deliverDue() > 0 {}
            let sequences = house.receiver.requests.compactMap { $0.json["data"]?["sequence"]?.integer }
            let wanted = (1...1400).filter { !["debate_start", "debate_end"].contains(Self.types[($0 - 1) % 7]) }
            #expect(sequences.sorted() == wanted.map { Int64($0) })
            #expect(try await house.database.run("select 1 from webhook_cursors").isEmpty)
        }
    }
}
