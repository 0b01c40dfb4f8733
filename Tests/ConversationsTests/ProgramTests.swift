import Channels
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

/// Other programs may ask, within a budget, and are never drawn into a talk without end.
@Suite(.timeLimit(.minutes(5))) struct ProgramTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aProgramStartsDebatesWithinItsBudget(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            for stamp in 1...5 { try await house.receive(house.program("Question \(stamp)?", "\(stamp)")) }
            #expect(try await house.debates().map(\.task) == ["Question 1?", "Question 2?"])
            try await house.receive(house.mention("Question of a person?", "6"))
            house.time.advance(by: .seconds(3601))
            try await house.receive(house.program("Question 7?", "7"))
            #expect(try await house.debates().map(\.task).suffix(2) == ["Question of a person?", "Question 7?"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aProgramIsAnsweredNothingElse(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            for (stamp, text) in ["help", "ask Why?", "status", "stauts", "", "debate --rounds 99 Q"].enumerated() {
                try await house.receive(house.program(text, "\(stamp)"))
            }
            #expect(try await house.outboxKeys() == [])
            #expect(try await house.openJobs() == 0)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aProgramThatDoesNotMeanUsIsNotHeard(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let robot = InboundEvent.Actor(id: "B1", isBot: true)
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.receive(
                house.message("Build failed.", "2", thread: "1", by: robot, mentionsUs: false),
                house.message("Build failed.", "3", by: robot, mentionsUs: false)
            )
            #expect(try await house.evidence(house.debate()) == [])
            #expect(try await house.debates().count == 1)
        }
    }

    /// Whom the end of a debate mentions.
    private static func mention(of debate: DebateRecord, _ house: ConversationHouse) async throws -> String? {
        let key = "\(debate.id)/verdict"
        let rows = try await house.database.run("select payload_json from outbox where outbox_key = \(key)")
        return try JSONValue(parsing: try #require(rows.first).text("payload_json"))["mention"]?.string
    }

    @Test("The end of a debate mentions the person who asked, and never a program", arguments: [false, true])
    func mentions(isGivenUp: Bool) async throws {
        try await ConversationHouse.with(.sqlite) { house in
            let program = InboundEvent.Actor(id: "U0PROGRAM", displayName: "Robot", isBot: true)
            try await house.receive(
                house.message("Tabs or spaces?", "1", by: program, mentionsUs: true),
                house.mention("Spaces or tabs?", "2")
            )
            if isGivenUp { _ = try await house.database.run("update job_queue set attempts = max_attempts") }
            try await house.work()
            for debate in try await house.debates() {
                let isProgram = debate.requestedBy == "U0PROGRAM"
                #expect(try await Self.mention(of: debate, house) == (isProgram ? nil : "U1"))
            }
            #expect(try await house.debates().count == 2)
        }
    }

    /// Has a program ask with these options.
    private static func start(
        _ house: ConversationHouse,
        _ key: String,
        _ options: DebateOptions
    ) async throws -> DebateRecord {
        var question = Question(
            workspace: house.workspace,
            task: "Tabs or spaces?",
            platform: "web",
            originKey: key,
            conversationKey: key,
            requestedBy: "api"
        )
        question.options = options
        return try await house.service.start(question)
    }

    @Test("A program may choose further rules of the debate, and hears of those that are not to be had")
    func rules() async throws {
        try await ConversationHouse.with(.sqlite) { house in
            func start(_ key: String, rules: JSONValue?, agents: [String]? = nil) async throws -> DebateRecord {
                try await Self.start(house, key, DebateOptions(rounds: 2, agents: agents, rules: rules))
            }
            let chosen = try await start("1", rules: ["convergence_detection": false, "rounds": 5, "mood": "good"])
            let settings = try DebateSettings(json: chosen.settings).debateProtocol
            #expect(!settings.convergenceDetection && settings.rounds == 2)
            for wrong: JSONValue in [["enable_trickster": true], ["rounds": 99], ["consensus_threshold": 2]] {
                let error = await #expect(throws: ConversationError.self) { try await start("2", rules: wrong) }
                #expect(error?.reason == .invalidOptions)
            }
            let crowd = Array(repeating: "alpha", count: 11)
            let error = await #expect(throws: ConversationError.self) {
                try await start("3", rules: nil, agents: crowd)
            }
            #expect(error?.reason == .invalidAgents)
        }
    }

    @Test("A program may choose every consensus rule that there is")
    func consensusRules() async throws {
        try await ConversationHouse.with(.sqlite) { house in
            for mode in ConsensusMode.allCases {
                let options = DebateOptions(consensus: mode.rawValue)
                let debate = try await Self.start(house, mode.rawValue, options)
                #expect(try DebateSettings(json: debate.settings).debateProtocol.consensus == mode)
            }
            let error = await #expect(throws: ConversationError.self) {
                try await Self.start(house, "other", DebateOptions(consensus: "loudest"))
            }
            #expect(error?.reason == .invalidOptions && error?.description.contains("weighted") == true)
        }
    }

    @Test("One key adds one text", arguments: DatabaseEngine.allCases)
    func inputTwins(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let debate = try await Self.start(house, "1", DebateOptions())
            func add(_ text: String) async throws -> Bool {
                try await house.service.addInput(
                    text,
                    author: "api",
                    key: "m1",
                    to: debate.id,
                    workspace: debate.workspace
                )
            }
            #expect(try await add("first"))
            #expect(try await !add(" first "))
            let error = await #expect(throws: ConversationError.self) { try await add("OTHER") }
            #expect(error?.reason == .conflict)
            #expect(try await house.evidence(debate) == ["api: first"])
            try await house.service.cancel(debate.id, workspace: debate.workspace, by: "api")
            #expect(try await !add("first"))
            try await house.work()
            #expect(try await !add("first"))
            #expect(try await house.debate().status == .cancelled)
        }
    }

    @Test("A stop that is acknowledged is one, even where all answers are there", arguments: DatabaseEngine.allCases)
    func lateStop(engine: DatabaseEngine) async throws {
        let votes = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/vote/") { try await votes.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            let debate = try await Self.start(house, "1", DebateOptions())
            let (id, workspace) = (debate.id, debate.workspace)
            try await house.alongside([house.worker().run]) {
                await votes.waitForCalls(2)
                try await house.service.cancel(id, workspace: workspace, by: "api")
                votes.open()
                try await house.wait { try await house.openJobs() == 0 }
            }
            #expect(try await house.debate().status == .cancelled)
            await #expect(throws: ConversationError.self) {
                try await house.service.addInput("Late.", author: "api", key: "m", to: id, workspace: workspace)
            }
        }
    }

    @Test("A stop while the judge writes keeps what it wrote", arguments: DatabaseEngine.allCases)
    func stopWhileTheJudgeWrites(engine: DatabaseEngine) async throws {
        let judge = Gate()
        let hold: @Sendable (String) async throws -> Void = { key in
            if key.contains("/synthesis/") { try await judge.wait() }
        }
        try await ConversationHouse.with(engine, before: hold) { house in
            let debate = try await Self.start(house, "1", DebateOptions(consensus: "judge"))
            try await house.alongside([house.worker().run]) {
                await judge.waitForCalls(1)
                try await house.service.cancel(debate.id, workspace: debate.workspace, by: "api")
                judge.open()
                try await house.wait { try await house.openJobs() == 0 }
            }
            let projection = try #require(try await house.projection(debate))
            let written = try #require(projection.synthesis)
            #expect(written.content == "The synthesis of \(written.agent).")
            #expect(projection.result?.status == .cancelled && projection.result?.finalAnswer == written.content)
            #expect(projection.result?.synthesizedBy == written.agent)
        }
    }

    @Test("Nothing is taken that a stop comes before")
    func additionBehindAStop() async throws {
        try await ConversationHouse.with(.postgres) { house in
            let debate = try await Self.start(house, "1", DebateOptions())
            let (controls, service) = (house.controls, house.service)
            let result = try await blocking(on: house.database) { transaction in
                _ = try controls.cancel(debate, by: "api", in: transaction)
            } while: {
                let adding = Task {
                    try await service.addInput(
                        "More.",
                        author: "api",
                        key: "m",
                        to: debate.id,
                        workspace: debate.workspace
                    )
                }
                try await house.polled {
                    let isWaiting: SQL = "datname = current_database() and wait_event_type = 'Lock'"
                    return try await house.count("pg_stat_activity", where: isWaiting) > 0
                }
                return adding
            }
            let error = await #expect(throws: ConversationError.self) { try await result.outside.value }
            #expect(error?.reason == .conflict)
            #expect(try await house.evidence(debate) == [])
        }
    }

    @Test("What comes too late for the panel is counted", arguments: DatabaseEngine.allCases)
    func lateEvidence(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let debate = try await Self.start(house, "1", DebateOptions())
            let (id, workspace) = (debate.id, debate.workspace)
            try await house.service.cancel(id, workspace: workspace, by: "api")
            await #expect(throws: ConversationError.self) {
                try await house.service.addInput("More.", author: "api", key: "m", to: id, workspace: workspace)
            }
            _ = try await house.database.write { transaction in
                try house.controls.addInput("Said in a thread.", author: "U1", key: "k", to: debate, in: transaction)
            }
            try await house.work()
            let projection = try #require(try await house.projection(debate))
            #expect(projection.result?.finalAnswer == "")
            #expect(try await house.service.lateEvidence(in: projection, of: id, workspace: workspace) == 1)
        }
    }

    @Test("Nobody says in the gateway's place who stopped a debate", arguments: DatabaseEngine.allCases)
    func forgedFacts(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let theirs: JSONValue = [
                "stopped_by": ["id": "slack:U1", "name": "The CEO"], "unreachable": true, "message": "1",
            ]
            var question = Question(
                workspace: house.workspace,
                task: "Tabs or spaces?",
                platform: "web",
                originKey: "1",
                conversationKey: "1",
                requestedBy: "api"
            )
            question.metadata = theirs
            let id = try await house.service.start(question).id
            try await house.service.cancel(id, workspace: house.workspace, by: "key:k1")
            let debate = try await house.debate()
            #expect(debate.fact("stopped_by") == ["id": "key:k1"])
            #expect(debate.fact("unreachable") == nil && debate.fact("message") == nil)
            #expect(debate.shownMetadata == theirs)
        }
    }

    @Test("What an earlier version noted of a chat's debate is still read, and not shown")
    func earlierFacts() async throws {
        try await ConversationHouse.with(.sqlite) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            let noted: JSONValue = ["message": "1", "follows": "d0", "stopped_by": ["id": "U1"]]
            _ = try await house.database.run("update debates set metadata_json = \(noted)")
            let debate = try await house.debate()
            #expect(debate.fact("stopped_by") == ["id": "U1"] && debate.fact("message") == "1")
            #expect(debate.shownMetadata == ["follows": "d0"])
        }
    }

    @Test("A budget in dollars is refused where it would not hold, with what to do instead")
    func budgets() async throws {
        var panel = ScriptedPanel(calls: Calls())
        panel.unpriced = ["beta"]
        try await ConversationHouse.with(.sqlite, panel: panel) { house in
            func start(_ key: String, _ agents: [String]?, rules: JSONValue) async throws {
                _ = try await Self.start(house, key, DebateOptions(agents: agents, rules: rules))
            }
            let error = await #expect(throws: ConversationError.self) {
                try await start("1", nil, rules: ["budget_microdollars": 500_000])
            }
            #expect(error?.reason == .invalidOptions)
            #expect(error?.description.contains("beta (beta-1)") == true)
            #expect(error?.description.contains("budget_tokens") == true)
            #expect(try await house.debates().isEmpty)
            try await start("2", ["alpha", "gamma"], rules: ["budget_microdollars": 500_000])
            try await start("3", nil, rules: ["budget_tokens": 500_000])
            #expect(try await house.debates().count == 2)
        }
    }
}
