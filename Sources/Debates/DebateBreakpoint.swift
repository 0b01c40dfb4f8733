/// A point at which a debate waits for people.
package struct DebateBreakpoint: Sendable, Hashable {
    /// From 1; names the breakpoint in its debate for ever.
    package let number: Int
    package let round: Int
    /// Everything that holds, in the order of the policy.
    package let triggers: [BreakpointPolicy.Trigger]
    /// What a person should know of it.
    package let reason: String

    /// Whether it is the verdict that waits.
    package var isRelease: Bool { triggers.contains(.release) }

    /// Whether the panel has decided already, so that it takes up no guidance any more.
    package var isAfterDecision: Bool { isRelease || triggers.contains(.lowConfidence) }
}

/// What people said about a breakpoint.
package struct BreakpointResolution: Sendable, Hashable {
    /// How the debate goes on.
    package enum Action: String, Sendable, CaseIterable {
        /// As if nothing had been; with guidance, the panel takes it up, unless it has decided already.
        case `continue`
        /// To the vote at once.
        case conclude
        /// To its end, as cancelled; what was said is kept.
        case abort
    }

    /// The breakpoint that it answers.
    package let number: Int
    package let action: Action
    /// Who decided, as the panel may be told.
    package let by: String
    /// What the panel should take up; empty for nothing.
    package let guidance: String

    /// Describes an answer.
    package init(number: Int, action: Action, by: String, guidance: String = "") {
        self.number = number
        self.action = action
        self.by = by
        self.guidance = guidance
    }
}
