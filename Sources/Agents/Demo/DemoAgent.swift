package import CoreTypes

/// A panel member without any model behind it, so that the product can be seen at work without a key or a network.
///
/// The same question always gives the same texts. Every text says first what it is.
package struct DemoAgent: Agent {
    package let profile: AgentProfile
    private let persona: DemoPersona
    private let delay: Duration
    private let time: any TimeSource

    /// What every text begins with.
    package static let notice = "*This is an offline demo agent, not an AI model: its text is made of set phrases.*"

    /// Makes a demo agent.
    /// - Parameter delay: The pause before each answer, so that a debate can be watched.
    package init(_ persona: DemoPersona, delay: Duration = .milliseconds(400), time: any TimeSource) {
        self.persona = persona
        self.delay = delay
        self.time = time
        profile = AgentProfile(name: persona.name, provider: "Demo", model: "none (set phrases)", isDemo: true)
    }

    package func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        try await pause()
        return Reply(Self.notice + "\n\n" + text(request))
    }

    package func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        try await pause()
        let target = DemoPersona.allCases.first { $0.name == request.target.agent }
        return Reply(
            Critique(
                agent: profile.name,
                target: request.target.agent,
                issues: persona.objections,
                suggestions: [persona.advice],
                severity: max(0, persona.severity(of: target) - 0.1 * Double(max(0, request.briefing.round - 1))),
                reasoning: Self.notice
            )
        )
    }

    package func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        try await pause()
        let chosen = choice(among: request.proposals.map(\.agent), task: request.briefing.task)
        guard let chosen else { throw AgentError(.badRequest, "There is no proposal to choose from.") }
        let isOwn = chosen == profile.name
        return Reply(
            Vote(
                agent: profile.name,
                choice: chosen,
                confidence: persona == .pragmatist ? 0.8 : isOwn ? 0.6 : 0.7,
                reasoning: Self.notice + " "
                    + (isOwn ? "I stay with my own proposal." : "It answers most of what I object to elsewhere.")
            )
        )
    }

    private func pause() async throws {
        if delay > .zero { try await time.sleep(for: delay) }
        try Task.checkCancellation()
    }

    /// Two of three agree on the pragmatist; who dissents depends on the question, so that a dissent can be seen.
    private func choice(among names: [String], task: String) -> String? {
        let dissenter = Self.hash(task) & 1 == 0 ? DemoPersona.optimist : .skeptic
        let wanted = persona == dissenter ? profile.name : DemoPersona.pragmatist.name
        return names.first { $0 == wanted } ?? names.first { $0 != profile.name } ?? names.first
    }

    private func text(_ request: GenerateRequest) -> String {
        let question = Self.firstLine(request.briefing.task)
        switch request.purpose {
        case .answer:
            return "On “\(question)”: \(persona.position)\n\n" + bullets(request.briefing)
        case .proposal:
            return """
                **Question:** \(question)

                **Position:** \(persona.position)

                **Why:**
                \(bullets(request.briefing))

                **What would change my mind:** \(persona.advice)
                """
        case .revision:
            let others = request.critiques.filter { $0.target == profile.name }.map(\.agent)
            let heard = others.isEmpty ? "No one objected." : "I have taken up what \(list(others)) said."
            return """
                **Position:** \(persona.revisedPosition)

                **What changed:** \(heard)

                **Why it still holds:**
                \(bullets(request.briefing))
                """
        case .synthesis:
            let winner = request.winner ?? profile.name
            let others = request.proposals.map(\.agent).filter { $0 != winner }
            let dissent = others.isEmpty ? "None." : "The proposals of \(list(others)) remain on record beside it."
            return """
                **Question:** \(question)

                **The panel's answer** follows the proposal of \(winner): \(DemoPersona.pragmatist.revisedPosition)

                **What remains open:** \(dissent)
                """
        }
    }

    private func bullets(_ briefing: Briefing) -> String {
        let arguments = persona.arguments
        let first = Int(Self.hash(briefing.task) % UInt64(arguments.count))
        let second = (first + 1 + Int(Self.hash(briefing.task + persona.rawValue) % UInt64(arguments.count - 1)))
        var lines = [arguments[first], arguments[second % arguments.count]]
        for last in [briefing.evidence.last, briefing.guidance.last].compactMap(\.self) {
            lines.append("What \(last.author) added has been heard.")
        }
        return lines.map { "- \($0)" }.joined(separator: "\n")
    }

    private func list(_ names: [String]) -> String {
        var seen: Set<String> = []
        let unique = names.filter { seen.insert($0).inserted }
        guard unique.count > 1, let last = unique.last else { return unique.first ?? "" }
        return unique.dropLast().joined(separator: ", ") + " and " + last
    }

    private static func firstLine(_ task: String) -> String {
        task.split(whereSeparator: \.isNewline).first?.shortened(to: 200) ?? ""
    }

    /// FNV-1a: the same number for the same text on every machine, unlike Swift's own hashing.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
