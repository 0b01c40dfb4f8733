package import CoreTypes

extension DebateProtocol {
    /// Features of the architecture document that are not built yet: they are accepted with their default alone.
    private static let unavailable: KeyValuePairs<String, JSONValue> = [
        "enable_calibration": false,
        "enable_rhetorical_observer": false,
        "enable_trickster": false,
        "trickster_sensitivity": 0.7,
    ]

    /// Reads rules.
    /// - Parameters:
    ///   - json: an object of the architecture document's names.
    ///   - usual: the rules of which those stay that are not mentioned; its breakpoints stay in any case.
    ///   - passesOverUnknown: whether unknown names are let be, as they are where another program wrote them.
    /// - Throws: `DebateError` with code `invalid_settings` for unknown names, wrong types, values out of range and
    ///   features that are not available yet.
    package init(
        json: JSONValue,
        over usual: DebateProtocol = DebateProtocol(),
        passesOverUnknown: Bool = false
    ) throws(DebateError) {
        self = usual
        guard let members = json.object else {
            throw DebateError(.invalidSettings, "The debate settings must be a JSON object.")
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            guard try read(key, value) || passesOverUnknown else {
                throw DebateError(.invalidSettings, "Unknown debate setting \"\(key.prefix(64))\".")
            }
        }
        try validate()
    }

    /// The rules as canonical JSON has them.
    package var json: JSONValue {
        var writer = JSONWriter(bytes: [])
        write(to: &writer)
        // What was just written always parses.
        return (try? JSONValue(parsing: writer.bytes)) ?? .object([:])
    }

    func write(to writer: inout JSONWriter) {
        writer.openObject()
        if breakpoints != BreakpointPolicy() {
            writer.key("breakpoints")
            breakpoints.write(to: &writer)
        }
        if let budgetMicrodollars { writer.member("budget_microdollars", budgetMicrodollars) }
        if let budgetTokens { writer.member("budget_tokens", budgetTokens) }
        writer.member("consensus", consensus.rawValue)
        writer.member("consensus_threshold", consensusThreshold)
        writer.member("convergence_detection", convergenceDetection)
        writer.member("convergence_threshold", convergenceThreshold)
        writer.member("debate_timeout_seconds", debateTimeout.components.seconds)
        writer.member("divergence_threshold", divergenceThreshold)
        writer.member("phase_timeout_seconds", phaseTimeout.components.seconds)
        writer.member("role_rotation", roleRotation)
        writer.member("rounds", rounds)
        writer.member("vote_grouping", voteGrouping)
        writer.member("vote_grouping_threshold", voteGroupingThreshold)
        writer.closeObject()
    }

    /// Takes one rule.
    /// - Returns: false where its name is unknown.
    private mutating func read(_ key: String, _ value: JSONValue) throws(DebateError) -> Bool {
        switch key {
        case "breakpoints": breakpoints = try BreakpointPolicy(json: value, usual: breakpoints)
        case "enable_breakpoints":
            // Read after "breakpoints": whoever chose triggers means those.
            if try flag(key, value), breakpoints.triggers.isEmpty {
                breakpoints.triggers = BreakpointPolicy.usual.triggers
            }
        case "budget_microdollars": budgetMicrodollars = try integer(key, value)
        case "budget_tokens": budgetTokens = try integer(key, value)
        case "consensus":
            guard let mode = value.string.flatMap(ConsensusMode.init) else {
                let known = ConsensusMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw DebateError(.invalidSettings, "consensus must be one of \(known).")
            }
            consensus = mode
        case "consensus_threshold": consensusThreshold = try number(key, value)
        case "convergence_detection": convergenceDetection = try flag(key, value)
        case "convergence_threshold": convergenceThreshold = try number(key, value)
        case "debate_timeout_seconds": debateTimeout = try seconds(key, value)
        case "divergence_threshold": divergenceThreshold = try number(key, value)
        case "phase_timeout_seconds": phaseTimeout = try seconds(key, value)
        case "role_rotation": roleRotation = try flag(key, value)
        case "rounds": rounds = Int(clamping: try integer(key, value))
        case "vote_grouping": voteGrouping = try flag(key, value)
        case "vote_grouping_threshold": voteGroupingThreshold = try number(key, value)
        default:
            guard let known = Self.unavailable.first(where: { $0.key == key }) else { return false }
            guard known.value == value else {
                throw DebateError(
                    .invalidSettings,
                    "\(key) is not available yet; its only value is \(known.value.text)."
                )
            }
        }
        return true
    }

    private func integer(_ key: String, _ value: JSONValue) throws(DebateError) -> Int64 {
        guard let integer = value.integer else {
            throw DebateError(.invalidSettings, "\(key) must be a whole number.")
        }
        return integer
    }

    private func number(_ key: String, _ value: JSONValue) throws(DebateError) -> Double {
        guard let number = value.double else { throw DebateError(.invalidSettings, "\(key) must be a number.") }
        return fourDecimals(number)
    }

    private func flag(_ key: String, _ value: JSONValue) throws(DebateError) -> Bool {
        guard let flag = value.bool else { throw DebateError(.invalidSettings, "\(key) must be true or false.") }
        return flag
    }

    private func seconds(_ key: String, _ value: JSONValue) throws(DebateError) -> Duration {
        let seconds = try integer(key, value)
        guard (1...86_400).contains(seconds) else {
            throw DebateError(.invalidSettings, "\(key) must be from 1 to 86400.")
        }
        return .seconds(seconds)
    }
}
