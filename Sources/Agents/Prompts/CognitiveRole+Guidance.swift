import CoreTypes

extension CognitiveRole {
    /// What an agent in this role is asked to do in the round.
    var guidance: String {
        switch self {
        case .analyst:
            "In this round you are the analyst: take the question apart, separate facts from assumptions, and weigh them."
        case .skeptic:
            "In this round you are the skeptic: ask for evidence, find the weakest link of every argument, yours included."
        case .lateralThinker:
            "In this round you are the lateral thinker: offer a way of seeing the question that is easily missed."
        case .devilsAdvocate:
            "In this round you are the devil's advocate: make the strongest honest case against the leading position."
        case .synthesizer:
            "In this round you are the synthesizer: join what is right in the positions, and name what cannot be joined."
        }
    }
}
