package import Channels
package import CoreTypes
package import Logging
package import Transport

/// Slack: the Events API, slash commands and interactions on the way in, the Web API on the way out.
package struct SlackAdapter: ScreeningChannel {
    /// The name in paths and tables.
    package static let platformName = "slack"

    package let platform = SlackAdapter.platformName
    package let routes = SlackReception.routes
    package let limits = SlackLimits.channel

    let configuration: SlackConfiguration
    let api: SlackAPI
    let credentials: SlackCredentials
    let people: SlackPeople
    let channels: SlackChannels
    let reader: SlackReader
    let installations: (any SlackInstallations)?
    let time: any TimeSource
    private let signature: SlackSignature
    private let reception: SlackReception
    private let interpreter: SlackInterpreter

    /// Makes the adapter.
    /// - Parameter installations: where several workspaces' tokens are kept; nil where only one is configured.
    package init(
        configuration: SlackConfiguration,
        transport: any HTTPTransport,
        installations: (any SlackInstallations)?,
        time: any TimeSource = SystemTime(),
        identifiers: any IdentifierSource = RandomIdentifiers(),
        logger: Logger
    ) {
        self.configuration = configuration
        self.installations = installations
        self.time = time
        api = SlackAPI(baseURL: configuration.apiURL, transport: transport, time: time)
        credentials = SlackCredentials(
            configuration: configuration,
            api: api,
            installations: installations,
            time: time,
            identifiers: identifiers,
            logger: logger
        )
        people = SlackPeople(api: api)
        channels = SlackChannels(api: api)
        reader = SlackReader(api: api, credentials: credentials, people: people)
        signature = SlackSignature(secret: configuration.signingSecret)
        reception = SlackReception(logger: logger)
        interpreter = SlackInterpreter(apiURL: configuration.apiURL)
    }

    package func screen(_ head: RawRequest) throws(RequestRefusal) {
        try signature.checkHead(head)
    }

    package func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest {
        try signature.check(request)
        return VerifiedRequest(verified: request)
    }

    package func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception {
        try reception.receive(request)
    }

    package func interpret(_ event: StoredEvent) throws -> [InboundEvent] {
        try interpreter.interpret(event)
    }

    package func render(_ post: Post) -> [RenderedPart] {
        SlackRenderer.render(post)
    }
}
