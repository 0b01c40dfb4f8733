import Agents
import CoreTypes
import TestSupport
import Testing

@Suite struct DemoAgentTests {
    private let time = ManualTime(isAutomatic: true)
    private let call = AgentCall(key: "k")

    private var panel: [DemoAgent] { DemoPersona.allCases.map { DemoAgent($0, time: time) } }

    @Test(arguments: [GenerateRequest.Purpose.answer, .proposal, .revision, .synthesis])
    func everyTextSaysWhatItIs(purpose: GenerateRequest.Purpose) async throws {
        let request = GenerateRequest(
            purpose: purpose,
            briefing: Briefing(
                task: "Shall we move to Postgres?\nMore.",
                evidence: [Evidence(author: "Ann", text: "x")]
            ),
            proposals: [Proposal(agent: "demo-skeptic", content: "x")],
            winner: "demo-pragmatist"
        )
        for agent in panel {
            let text = try await agent.generate(request, call: call).value
            #expect(text.hasPrefix("*This is an offline demo agent, not an AI model"))
            #expect(text == (try await agent.generate(request, call: AgentCall(key: "other")).value))
            #expect(agent.profile.isDemo)
        }
        #expect(time.sleeps.allSatisfy { $0 == .milliseconds(400) })
    }

    @Test func theyDisagreeAndStillDecide() async throws {
        for task in ["Shall we move?", "Which database?", "Buy or build?"] {
            let briefing = Briefing(task: task)
            var proposals: [Proposal] = []
            for agent in panel {
                let request = GenerateRequest(purpose: .proposal, briefing: briefing)
                proposals.append(
                    Proposal(agent: agent.profile.name, content: try await agent.generate(request, call: call).value)
                )
            }
            #expect(Set(proposals.map(\.content)).count == 3)
            var votes: [String: Int] = [:]
            for agent in panel {
                let request = VoteRequest(briefing: briefing, proposals: proposals)
                votes[try await agent.vote(request, call: call).value.choice, default: 0] += 1
            }
            #expect(votes["demo-pragmatist"] == 2)
            #expect(votes.count == 2)
        }
    }

    @Test func theyHearPeopleAndKeepLongQuestionsShort() async throws {
        let briefing = Briefing(
            task: "a" + String(repeating: "\u{301}", count: 50_000),
            evidence: [Evidence(author: "Ann", text: "x")],
            guidance: [Evidence(author: "Ben", text: "y")]
        )
        let request = GenerateRequest(purpose: .proposal, briefing: briefing)
        let text = try await panel[0].generate(request, call: call).value
        #expect(text.contains("What Ann added has been heard.") && text.contains("What Ben added has been heard."))
        #expect(text.unicodeScalars.count < 5_000)
    }

    @Test func theyCriticiseEachOther() async throws {
        let request = CritiqueRequest(
            briefing: Briefing(task: "Q", round: 1, totalRounds: 2),
            target: Proposal(agent: "demo-optimist", content: "x")
        )
        let critique = try await panel[1].critique(request, call: call).value
        #expect(critique.target == "demo-optimist")
        #expect(critique.severity == 0.7)
        #expect(!critique.issues.isEmpty)
    }

    @Test func aVoteNeedsAProposal() async {
        let request = VoteRequest(briefing: Briefing(task: "Q"), proposals: [])
        await #expect(throws: AgentError.self) { try await panel[0].vote(request, call: call) }
    }
}
