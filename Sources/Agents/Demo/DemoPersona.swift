/// The three demo agents: what each thinks of any question.
package enum DemoPersona: String, Sendable, CaseIterable {
    case optimist, skeptic, pragmatist

    /// The name on the panel.
    package var name: String { "demo-\(rawValue)" }

    /// What each persona says first.
    var position: String {
        switch self {
        case .optimist: "Go ahead, and soon: what can be gained is larger than what can be lost."
        case .skeptic: "Not yet: the case is not proven, and going back would cost more than waiting."
        case .pragmatist: "Try it small, with a date and a measure at which it is stopped or extended."
        }
    }

    /// What each persona says after it was criticised.
    var revisedPosition: String {
        switch self {
        case .optimist:
            "Go ahead, in two steps: begin with the part that can be undone, and decide on the rest after it."
        case .skeptic: "Only a trial that somebody else watches: named risks, a named owner, and an end date."
        case .pragmatist: "Try it small for four weeks, with one owner, one measure, and a written way back."
        }
    }

    /// Arguments of which two are drawn for a question.
    var arguments: [String] {
        switch self {
        case .optimist:
            [
                "Waiting has a price too, and it is paid every day without being noticed.",
                "What is learnt by doing it cannot be learnt from another round of analysis.",
                "The tools and the people for it are there now; both can be gone in a year.",
                "Where others have done it, the feared side effects were smaller than expected.",
                "A clear decision ends a discussion that already costs more than a mistake would.",
            ]
        case .skeptic:
            [
                "Nobody has shown that the problem is as large as it is said to be.",
                "The costs of the change come first and are certain; the gains come later and are hoped for.",
                "It rests on an assumption that no one has tested under load.",
                "The way back is described nowhere, and it is the expensive part.",
                "Those who would carry the risk are not the ones who propose it.",
            ]
        case .pragmatist:
            [
                "A trial turns opinions into numbers within weeks.",
                "The smallest useful step fits into what is already running.",
                "With a written way back, the worst case is known and bounded.",
                "One owner and one measure are worth more than a complete plan.",
                "It lets those who doubt and those who push look at the same facts.",
            ]
        }
    }

    /// What each persona finds wrong with another's proposal.
    var objections: [String] {
        switch self {
        case .optimist: ["It overrates the risk and says nothing of the price of doing nothing.", "It sets no date."]
        case .skeptic: ["It claims a gain without evidence for it.", "It does not say who pays if it fails."]
        case .pragmatist:
            ["It cannot be carried out as written: owner and first step are missing.", "It names no measure."]
        }
    }

    /// What each persona advises another.
    var advice: String {
        switch self {
        case .optimist: "Name the gain that waiting gives away."
        case .skeptic: "Add the evidence, or call it an assumption."
        case .pragmatist: "Add one owner, one measure and one date."
        }
    }

    /// How grave this persona finds another's proposal, from 0 to 1.
    func severity(of target: DemoPersona?) -> Double {
        switch (self, target) {
        case (.optimist, .skeptic), (.skeptic, .optimist): 0.7
        case (.skeptic, _): 0.5
        case (.pragmatist, _): 0.4
        default: 0.3
        }
    }
}
