package import CoreTypes

/// When a debate waits for people (engine inventory 2.11).
package struct BreakpointPolicy: Sendable, Hashable {
    /// What makes a debate wait.
    package enum Trigger: String, Sendable, CaseIterable {
        /// The panel's agreement has too little confidence.
        case lowConfidence = "low_confidence"
        /// The proposals have not come closer for some rounds.
        case deadlock
        /// The criticism of a round is severe.
        case disagreement = "strong_disagreement"
        /// A proposal speaks of something that people have to look at.
        case safetyWords = "safety_words"
        /// Somebody on the panel or in the thread asks for a person.
        case explicitRequest = "explicit_request"
        /// So many rounds were held.
        case roundLimit = "round_limit"
        /// The verdict goes out only when a person releases it.
        case release = "verdict_release"
    }

    /// In the order of their names; empty waits for nobody.
    package var triggers: [Trigger] = []
    /// The confidence under which `lowConfidence` holds.
    package var confidence = 0.6
    /// The average severity over which `disagreement` holds.
    package var severity = 0.7
    /// How many rounds without movement are a deadlock.
    package var deadlockRounds = 3
    /// The number of rounds after which `roundLimit` holds; the last round of a shorter debate counts as well.
    package var roundLimit = 6
    /// Words that `safetyWords` looks for, in lower case.
    package var safetyWords = Self.usualSafetyWords

    /// The words of the original.
    package static let usualSafetyWords = ["dangerous", "harmful", "illegal", "security vulnerability", "unsafe"]
    /// What somebody writes who wants a person to look: `@human`.
    package static let request = "@human"
    /// How many safety words there may be.
    private static let mostWords = 50
    /// The movement of the similarity below which proposals have not come closer.
    static let movement = 0.02

    /// A debate that waits for nobody.
    package init() {}

    /// A policy of triggers with their usual limits.
    package init(triggers: some Sequence<Trigger>) {
        self.triggers = Set(triggers).sorted { $0.rawValue < $1.rawValue }
    }

    /// Everything but the release of the verdict, as `enable_breakpoints` stands for.
    package static let usual = BreakpointPolicy(triggers: Trigger.allCases.filter { $0 != .release })

    /// Reads a policy: an object, or a list of triggers alone.
    /// - Parameter usual: what holds in any case: its triggers stay, and the limits of those may become stricter but
    ///   not looser; its other limits stay where none is given.
    /// - Throws: `DebateError` with code `invalid_settings`.
    package init(json: JSONValue, usual: BreakpointPolicy = BreakpointPolicy()) throws(DebateError) {
        self = usual
        let json = json.array == nil ? json : ["triggers": json]
        guard let members = json.object else { throw Self.wrong("breakpoints", "an object") }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            switch key {
            case "confidence": confidence = try Self.fraction(key, value)
            case "severity": severity = try Self.fraction(key, value)
            case "deadlock_rounds": deadlockRounds = try Self.count(key, value)
            case "round_limit": roundLimit = try Self.count(key, value)
            case "safety_words": safetyWords = try Self.words(key, value)
            case "triggers": triggers = try Self.triggers(key, value)
            default: throw Self.wrong("breakpoints.\(key.prefix(64))", "a known setting")
            }
        }
        try keep(usual)
    }

    /// Keeps another policy's triggers, and the limits of these where its own are looser.
    private mutating func keep(_ other: BreakpointPolicy) throws(DebateError) {
        for trigger in other.triggers {
            switch trigger {
            case .lowConfidence: confidence = max(confidence, other.confidence)
            case .deadlock: deadlockRounds = min(deadlockRounds, other.deadlockRounds)
            case .disagreement: severity = min(severity, other.severity)
            case .safetyWords:
                safetyWords = other.safetyWords + safetyWords.filter { !other.safetyWords.contains($0) }
                guard safetyWords.count <= Self.mostWords else {
                    throw Self.wrong(
                        "safety_words",
                        "at most \(Self.mostWords) words, with those that hold in any case"
                    )
                }
            case .roundLimit: roundLimit = min(roundLimit, other.roundLimit)
            case .explicitRequest, .release: break
            }
        }
        triggers = BreakpointPolicy(triggers: triggers + other.triggers).triggers
    }

    func write(to writer: inout JSONWriter) {
        writer.openObject()
        writer.member("confidence", confidence)
        writer.member("deadlock_rounds", deadlockRounds)
        writer.member("round_limit", roundLimit)
        writer.member("safety_words", safetyWords)
        writer.member("severity", severity)
        writer.member("triggers", triggers.map(\.rawValue))
        writer.closeObject()
    }

    private static func fraction(_ key: String, _ value: JSONValue) throws(DebateError) -> Double {
        guard let number = value.double, (0...1).contains(number) else { throw wrong(key, "from 0 to 1") }
        return fourDecimals(number)
    }

    private static func count(_ key: String, _ value: JSONValue) throws(DebateError) -> Int {
        guard let number = value.integer, (1...12).contains(number) else { throw wrong(key, "from 1 to 12") }
        return Int(number)
    }

    private static func words(_ key: String, _ value: JSONValue) throws(DebateError) -> [String] {
        guard let words = value.array?.map(\.string), words.count <= mostWords,
            words.allSatisfy({ $0.map { (1...100).contains($0.count) } ?? false })
        else { throw wrong(key, "at most \(mostWords) words") }
        return words.compactMap { $0?.lowercased() }
    }

    private static func triggers(_ key: String, _ value: JSONValue) throws(DebateError) -> [Trigger] {
        let found = value.array?.map { $0.string.flatMap(Trigger.init(rawValue:)) } ?? [nil]
        guard found.allSatisfy({ $0 != nil }) else {
            throw wrong(key, "a list of \(Trigger.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return BreakpointPolicy(triggers: found.compactMap { $0 }).triggers
    }

    private static func wrong(_ key: String, _ wanted: String) -> DebateError {
        DebateError(.invalidSettings, "\(key) must be \(wanted).")
    }
}
