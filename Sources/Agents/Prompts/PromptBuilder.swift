package import CoreTypes

/// Turns a structured request into the two texts that a model reads.
package struct PromptBuilder: Sendable {
    /// The agent's name on the panel.
    package let name: String
    package let steps: ThinkingSteps
    package let stance: Stance?

    /// The most characters of a whole prompt (the original's context limit).
    package static let maximumLength = 120_000
    /// What the frame around the materials may take of it.
    private static let frameAllowance = 8_000
    /// How much of a question is quoted whole: half of the prompt, so that the panel's own texts keep the other.
    private static let maximumQuestion = 60_000
    /// How many of the latest additions to the debate are quoted.
    private static let maximumEvidence = 50
    /// How much is quoted of what those who decide about the debate ask for: as much as one of them may write.
    private static let maximumGuidance = 10_000
    /// All voters' reasons together take at most one part of so many of what the materials may take.
    private static let reasonsPart = 8

    /// Describes whose prompts are built.
    package init(name: String, steps: ThinkingSteps = .understandAnalyze, stance: Stance? = nil) {
        self.name = name
        self.steps = steps
        self.stance = stance
    }

    /// The prompt for an answer, a proposal, a revision or a synthesis.
    package func prompt(for request: GenerateRequest) -> Prompt {
        let isSynthesis = request.purpose == .synthesis
        var materials = proposals(request.proposals, winner: request.winner)
        var criticism = critiques(request.critiques, areAnswered: isSynthesis)
        // A revision answers its criticism, which is as good as what it is about.
        if !isSynthesis { (materials, criticism) = (materials + criticism, []) }
        return Prompt(
            system: system(.text, request.briefing, thinks: request.purpose != .answer),
            user: user(
                request.briefing,
                materials,
                criticism,
                votes: request.votes,
                title: isSynthesis ? nil : fullTitle(of: request.briefing),
                instruction: instruction(for: request)
            ),
            shape: .text
        )
    }

    /// The prompt for a criticism.
    package func prompt(for request: CritiqueRequest) -> Prompt {
        let instruction = """
            Criticise the proposal by \(request.target.agent). Name concrete problems of its reasoning, its facts and its \
            consequences, and say how each could be mended. Do not invent problems: a good proposal has a low severity.
            """
        return Prompt(
            system: system(.critique, request.briefing, thinks: false),
            user: user(
                request.briefing,
                [Material(heading: "Proposal by \(request.target.agent)", text: request.target.content)],
                title: numberedRound(of: request.briefing).map { "\($0)." },
                instruction: instruction
            ),
            shape: .critique
        )
    }

    /// The prompt for a vote.
    package func prompt(for request: VoteRequest) -> Prompt {
        let names = request.proposals.map(\.agent).joined(separator: ", ")
        let instruction = """
            Choose the proposal that answers the question best, your own or another's, by its content alone. \
            The authors are: \(names). Say how sure you are.
            """
        return Prompt(
            system: system(.vote, request.briefing, thinks: false),
            user: user(
                request.briefing,
                proposals(request.proposals, winner: nil),
                title: nil,
                instruction: instruction
            ),
            shape: .vote
        )
    }

    private func system(_ shape: AnswerShape, _ briefing: Briefing, thinks: Bool) -> String {
        let identity = """
            You are \(name), a member of a panel of AI agents that debates a question, criticises itself and votes. \
            People will act on the verdict: be concrete, honest about doubt, and never claim what you cannot support.
            """
        let parts: [String?] = [
            identity, stance?.instruction, briefing.role?.guidance, thinks ? steps.instruction : nil, Material.rule,
            shape.instruction,
        ]
        return parts.compactMap(\.self).joined(separator: "\n\n")
    }

    /// - Parameters:
    ///   - criticism: is shortened before the other materials are: there is the more of it the larger the panel is, and
    ///     it speaks of proposals that were revised since.
    ///   - votes: are never shortened but for their reasons, so that no voter's choice is lost.
    ///   - title: the round's; nil where the call is no part of a round.
    private func user(
        _ briefing: Briefing,
        _ materials: [Material],
        _ criticism: [Material] = [],
        votes: PanelVotes? = nil,
        title: String?,
        instruction: String
    ) -> String {
        let question = Material.shortened(briefing.task, to: Self.maximumQuestion)
        var all: [Material] = []
        if !briefing.background.isEmpty {
            all.append(Material(heading: "What was said before the question", text: briefing.background))
        }
        for evidence in briefing.evidence.suffix(Self.maximumEvidence) {
            all.append(Material(heading: "Added by \(evidence.author)", text: evidence.text))
        }
        all += materials
        let guidance = guidance(briefing.guidance)
        func length(_ materials: [Material]) -> Int { materials.reduce(0) { $0 + $1.text.unicodeScalars.count } }
        var budget =
            Self.maximumLength - Self.frameAllowance - question.unicodeScalars.count
            - (guidance?.unicodeScalars.count ?? 0) - (all.count + criticism.count) * 180
        let ballot = votes.map { [material(of: $0, reasons: budget / Self.reasonsPart)] } ?? []
        budget -= length(ballot)
        let texts = Material.fitted(all, total: max(budget * 2 / 3, budget - length(criticism)))
        let quoted = (texts + ballot + Material.fitted(criticism, total: budget - length(texts))).map(\.fenced)
        let head = [title, "<question>\n\(Material.defused(question))\n</question>", guidance].compactMap(\.self)
        return (head + quoted + [instruction + additions(to: briefing)]).joined(separator: "\n\n")
    }

    /// What the people who decide about the debate ask for; nil where they ask for nothing.
    ///
    /// It is no material, for they may ask it, and fenced as the question is.
    private func guidance(_ guidance: [Evidence]) -> String? {
        guard !guidance.isEmpty else { return nil }
        let asked = guidance.map { Material(heading: Material.attribute($0.author), text: $0.text) }
        let lines = Material.fitted(asked, total: Self.maximumGuidance).map { "\($0.heading): \($0.text)" }
        return "The people who decide about this debate ask of the panel:\n<guidance>\n"
            + Material.defused(lines.joined(separator: "\n\n")) + "\n</guidance>"
    }

    /// What is said of people's additions, where there are any.
    private func additions(to briefing: Briefing) -> String {
        var text = ""
        if !briefing.guidance.isEmpty { text += " Do what the people ask who decide about this debate." }
        if !briefing.evidence.isEmpty {
            text += " Take up what was added since the question (“Added by …”): judge it, but pass nothing over."
        }
        return text
    }

    /// The title and the focus of a round, for a text that takes a position in it.
    private func fullTitle(of briefing: Briefing) -> String? {
        guard briefing.totalRounds > 1 || briefing.round > 0 else { return nil }
        let round = DebateRound(of: briefing)
        return "\(numberedRound(of: briefing) ?? "First proposals"): \(round.title). \(round.focus)"
    }

    private func numberedRound(of briefing: Briefing) -> String? {
        briefing.round > 0 ? "Round \(briefing.round) of \(briefing.totalRounds)" : nil
    }

    private func instruction(for request: GenerateRequest) -> String {
        switch request.purpose {
        case .answer:
            "Answer the question directly, as shortly as it allows."
        case .proposal:
            "Write your own proposal: the answer first, then the reasons, the risks, and what would change your mind."
        case .revision:
            """
            Revise your own proposal. Answer every criticism of it: mend what is right, and say why where it is wrong. \
            Take over what others do better. Write the whole revised proposal, not a list of changes.
            """
        case .synthesis:
            """
            Write the panel's final answer. \(start(for: request)), and say plainly which disagreements remain and what \
            they hang on, as the votes show it. The proposals were revised after the criticism: call a problem open \
            only where it still is. Claim no agreement that is not there.
            """
        }
    }

    /// Where a synthesis begins: no proposal is called the chosen one where the votes chose none.
    private func start(for request: GenerateRequest) -> String {
        request.winner == nil
            ? "The votes chose no proposal: set the positions side by side, keep what is right in each"
            : "Start from the proposal that the votes chose, add what the others got right"
    }
}
