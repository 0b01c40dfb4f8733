import Agents
import Approvals
import Configuration
import Conversations
import CoreTypes
import Debates
import EmailIntegration
import Logging
import Persistence
import Publishing
import SlackIntegration
import Transport
import XIntegration
import YouTubeIntegration

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the operator configured, by environment variables and an optional `.env` file.
///
/// A variable wins over the file. Empty values count as not set. A name in the file that is not known is an error, and a
/// variable whose name begins with `ARAGORA_`: it is most likely a misspelt setting that would silently not hold.
struct Settings: Sendable {
    /// Every value that is set, by name; the rooms read their own keys from it.
    let values: [String: String]

    /// The settings that belong to no single room.
    private static let ownKeys = [
        "ARAGORA_HOST", "ARAGORA_PORT", "ARAGORA_API_TOKEN", "ARAGORA_DATA_DIR", "ARAGORA_DB_BACKEND", "DATABASE_URL",
        "ARAGORA_ENCRYPTION_KEYS", "ARAGORA_DEFAULT_ROUNDS", "ARAGORA_DEFAULT_CONSENSUS",
        "ARAGORA_BREAKPOINTS", "ARAGORA_BREAKPOINT_APPROVERS", "ARAGORA_BREAKPOINT_TIMEOUT",
        "ARAGORA_PUBLICATION_APPROVERS", "ARAGORA_PUBLICATION_POLICY", "ARAGORA_BREAKPOINT_POLICY",
        "ARAGORA_MAX_CONCURRENT_DEBATES", "ARAGORA_PUBLIC_URL", "ARAGORA_LOG_LEVEL", "ARAGORA_NOMIC_DIR",
        "SUPABASE_URL", "SUPABASE_KEY", "ARAGORA_WEBHOOK_ALLOW",
    ]
    /// Read by the scripts and tests of this repository, never by the program.
    private static let foreignPrefixes = ["ARAGORA_TEST_", "ARAGORA_BENCH_", "ARAGORA_WARNINGS_AS_ERRORS"]

    static var knownKeys: [String] {
        ownKeys + AgentRegistry.knownConfigurationKeys + SlackConfiguration.knownConfigurationKeys
            + XConfiguration.knownConfigurationKeys + YouTubeConfiguration.knownConfigurationKeys
            + SpeechEndpoint.knownConfigurationKeys
            + EmailConfiguration.knownConfigurationKeys
    }

    /// Reads the settings.
    /// - Parameters:
    ///   - environment: the process's environment.
    ///   - file: a file of `NAME=value` lines; it may be missing.
    /// - Throws: `SettingsError`.
    static func load(environment: [String: String], file: String = ".env") throws -> Settings {
        let lines = try EnvironmentFile(path: file).values
        try refuseUnknown(environment.keys.filter { $0.hasPrefix("ARAGORA_") }, in: "the environment")
        // The file is ours alone: what stands there and is not known was meant for this program.
        try refuseUnknown(Array(lines.keys), in: file)
        let provider = EnvironmentVariablesProvider(
            environmentVariables: lines.merging(environment) { $1 },
            secretsSpecifier: .all
        )
        var values: [String: String] = [:]
        for name in knownKeys {
            if let value = try provider.environmentValue(forName: name), !value.isEmpty { values[name] = value }
        }
        return Settings(values: values)
    }

    private static func refuseUnknown(_ names: [String], in place: String) throws {
        let known = Set(knownKeys)
        for name in names.sorted()
        where !known.contains(name) && !foreignPrefixes.contains(where: { name.hasPrefix($0) }) {
            throw SettingsError("There is no setting \(name), which \(place) sets. The README lists all settings.")
        }
    }

    init(values: [String: String]) {
        self.values = values
    }

    /// The folder of everything that is kept outside a database.
    var dataDirectory: String { values["ARAGORA_DATA_DIR"] ?? values["ARAGORA_NOMIC_DIR"] ?? ".nomic" }

    var apiToken: Secret? { values["ARAGORA_API_TOKEN"].map { Secret($0) } }

    /// The address under which people reach the gateway, without a slash at its end; nil where it is not known.
    /// - Throws: `SettingsError` for what cannot be put in front of a path.
    func publicURL() throws -> String? {
        guard var text = values["ARAGORA_PUBLIC_URL"] else { return nil }
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.contains(where: { $0.isWhitespace || $0 == "?" || $0 == "#" || $0 == "@" }),
            let url = URL(string: text),
            ["http", "https"].contains(url.scheme?.lowercased()), url.host()?.isEmpty == false
        else {
            throw SettingsError(
                "ARAGORA_PUBLIC_URL takes an absolute http or https URL without query, such as "
                    + "https://aragora.example.com."
            )
        }
        return text
    }

    /// Which database holds the state.
    /// - Throws: `SettingsError` or `DatabaseError` for words that do not fit together.
    func database() throws -> DatabaseConfiguration {
        if values["SUPABASE_URL"] != nil, values["DATABASE_URL"] == nil, values["ARAGORA_DB_BACKEND"] != "sqlite" {
            throw SettingsError(
                "SUPABASE_URL alone reaches no database. Set DATABASE_URL to the Postgres address that Supabase shows "
                    + "under Connect, or ARAGORA_DB_BACKEND=sqlite to keep the state on this machine."
            )
        }
        return try DatabaseConfiguration(
            backend: values["ARAGORA_DB_BACKEND"],
            databaseURL: values["DATABASE_URL"].map { Secret($0) },
            dataDirectory: dataDirectory
        )
    }

