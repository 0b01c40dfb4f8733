package import CoreTypes
package import Logging
package import Transport

/// The agents that a configuration makes available, and the panels made of them.
package struct AgentRegistry: Sendable {
    /// All agents, the default panel first, each behind its airlock.
    package let agents: [any Agent]
    /// The panel that debates where none is asked for.
    package let defaultPanel: [any Agent]
    /// Whether only the offline demo agents are there.
    package let isDemo: Bool

    /// The names of the agents whose models cost what is not known here; no budget in dollars can hold them.
    package let unpriced: Set<String>

    let probes: [String: AgentProbe]

    /// Every configuration key that is read here.
    package static let knownConfigurationKeys: [String] =
        ModelProvider.all.flatMap { $0.keyVariables + $0.modelVariables + $0.baseVariables }
        + [panelKey, fallbackKey, outputLimitKey]

    private static let panelKey = "ARAGORA_AGENTS"
    private static let fallbackKey = "ARAGORA_OPENROUTER_FALLBACK_ENABLED"
    static let outputLimitKey = "ARAGORA_MAX_OUTPUT_TOKENS"
    private static let outputLimits = 256...1_000_000

    /// Builds the agents.
    /// - Parameters:
    ///   - configuration: The configuration as keys and values; keys that are not ours are passed over.
    ///   - demoDelay: The pause before each answer of a demo agent.
    /// - Throws: `AgentConfigurationError` that names the key to be mended.
    package init(
        configuration: [String: String],
        transport: any HTTPTransport,
        time: any TimeSource = SystemTime(),
        jitter: any JitterSource = RandomJitter(),
        logger: Logger = Logger(label: "aragora.agents"),
        demoDelay: Duration = .milliseconds(400)
    ) throws(AgentConfigurationError) {
        var settings: [String: ProviderSettings] = [:]
        for provider in ModelProvider.all {
            settings[provider.name] = try ProviderSettings.read(provider, from: configuration)
        }
        let configured = ModelProvider.all.compactMap { settings[$0.name] }
        let entries = (configuration[Self.panelKey] ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        let panel = try Self.seats(entries, settings)
        let demos = DemoPersona.allCases.filter { persona in
            entries.contains { $0.lowercased() == "demo" || $0.lowercased() == persona.name }
                || (entries.isEmpty && configured.isEmpty)
        }

        let plans = SeatPlan.plans(
            for: entries.isEmpty ? configured.map { (provider: $0.provider.name, model: $0.model) } : panel
        )
        let seated = Set(plans.map(\.provider))
        let others = configured.filter { !seated.contains($0.provider.name) }
            .map { SeatPlan(name: $0.provider.name, provider: $0.provider.name, model: $0.model, stance: nil) }

        var workshop = ClientWorkshop(
            settings: settings,
            usesFallback: try Self.isFallbackEnabled(configuration),
            outputLimit: try Self.outputLimit(in: configuration),
            transport: transport,
            time: time,
            jitter: jitter,
            logger: logger
        )
        var built: [any Agent] = []
        var probes: [String: AgentProbe] = [:]
        var unpriced: Set<String> = []
        for plan in plans + others {
            guard let setting = settings[plan.provider] else { continue }
            let agent = ModelAgent(
                profile: AgentProfile(name: plan.name, provider: setting.title, model: plan.model),
                client: workshop.client(for: plan, setting),
                prompts: PromptBuilder(name: plan.name, steps: setting.provider.steps, stance: plan.stance)
            )
            if !setting.isPriced(model: plan.model) { unpriced.insert(plan.name) }
            let guarded = Airlock(agent, time: time, logger: logger)
            built.append(LimitedAgent(guarded, limit: workshop.limit(of: setting.provider)))
            probes[plan.name] = workshop.probe(for: plan, setting)
        }
        let demoAgents = demos.map { persona -> any Agent in
            Airlock(DemoAgent(persona, delay: demoDelay, time: time), time: time, logger: logger)
        }
        defaultPanel = Array(built.prefix(plans.count)) + demoAgents
        agents = defaultPanel + built.dropFirst(plans.count)
        isDemo = defaultPanel.allSatisfy(\.profile.isDemo)
        self.probes = probes
        self.unpriced = unpriced
        logger.info(
            "agents are ready",
            metadata: ["panel": "\(defaultPanel.map(\.profile.name).joined(separator: ", "))", "demo": "\(isDemo)"]
        )
    }

    /// Puts a panel together.
    /// - Parameters:
    ///   - names: The agents' names, in any case; nil or none for the default panel.
    ///   - minimum: How many agents are needed: 2 for a debate, 1 for a quick answer.
    /// - Throws: `AgentConfigurationError` that lists the known names.
    package func panel(named names: [String]?, minimum: Int = 2) throws(AgentConfigurationError) -> [any Agent] {
        guard let names, !names.isEmpty else { return defaultPanel }
        var panel: [any Agent] = []
        for name in names {
            guard let agent = agent(named: name) else {
                throw AgentConfigurationError(.unknownAgent, "No agent is called “\(Self.safe(name))”. \(known)")
            }
            if !panel.contains(where: { $0.profile.name == agent.profile.name }) { panel.append(agent) }
        }
        guard panel.count >= minimum else {
            throw AgentConfigurationError(
                .tooFewAgents,
                "A debate needs at least \(minimum) different agents. \(known)"
            )
        }
        return panel
    }

    private var known: String {
        "Known agents: \(agents.map(\.profile.name).joined(separator: ", "))."
    }

    private func agent(named name: String) -> (any Agent)? {
        let wanted = name.trimmed.lowercased()
        let formal = ModelProvider.named(wanted)?.name
        return agents.first { $0.profile.name.lowercased() == wanted } ?? agents.first { $0.profile.name == formal }
    }

    /// The seats that `ARAGORA_AGENTS` names, the demo agents left aside.
    private static func seats(
        _ entries: [String],
        _ settings: [String: ProviderSettings]
    ) throws(AgentConfigurationError) -> [(provider: String, model: String)] {
        var seats: [(provider: String, model: String)] = []
        let demoNames = DemoPersona.allCases.map(\.name) + ["demo"]
        for entry in entries where !demoNames.contains(entry.lowercased()) {
            let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            guard let provider = ModelProvider.named(parts[0]) else {
                let names = ModelProvider.all.map(\.name).joined(separator: ", ")
                throw AgentConfigurationError(
                    .unknownAgent,
                    "\(panelKey) names “\(safe(parts[0]))”. Known are: \(names), demo."
                )
            }
            guard let setting = settings[provider.name] else {
                let variable = (provider.baseURL == nil ? provider.baseVariables : provider.keyVariables).first ?? ""
                throw AgentConfigurationError(
                    .notConfigured,
                    "\(panelKey) names \(provider.name), but \(variable) is not set."
                )
            }
            let model = parts.count > 1 ? parts[1] : setting.model
            guard ProviderSettings.isModelName(model) else {
                throw AgentConfigurationError(.invalidValue, "\(panelKey): “\(safe(model))” is no name of a model.")
            }
            seats.append((provider.name, model))
        }
        return seats
    }

    private static func isFallbackEnabled(_ configuration: [String: String]) throws(AgentConfigurationError) -> Bool {
        switch configuration[fallbackKey]?.trimmed.lowercased() ?? "" {
        case "", "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default: throw AgentConfigurationError(.invalidValue, "\(fallbackKey) must be true or false.")
        }
    }

    /// The most tokens that a model may write for one answer, its thinking included; nil where that is not set.
    /// - Throws: `AgentConfigurationError` for what is no such number.
    package static func outputLimit(
        in configuration: [String: String]
    ) throws(AgentConfigurationError) -> Int? {
        guard let text = configuration[outputLimitKey]?.trimmed, !text.isEmpty else { return nil }
        guard let number = Int(text), outputLimits.contains(number) else {
            throw AgentConfigurationError(
                .invalidValue,
                "\(outputLimitKey) takes a number from \(outputLimits.lowerBound) to \(outputLimits.upperBound)."
            )
        }
        return number
    }

    /// A name as it may be repeated in an error.
    private static func safe(_ name: String) -> String { String(name.withoutControlCharacters.prefix(60)) }
}
