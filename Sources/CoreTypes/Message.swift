/// What a panel member stands for: its text in the present round.
package struct Proposal: Sendable, Hashable {
    /// The name of the agent that wrote it.
    package let agent: String
    package var content: String

    /// Pairs a text with its author.
    package init(agent: String, content: String) {
        self.agent = agent
        self.content = content
    }
}

/// One agent's criticism of another's proposal.
package struct Critique: Sendable, Hashable {
    package var agent: String
    /// The agent whose proposal is criticised.
    package var target: String
    package var issues: [String]
    package var suggestions: [String]
    /// How grave the issues are, from 0 (none) to 1 (fatal).
    package var severity: Double
    package var reasoning: String

    /// Describes a criticism; the severity is brought into 0...1.
    package init(
        agent: String,
        target: String,
        issues: [String],
        suggestions: [String],
        severity: Double,
        reasoning: String = ""
    ) {
        self.agent = agent
        self.target = target
        self.issues = issues
        self.suggestions = suggestions
        self.severity = severity.isFinite ? min(1, max(0, severity)) : 0.5
        self.reasoning = reasoning
    }
}

/// One agent's vote.
package struct Vote: Sendable, Hashable {
    package var agent: String
    /// The name of the agent whose proposal is chosen, or free text that vote grouping compares.
    package var choice: String
    /// How sure the voter is, from 0 to 1.
    package var confidence: Double
    package var reasoning: String

    /// Describes a vote; the confidence is brought into 0...1.
    package init(
        agent: String,
        choice: String,
        confidence: Double,
        reasoning: String = ""
    ) {
        self.agent = agent
        self.choice = choice
        self.confidence = confidence.isFinite ? min(1, max(0, confidence)) : 0.5
        self.reasoning = reasoning
    }
}

/// How a panel voted, as far as whoever writes its answer has to know it.
package struct PanelVotes: Sendable, Hashable {
    /// One choice and its part of all votes' weight, from 0 to 1.
    package struct Share: Sendable, Hashable {
        package let choice: String
        package let share: Double

        /// Pairs a choice with its share.
        package init(choice: String, share: Double) {
            self.choice = choice
            self.share = share
        }
    }

    package var votes: [Vote]
    /// The choices, the leading one first: votes for oneself rank half, and count in full in the shares.
    package var shares: [Share]
    /// The agents that cast no vote.
    package var abstained: [String]
    /// Why the votes chose no proposal; nil where they chose one.
    package var note: String?

    /// Describes the votes of a panel.
    package init(votes: [Vote], shares: [Share], abstained: [String] = [], note: String? = nil) {
        self.votes = votes
        self.shares = shares
        self.abstained = abstained
        self.note = note
    }
}

/// Something that a person added while the debate was running, or that stood in the thread before.
package struct Evidence: Sendable, Hashable {
    /// Who said it, as the panel may be told.
    package let author: String
    package let text: String

    /// Pairs a text with its author.
    package init(author: String, text: String) {
        self.author = author
        self.text = text
    }
}

/// The way of thinking that an agent is asked to take in a round (`role_rotation`).
package enum CognitiveRole: String, Sendable, CaseIterable {
    case analyst
    case skeptic
    case lateralThinker = "lateral_thinker"
    case devilsAdvocate = "devils_advocate"
    case synthesizer
}

/// A question about the task that every kind of request carries.
package struct Briefing: Sendable {
    package var task: String
    /// What was said before the question was asked, such as the thread's earlier messages; empty where nothing was.
    package var background: String
    package var evidence: [Evidence]
    /// What the people who decide about the debate ask of the panel; unlike evidence, it is to be followed.
    package var guidance: [Evidence]
    /// The present round, from 1; 0 for the first proposals.
    package var round: Int
    package var totalRounds: Int
    package var role: CognitiveRole?

    /// Describes what a request is about.
    package init(
        task: String,
        background: String = "",
        evidence: [Evidence] = [],
        guidance: [Evidence] = [],
        round: Int = 0,
        totalRounds: Int = 1,
        role: CognitiveRole? = nil
    ) {
        self.task = task
        self.background = background
        self.evidence = evidence
        self.guidance = guidance
        self.round = round
        self.totalRounds = totalRounds
        self.role = role
    }
}

/// A request for a text.
package struct GenerateRequest: Sendable {
    /// What the text is for.
    package enum Purpose: String, Sendable {
        /// A direct answer without a debate.
        case answer
        case proposal
        case revision
        /// The judge's final text, made of the panel's proposals.
        case synthesis
    }

    package var purpose: Purpose
    package var briefing: Briefing
    /// The panel's present proposals; for a revision, the agent's own is among them.
    package var proposals: [Proposal]
    /// The criticisms that the text has to answer.
    package var critiques: [Critique]
    /// For a synthesis, the proposal that the votes chose.
    package var winner: String?
    /// For a synthesis, how the panel voted.
    package var votes: PanelVotes?

    /// Describes a request for a text.
    package init(
        purpose: Purpose,
        briefing: Briefing,
        proposals: [Proposal] = [],
        critiques: [Critique] = [],
        winner: String? = nil,
        votes: PanelVotes? = nil
    ) {
        self.purpose = purpose
        self.briefing = briefing
        self.proposals = proposals
        self.critiques = critiques
        self.winner = winner
        self.votes = votes
    }
}

/// A request for a criticism of one proposal.
package struct CritiqueRequest: Sendable {
    package var briefing: Briefing
    package var target: Proposal

    /// Describes a request for a criticism.
    package init(briefing: Briefing, target: Proposal) {
        self.briefing = briefing
        self.target = target
    }
}

/// A request for a vote.
package struct VoteRequest: Sendable {
    package var briefing: Briefing
    /// The proposals to choose from; a vote names the author of one.
    package var proposals: [Proposal]

    /// Describes a request for a vote.
    package init(briefing: Briefing, proposals: [Proposal]) {
        self.briefing = briefing
        self.proposals = proposals
    }
}
