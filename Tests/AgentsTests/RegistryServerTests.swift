import Agents
import CoreTypes
import Logging
import TestSupport
import Testing
import Transport

/// Whole agents, built from a configuration, against a server.
@Suite(.timeLimit(.minutes(5))) struct RegistryServerTests {
    private func withRegistry(
        _ behaviour: FakeModelServer.Behaviour = .instant,
        models: [String] = ["fake-model"],
        time: ManualTime = ManualTime(isAutomatic: false),
        changing change: (inout [String: String], Int) -> Void = { _, _ in },
        _ body: (AgentRegistry, FakeModelServer) async throws -> Void
    ) async throws {
        try await FakeModelServer.withServer(behaviour, models: models) { server, port in
            let http = HTTPClient(logger: Logger(label: "test"))
            defer { http.shutdown() }
            var configuration = FakeModelServer.configuration(port: port, models: models)
            change(&configuration, port)
            let registry = try AgentRegistry(
                configuration: configuration,
                transport: http,
                time: time,
                jitter: FixedJitter()
            )
            try await body(registry, server)
        }
    }

    @Test func aPanelDebates() async throws {
        try await withRegistry(models: ["m-1", "m-2"]) { registry, server in
            let briefing = Briefing(task: "Why?", round: 1, totalRounds: 2)
            var proposals: [Proposal] = []
            for (position, agent) in registry.defaultPanel.enumerated() {
                let request = GenerateRequest(purpose: .proposal, briefing: briefing)
                let reply = try await agent.generate(request, call: AgentCall(key: "p\(position)"))
                proposals.append(Proposal(agent: agent.profile.name, content: reply.value))
            }
            #expect(proposals.map(\.agent) == ["openai-m-1", "openai-m-2"])
            let judge = registry.defaultPanel[1]
            let critique = try await judge.critique(
                CritiqueRequest(briefing: briefing, target: proposals[0]),
                call: AgentCall(key: "c")
            )
            #expect(critique.value.severity == 0.4)
            #expect(critique.value.target == "openai-m-1")
            let vote = try await judge.vote(
                VoteRequest(briefing: briefing, proposals: proposals),
                call: AgentCall(key: "v")
            )
            #expect(vote.value.choice == "openai-m-1")
            #expect(await server.requests.map(\.idempotencyKey) == ["p0", "p1", "c", "v"])
            #expect(await server.requests.map(\.model) == ["m-1", "m-2", "m-2", "m-2"])
        }
    }

    @Test func aServerWithoutAKeyIsNoOpenAI() async throws {
        try await withRegistry { registry, server in
            let agent = try #require(registry.defaultPanel.first)
            #expect(agent.profile.provider == "OpenAI-compatible server")
            _ = try await agent.generate(
                GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q")),
                call: AgentCall(key: "k")
            )
            let request = try #require(await server.requests.first)
            #expect(request.credential == nil)
            #expect(request.body["max_tokens"] == 20_480)
            #expect(request.body["max_completion_tokens"] == nil)
        }
    }

    /// Any model may think, at home too, but for older ones, which refuse a limit above their own.
    @Test(
        arguments: [
            ("qwen3:8b", "max_tokens", 20_480), ("openai/gpt-4o", "max_tokens", 4_096),
            ("gpt-6.2-sol", "max_completion_tokens", 20_480), ("anthropic/claude-opus-5-5", "max_tokens", 20_480),
        ]
    )
    func allButOlderModelsGetRoomToThink(model: String, field: String, limit: Int64) async throws {
        try await withRegistry(models: [model], changing: { configuration, _ in configuration["OPENAI_API_KEY"] = "k" })
        {
            registry,
            server in
            let agent = try #require(registry.defaultPanel.first)
            _ = try await agent.generate(
                GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q")),
                call: AgentCall(key: "k")
            )
            #expect(await server.requests.first?.body[field] == .integer(limit))
        }
    }

    @Test func openRouterStandsIn() async throws {
        try await withRegistry(changing: { configuration, port in
            configuration["OPENAI_API_KEY"] = "k"
            configuration["OPENROUTER_API_KEY"] = "r"
            configuration["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(port)/v1"
            configuration["OPENROUTER_MODEL"] = "other/model"
        }) { registry, server in
            await server.script("fake-model", .quotaExceeded)
            let agent = try #require(registry.defaultPanel.first)
            let request = GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q"))
            let reply = try await agent.generate(request, call: AgentCall(key: "k"))
            #expect(reply.usage.fallbackModel == "other/model")
            await server.script("fake-model", .unauthorized)
            let error = await #expect(throws: AgentError.self) {
                try await agent.generate(request, call: AgentCall(key: "k2"))
            }
            #expect(error?.reason == .authentication)
        }
    }

    @Test func theFallbackCanBeSwitchedOff() async throws {
        try await withRegistry(changing: { configuration, port in
            configuration["OPENAI_API_KEY"] = "k"
            configuration["OPENROUTER_API_KEY"] = "r"
            configuration["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(port)/v1"
            configuration["ARAGORA_OPENROUTER_FALLBACK_ENABLED"] = "false"
        }) { registry, server in
            await server.script("fake-model", .quotaExceeded)
            let agent = try #require(registry.defaultPanel.first)
            let error = await #expect(throws: AgentError.self) {
                try await agent.generate(
                    GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q")),
                    call: AgentCall(key: "k")
                )
            }
            #expect(error?.reason == .quotaExceeded)
        }
    }

    @Test func truncatedTextsSaySo() async throws {
        try await withRegistry(.truncated) { registry, _ in
            let agent = try #require(registry.defaultPanel.first)
            let reply = try await agent.generate(
                GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q")),
                call: AgentCall(key: "k")
            )
            #expect(reply.value == "As far as it goes\n\n[The answer ends here at the model's output limit.]")
        }
    }

    @Test func probesTellWhatIsWrong() async throws {
        try await withRegistry(models: ["fake-model", "other"]) { registry, server in
            let ready = await registry.probe(registry.agents[0])
            #expect(ready.outcome == .ready)
            #expect(ready.isUsable)
            #expect(await server.requests.isEmpty)
        }
        try await withRegistry(changing: { configuration, _ in configuration["ARAGORA_AGENTS"] = "openai:missing" }) {
            registry,
            _ in
            let result = await registry.probe(registry.agents[0])
            #expect(result.outcome == .modelUnknown)
            #expect(result.description.contains("fake-model"))
        }
        try await withRegistry(.unauthorized) { registry, _ in
            #expect(await registry.probe(registry.agents[0]).outcome == .keyRefused)
        }
        try await withRegistry(.serverError) { registry, _ in
            #expect(await registry.probe(registry.agents[0]).outcome == .unreachable)
        }
        try await withRegistry(changing: { configuration, _ in configuration = [:] }) { registry, _ in
            #expect(await registry.probe(registry.agents[0]).outcome == .demo)
        }
    }

    @Test func aDozenDebatesDoNotStandInLine() async throws {
        let gate = ModelGate()
        try await withRegistry(.slow(gate)) { registry, server in
            let agent = try #require(registry.defaultPanel.first)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<36 {
                    group.addTask {
                        _ = try await agent.generate(
                            GenerateRequest(purpose: .proposal, briefing: Briefing(task: "Q")),
                            call: AgentCall(key: "d\(number)")
                        )
                    }
                }
                while await server.requests.count < 36 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
        }
    }

    @Test func aSubstituteIsAskedBeforeALongPause() async throws {
        try await withRegistry(changing: { configuration, port in
            configuration["OPENAI_API_KEY"] = "k"
            configuration["OPENROUTER_API_KEY"] = "r"
            configuration["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(port)/v1"
            configuration["OPENROUTER_MODEL"] = "other/model"
        }) { registry, server in
            await server.script("fake-model", .rateLimited(retryAfter: 50))
            let agent = try #require(registry.defaultPanel.first)
            let reply = try await agent.generate(
                GenerateRequest(purpose: .answer, briefing: Briefing(task: "Q")),
                call: AgentCall(key: "k")
            )
            #expect(reply.usage.fallbackModel == "other/model")
        }
    }

    @Test func aSeatWaitsAsLongAsItIsAskedWhereNobodyStandsIn() async throws {
        let time = ManualTime()
        try await withRegistry(time: time) { registry, server in
            await server.script("fake-model", .rateLimited(retryAfter: 120), .instant)
            let agent = try #require(registry.defaultPanel.first)
            let request = GenerateRequest(purpose: .proposal, briefing: Briefing(task: "Q"))
            try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask { try await agent.generate(request, call: AgentCall(key: "k")).value }
                // The airlock's limit and the pause.
                await time.waitForSleepers(2)
                time.advance(by: .seconds(121))
                let answer = try await group.next()
                #expect(answer?.hasPrefix("The answer of fake-model") == true)
            }
            #expect(await server.requests.count == 2)
        }
    }

    @Test func aSeatOutlivesAShortOutage() async throws {
        let time = ManualTime()
        try await withRegistry(time: time) { registry, server in
            await server.script(
                "fake-model",
                .serverError,
                .serverError,
                .serverError,
                .serverError,
                .serverError,
                .instant
            )
            let agent = try #require(registry.defaultPanel.first)
            let request = GenerateRequest(purpose: .proposal, briefing: Briefing(task: "Q"))
            try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask { try await agent.generate(request, call: AgentCall(key: "k")).value }
                for pause in [1, 2, 4, 8, 16] {
                    // The airlock's limit and the pause.
                    await time.waitForSleepers(2)
                    time.advance(by: .seconds(pause * 2))
                }
                let answer = try await group.next()
                #expect(answer?.hasPrefix("The answer of fake-model") == true)
            }
            #expect(await server.requests.count == 6)
        }
    }
}
