/// An answer in labelled lines, such as `ISSUES:` with items below, or `SEVERITY: 7`.
struct LabelledLines {
    /// What a label stands for.
    enum Label: String, CaseIterable {
        case issues, suggestions, severity, reasoning, choice, confidence

        /// The words that models write for it, in lower case.
        var words: [String] {
            switch self {
            case .issues: ["issues", "issue", "problems", "concerns", "weaknesses"]
            case .suggestions: ["suggestions", "suggestion", "improvements", "recommendations"]
            case .severity: ["severity"]
            case .reasoning: ["reasoning", "reason", "rationale", "explanation"]
            case .choice: ["choice", "vote", "my vote", "i vote for", "chosen proposal", "winner"]
            case .confidence: ["confidence"]
            }
        }
    }

    private var sections: [Label: [String]] = [:]

    init(_ text: String) {
        var current: Label?
        for line in text.split(whereSeparator: \.isNewline) {
            if let (label, rest) = Self.label(of: line) {
                current = label
                if sections[label] == nil { sections[label] = [] }
                if !rest.isEmpty { sections[label, default: []].append(rest) }
            } else if let current {
                let item = Self.item(line)
                if !item.isEmpty { sections[current, default: []].append(item) }
            }
        }
    }

    /// The lines below a label without their bullets, or nil where the label is missing.
    func items(_ label: Label) -> [String]? { sections[label] }

    /// What stands behind a label, or nil where the label is missing or empty.
    func text(_ label: Label) -> String? {
        guard let lines = sections[label], !lines.isEmpty else { return nil }
        return lines.joined(separator: "\n")
    }

    private static func label(of line: Substring) -> (Label, String)? {
        let bare = line.drop { $0.isWhitespace || "#*_->•".contains($0) }
        let end = bare.firstIndex(of: ":")
        // A label without a colon counts only where it stands alone as a heading: "## Issues".
        if end == nil, !(line.trimmed.hasPrefix("#") || line.trimmed.hasPrefix("**")) { return nil }
        let name = String(bare[..<(end ?? bare.endIndex)].filter { !"*_#`".contains($0) || $0 == "_" })
        let word = name.trimmed.lowercased()
        guard let label = Label.allCases.first(where: { $0.words.contains(word.trimmingUnderscores) }) else {
            return nil
        }
        let rest = end.map { bare[bare.index(after: $0)...] } ?? ""
        return (label, rest.drop { $0.isWhitespace || $0 == "*" || $0 == "_" }.trimmed)
    }

    private static func item(_ line: Substring) -> String {
        let bare = line.drop { $0.isWhitespace || "-*•".contains($0) }
        let digits = bare.prefix { $0.isNumber }
        let behind = bare.dropFirst(digits.count)
        if !digits.isEmpty, let mark = behind.first, mark == "." || mark == ")" { return behind.dropFirst().trimmed }
        return bare.trimmed
    }
}

extension String {
    fileprivate var trimmingUnderscores: String {
        String(drop { $0 == "_" }.reversed().drop { $0 == "_" }.reversed())
    }
}
