import CoreTypes
import DatabaseSupport
import TestSupport
import Testing
import Transport

/// What debates of the real program may use.
@Suite("Budgets", .timeLimit(.minutes(5)))
struct BudgetTests {
    @Test("A budget in tokens holds though the models' server takes no form of an answer")
    func refusedForms() async throws {
        try await GatewayWorld.with(.sqlite, models: .refusesForms) { world in
            let gateway = try await world.start()
            // Three proposals use 450 tokens, and six criticisms, the first answers with a form, 900 more.
            let question: JSONValue = ["task": "Ship?", "rounds": 3, "protocol": ["budget_tokens": 1_200]]
            let asked = try await world.call(gateway, "/debates", question)
            let debate = try #require(try JSONValue(parsing: asked.body)["id"]?.string)
            let journal = try await eventually("the end of the debate") {
                let events = try await world.look(at: "/debates/\(debate)/events", gateway).text
                return events.contains("debate_end") ? events : nil
            }
            #expect(journal.contains("budget_exceeded"))
            #expect(try await gateway.terminate() == .exited(0))
        }
    }
}
