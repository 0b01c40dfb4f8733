import CoreTypes
import Logging
import Transport

/// Builds the clients of the seats and lets seats share what belongs to a provider or a model.
///
/// From the outside in: the limit of calls at once (per provider), the airlock, the fallback, the breaker (per model),
/// the retries, the provider's own API. A call's time thus begins when it has its place, and the breaker counts calls
/// that failed for good.
struct ClientWorkshop {
    private let settings: [String: ProviderSettings]
    private let usesFallback: Bool
    private let outputLimit: Int?
    private let transport: any HTTPTransport
    private let time: any TimeSource
    private let jitter: any JitterSource
    private let logger: Logger
    private var limits: [String: ConcurrencyLimit] = [:]
    private var clients: [String: any ModelClient] = [:]

    /// How many calls to one provider run at once: room for dozens of debates, whose own limits are 5 and 15.
    ///
    /// Whoever waits in line spends the time of its phase, so the line must be the exception; what a provider itself
    /// allows it says with status 429.
    private static let callsAtOnce = 256
    /// How often a call is tried where nobody can answer instead: half a minute of patience with a provider that is out
    /// of order, for otherwise the seat is lost for the whole debate.
    private static let triesWithoutSubstitute = 6
    /// The longest pause before another try where a substitute could answer instead.
    private static let patienceWithSubstitute = Duration.seconds(10)

    init(
        settings: [String: ProviderSettings],
        usesFallback: Bool,
        outputLimit: Int?,
        transport: any HTTPTransport,
        time: any TimeSource,
        jitter: any JitterSource,
        logger: Logger
    ) {
        self.settings = settings
        self.usesFallback = usesFallback
        self.outputLimit = outputLimit
        self.transport = transport
        self.time = time
        self.jitter = jitter
        self.logger = logger
    }

    /// The client of a seat, with a substitute behind it where OpenRouter is configured and not the seat itself.
    mutating func client(for plan: SeatPlan, _ setting: ProviderSettings) -> any ModelClient {
        guard let router = substitute(for: setting) else { return resilient(setting, model: plan.model) }
        var logger = logger
        logger[metadataKey: "agent"] = "\(plan.name)"
        logger[metadataKey: "model"] = "\(plan.model)"
        return FallbackClient(
            resilient(setting, model: plan.model),
            substitute: resilient(router, model: router.model),
            substituteModel: router.model,
            time: time,
            logger: logger
        )
    }

    /// The limit that all seats of a provider share.
    mutating func limit(of provider: ModelProvider) -> ConcurrencyLimit {
        let limit = limits[provider.name] ?? ConcurrencyLimit(Self.callsAtOnce)
        limits[provider.name] = limit
        return limit
    }

    private func substitute(for setting: ProviderSettings) -> ProviderSettings? {
        guard usesFallback, setting.provider.name != ModelProvider.openRouterName, setting.key != nil else {
            return nil
        }
        return settings[ModelProvider.openRouterName]
    }

    /// What asks a seat's provider about itself.
    func probe(for plan: SeatPlan, _ setting: ProviderSettings) -> AgentProbe {
        let endpoint = setting.endpoint(model: plan.model, outputLimit: outputLimit)
        let catalog: any ModelCatalog
        var verifyKey: (@Sendable () async throws -> Void)?
        switch setting.provider.interface {
        case .anthropic: catalog = AnthropicClient(endpoint: endpoint, transport: transport, time: time)
        case .gemini: catalog = GeminiClient(endpoint: endpoint, transport: transport, time: time)
        case .chat:
            let client = OpenAIClient(endpoint: endpoint, transport: transport, time: time)
            catalog = client
            if plan.provider == ModelProvider.openRouterName {
                verifyKey = { try await client.verifyKey(path: "/key") }
            }
        }
        return AgentProbe(
            agent: plan.name,
            provider: setting.title,
            model: plan.model,
            catalog: catalog,
            verifyKey: verifyKey
        )
    }

    private mutating func resilient(_ setting: ProviderSettings, model: String) -> any ModelClient {
        let key = "\(setting.provider.name):\(model)"
        if let client = clients[key] { return client }
        var policy = RetryPolicy.standard
        let isAlone = substitute(for: setting) == nil
        if isAlone {
            policy.maximumTries = Self.triesWithoutSubstitute
            policy.waitsUntilDeadline = true
        } else {
            policy.retriesTimeouts = false
            policy.cap = Self.patienceWithSubstitute
        }
        let client = BreakingClient(
            RetryingClient(
                plain(setting, model: model),
                policy: policy,
                time: time,
                jitter: jitter
            ),
            provider: setting.title,
            waits: isAlone,
            time: time
        )
        clients[key] = client
        return client
    }

    private func plain(_ setting: ProviderSettings, model: String) -> any ModelClient {
        let endpoint = setting.endpoint(model: model, outputLimit: outputLimit)
        switch setting.provider.interface {
        case .anthropic: return AnthropicClient(endpoint: endpoint, transport: transport, time: time)
        case .gemini: return GeminiClient(endpoint: endpoint, transport: transport, time: time)
        case .chat(let dialect):
            return OpenAIClient(
                endpoint: endpoint,
                dialect: setting.dialect(dialect, model: model),
                transport: transport,
                time: time
            )
        }
    }
}
