import Channels
import CoreTypes

/// Writes the message of a quick answer, while it is waited for and when it is there.
enum QuickAnswerPosts {
    static func pending(_ question: String, agent: AgentProfile, requester: String?) -> Post {
        Post(
            body: DebateWords.quoted(question),
            fields: [.init("Answer", "\(agent.name) is thinking …")],
            footer: footer(agent, requester),
            fallbackText: "\(agent.name) is thinking"
        )
    }

    static func answer(_ question: String, answer: String, agent: AgentProfile) -> Post {
        Post(
            body: "\(DebateWords.quoted(question))\n\n\(answer)",
            footer: footer(agent, nil),
            fallbackText: DebateWords.plainLine(answer)
        )
    }

    private static func footer(_ agent: AgentProfile, _ requester: String?) -> String {
        (requester.map { "Asked by \(DebateWords.name($0)). " } ?? "")
            + "A quick answer by \(agent.name) alone, without a debate."
            + (agent.isDemo ? " **\(DebateWords.demoNotice)**" : "")
    }
}
