extension DebateEvent.Convergence {
    /// Compares proposals with one another, not with their own past (engine inventory 2.8, 13.6).
    init(of proposals: [String], round: Int, settings: DebateProtocol) {
        let similarity = fourDecimals(Similarity.averageOfPairs(proposals))
        let status: Status =
            if similarity >= settings.convergenceThreshold {
                Self.areDivided(proposals) ? .refining : .converged
            } else {
                similarity < settings.divergenceThreshold ? .diverging : .refining
            }
        self.init(round: round, similarity: similarity, status: status)
    }

    /// Whether proposals that are worded alike say the opposite somewhere.
    private static func areDivided(_ proposals: [String]) -> Bool {
        let texts = proposals.map { Sentences($0) }
        return texts.indices.contains { one in texts[..<one].contains { $0.contradict(texts[one]) } }
    }
}