    /// What a debate follows where the asker chooses nothing: four rounds, for chats wait for the verdict.
    /// - Throws: `SettingsError`.
    func debateDefaults() throws -> DebateProtocol {
        var defaults = DebateProtocol.light
        if let rounds = try integer("ARAGORA_DEFAULT_ROUNDS", in: DebateProtocol.roundsRange) {
            defaults.rounds = rounds
        }
        if let word = values["ARAGORA_DEFAULT_CONSENSUS"] {
            guard DebateOptions.consensusRules.contains(word), let mode = ConsensusMode(rawValue: word) else {
                let words = DebateOptions.consensusRules.joined(separator: ", ")
                throw SettingsError("ARAGORA_DEFAULT_CONSENSUS takes one of \(words).")
            }
            defaults.consensus = mode
        }
        defaults.breakpoints = try breakpoints()
        return defaults
    }

    /// When debates wait for people: names with commas between them, or the API's object with its limits.
    private func breakpoints() throws -> BreakpointPolicy {
        let text = values["ARAGORA_BREAKPOINTS"] ?? ""
        do {
            return try BreakpointPolicy(
                json: text.hasPrefix("{") ? JSONValue(parsing: text) : .strings(list("ARAGORA_BREAKPOINTS"))
            )
        } catch let error as any CodedError {
            let words = BreakpointPolicy.Trigger.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsError(
                "ARAGORA_BREAKPOINTS takes some of \(words), with commas between them, or an object such as "
                    + "{\"triggers\":[\"round_limit\"],\"round_limit\":2}: \(error.description)"
            )
        }
    }

    /// Who is asked, as a setting names them; empty where it is not set.
    /// - Throws: `SettingsError`.
    func approvers(_ setting: String) throws -> [Approver] {
        try list(setting).map { name in
            guard let approver = try? Approver(name) else {
                throw SettingsError(
                    "\(setting) takes people, roles and channels such as slack:U012, slack:T012:U012, role:leads and "
                        + "channel:slack:C012, with commas between them."
                )
            }
            return approver
        }
    }

    /// How people decide, as the API's policy says it, without the options, which are the product's; an empty object
    /// where it is not set.
    /// - Throws: `SettingsError`.
    func policy(_ setting: String) throws -> JSONValue {
        guard let text = values[setting] else { return [:] }
        do {
            let rules = try JSONValue(parsing: text)
            let known = ApprovalPolicy.members.subtracting(["options", "allow_edit"])
            try ApprovalPolicy.check(rules, known, of: "The policy")
            try ApprovalPolicy(json: rules).validate(requester: "")
            return rules
        } catch let error as any CodedError {
            throw SettingsError(
                "\(setting) takes a policy such as {\"quorum\":2,\"not_the_requester\":true}: \(error.description)"
            )
        }
    }

    /// How long people have to answer about a debate that waits: a week, where nothing else is set.
    /// - Throws: `SettingsError`.
    func breakpointTimeout() throws -> Duration {
        .seconds(try integer("ARAGORA_BREAKPOINT_TIMEOUT", in: 2...31_536_000) ?? 7 * 24 * 3600)
    }

    /// The words of a setting that have commas between them.
    private func list(_ name: String) -> [String] {
        (values[name] ?? "").split(separator: ",").map { word in
            String(word.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }.filter { !$0.isEmpty }
    }

    /// How many debates one process runs at once.
    /// - Throws: `SettingsError` for what is no such number.
    func maximumConcurrentDebates() throws -> Int {
        try integer("ARAGORA_MAX_CONCURRENT_DEBATES", in: 1...10_000) ?? 1000
    }

    /// A whole number within a range; nil where it is not set.
    /// - Throws: `SettingsError` for anything else.
    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw SettingsError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// The ranges of addresses that webhooks may reach beside the public ones.
    /// - Throws: `SettingsError` for what is no range.
    func webhookRanges() throws -> [CIDR] {
        try (values["ARAGORA_WEBHOOK_ALLOW"] ?? "").split { $0 == "," || $0.isWhitespace }.map { text in
            guard let range = CIDR(String(text)) else {
                throw SettingsError("ARAGORA_WEBHOOK_ALLOW takes ranges such as 10.0.0.0/8, with commas between.")
            }
            return range
        }
    }

    /// How much is logged.
    /// - Throws: `SettingsError` for an unknown word.
    func logLevel() throws -> Logger.Level {
        guard let word = values["ARAGORA_LOG_LEVEL"] else { return .info }
        guard let level = Logger.Level(rawValue: word.lowercased()) else {
            let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingsError("ARAGORA_LOG_LEVEL takes one of \(words).")
        }
        return level
    }
}

/// A configuration that cannot be used; says which setting and what it takes, never its value.
struct SettingsError: CodedError {
    let description: String
    var code: String { "configuration" }
    var isRetryable: Bool { false }

    init(_ description: String) {
        self.description = description
    }
}
