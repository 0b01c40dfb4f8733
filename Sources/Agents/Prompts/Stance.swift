/// A point of view that keeps several seats of one model from saying the same thing.
package enum Stance: String, Sendable, CaseIterable {
    case skeptic, pragmatist

    /// What the seat is asked to do.
    var instruction: String {
        switch self {
        case .skeptic:
            "Your seat on the panel is the skeptic's: look for what is unproven, what can fail and what it would cost, "
                + "and agree only with what survives that."
        case .pragmatist:
            "Your seat on the panel is the pragmatist's: look for what can be done with the means at hand, in which "
                + "order, and how one would notice that it does not work."
        }
    }
}
