package import CoreTypes

/// One thing that happened in a debate.
///
/// A debate is the sequence of these; everything else is read from them. Events are copied from hand to hand and
/// changed by nobody, so each is one reference.
package enum DebateEvent: Sendable, Hashable {
    indirect case debateStart(Start)
    case phaseChange(from: DebatePhase, to: DebatePhase)
    case roundStart(round: Int, total: Int)
    indirect case propose(Contribution)
    case critique(CritiqueGiven)
    indirect case revision(Contribution)
    indirect case evidenceAdded(DebateInput)
    indirect case vote(VoteCast)
    indirect case agentFailed(Failure)
    indirect case convergence(Convergence)
    indirect case consensus(Consensus)
    indirect case synthesis(Synthesis)
    indirect case budgetExceeded(round: Int, tokens: Int64, microdollars: Int64)
    case deadlineExceeded(round: Int)
    indirect case cancelRequested(by: String)
    /// The debate waits for people.
    indirect case breakpoint(DebateBreakpoint)
    indirect case breakpointResolved(BreakpointResolution)
    indirect case debateEnd(DebateResult)

    /// What was asked, of whom, by whose rules.
    package struct Start: Sendable, Hashable {
        package let description: DebateDescription
        package let panel: [AgentProfile]
    }

    /// A proposal or its revision.
    package struct Contribution: Sendable, Hashable {
        package let agent: String
        package let content: String
        /// 0 for the first proposals.
        package let round: Int
        package let usage: Usage
    }

    /// A criticism; there are more of them than of anything else, so they are passed on by reference.
    package final class CritiqueGiven: Sendable, Hashable {
        package let critique: Critique
        package let round: Int
        package let usage: Usage

        init(critique: Critique, round: Int, usage: Usage) {
            self.critique = critique
            self.round = round
            self.usage = usage
        }

        package static func == (left: CritiqueGiven, right: CritiqueGiven) -> Bool {
            left === right
                || left.critique == right.critique && left.round == right.round && left.usage == right.usage
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(critique)
            hasher.combine(round)
        }
    }

    /// A vote.
    package struct VoteCast: Sendable, Hashable {
        package let vote: Vote
        package let usage: Usage
    }

    /// A call that brought no usable answer.
    package struct Failure: Sendable, Hashable {
        package let agent: String
        package let kind: AgentCallID.Kind
        package let round: Int
        /// The agent that was to be criticised.
        package let target: String?
        /// A word of `AgentError.Code`, `agent_unavailable` or `not_asked`.
        package let code: String
        package let message: String
        /// What it cost all the same.
        package let usage: Usage
    }

    /// How alike the proposals were after a round.
    package struct Convergence: Sendable, Hashable {
        /// What the similarity means.
        package enum Status: String, Sendable { case converged, refining, diverging }

        package let round: Int
        /// The average over all pairs of proposals, from 0 to 1.
        package let similarity: Double
        package let status: Status
    }

    /// The final text of a debate that ends with a judge.
    package struct Synthesis: Sendable, Hashable {
        /// Who wrote it; where `fallback` is set, nobody wrote a synthesis and this is the author of the text.
        package let agent: String
        package let content: String
        /// The authors of the proposals that it was made of.
        package let sources: [String]
        /// Why the text is no synthesis but what the panel had: the code of the judge's failure.
        package let fallback: String?
        package let usage: Usage
    }
}

/// The part of a debate that is under way (architecture document, "Phase-Based Debate Execution").
package enum DebatePhase: String, Sendable, CaseIterable {
    /// Phase 0: what was said before is gathered.
    case context
    /// Phase 1: every agent proposes.
    case proposals
    /// Phase 2: criticism and revision.
    case rounds
    /// Phase 3: votes, decision, synthesis.
    case consensus
}
