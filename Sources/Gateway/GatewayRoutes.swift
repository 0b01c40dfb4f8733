import Approvals
import Channels
import CoreTypes
import Hummingbird
import Subscriptions
import WebIntegration

/// The table of everything that goes through the router, in one place.
struct GatewayRoutes {
    let configuration: GatewayConfiguration
    let browserRoutes: [any BrowserRoutes]
    let debates: any DebateAPI
    let approvals: ApprovalService?
    let health: any HealthAPI
    let publishing: PublishingParts?
    let metrics: @Sendable () -> String
    let time: any TimeSource
    let ids: any IdentifierSource
    let bodyReader: BodyReader
    let subscriptions: SubscriptionService?
    let keys: (any KeyAuthority)?

    /// Makes the router.
    /// - Throws: where the built-in page cannot be made.
    func router() throws -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        router.addMiddleware {
            ContinueMiddleware()
            HeadMiddleware()
            RequestIDMiddleware(ids: ids)
            MetricsMiddleware()
            AccessLogMiddleware()
            SecurityHeadersMiddleware()
            ErrorMiddleware()
            HostMiddleware()
            StorableAddressMiddleware()
        }
        let access = AccessPolicy(token: configuration.apiToken)
        HealthController(
            health: health,
            metrics: metrics,
            access: access,
            isDemo: debates.isDemo,
            version: configuration.version,
            time: time,
            startedAt: time.now()
        ).addRoutes(to: router)
        // Only behind the health: no other requests take the places of those that watch over the gateway.
        router.add(
            middleware: ConcurrencyMiddleware(gate: ConcurrencyGate(limit: configuration.maximumConcurrentRequests))
        )
        PageController(page: try WebPage(isDemo: debates.isDemo)).addRoutes(to: router)
        if let approvals {
            ApprovalPageController(approvals: approvals, pages: try ApprovalPages(), bodyReader: bodyReader)
                .addRoutes(to: router)
        }
        for pages in browserRoutes { BrowserController(pages: pages).addRoutes(to: router) }
        // The access check is the controller's own: a link to one debate opens these two without the API token.
        let apiAccess = APIAccess(policy: access, keys: keys.map { KeyPolicy(keys: $0) })
        let viewers = ViewerGate(
            limit: configuration.maximumStreams,
            limitPerCaller: configuration.maximumStreamsPerCaller
        )
        let receipts = ReceiptController(debates: debates, access: apiAccess, gate: viewers)
        router.resource("/api/v1/debates/{id}/receipt", [.get: receipts.receipt])
        router.resource("/api/v1/debates/{id}/journal", [.get: receipts.journal])
        if let publishing { AccountController(connectors: publishing.connectors).addRoutes(to: router) }
        let api = router.group("/api/v1")
            .add(middleware: APIAccessMiddleware(access: apiAccess))
        addAPI(to: api, viewers: viewers)
        if let publishing { addPublishing(publishing, to: api) }
        return router
    }

    private func addPublishing(_ publishing: PublishingParts, to api: RouterGroup<GatewayContext>) {
        AccountController(connectors: publishing.connectors).addRoutes(toAPI: api)
        PublicationController(
            desk: publishing.desk,
            debates: debates,
            ids: ids,
            bodyReader: bodyReader,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).addRoutes(to: api)
    }

    private func addAPI(to api: RouterGroup<GatewayContext>, viewers: ViewerGate) {
        let reading = DebateReadController(debates: debates)
        let steering = DebateController(
            debates: debates,
            ids: ids,
            bodyReader: bodyReader,
            maximumBodyBytes: configuration.maximumBodyBytes,
            maximumQuestionBytes: configuration.maximumQuestionBytes,
            longQuestions: ConcurrencyGate(limit: configuration.maximumLongQuestions)
        )
        let stream = StreamController(
            debates: debates,
            time: time,
            gate: viewers,
            pollInterval: configuration.streamPollInterval,
            heartbeat: configuration.streamHeartbeat
        )
        if let approvals {
            ApprovalController(
                approvals: approvals,
                debates: debates,
                ids: ids,
                bodyReader: bodyReader,
                maximumBodyBytes: configuration.maximumBodyBytes
            ).addRoutes(to: api)
        }
        api.resource("/agents", [.get: AgentController(debates: debates).list])
        api.resource("/debates", [.get: reading.list, .post: steering.create])
        api.resource("/debates/active", [.get: reading.active])
        api.resource("/debates/{id}", [.get: reading.find, .patch: steering.describe])
        api.resource("/debates/{id}/messages", [.get: reading.messages, .post: steering.addMessage])
        api.resource("/debates/{id}/events", [.get: reading.events])
        api.resource("/debates/{id}/stream", [.get: stream.open])
        api.resource("/debates/{id}/consensus", [.get: reading.consensus])
        api.resource("/debates/{id}/votes", [.get: reading.votes])
        api.resource("/debates/{id}/cancel", [.post: steering.cancel])
        guard let subscriptions else { return }
        WebhookController(
            subscriptions: subscriptions,
            bodyReader: bodyReader,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).addRoutes(to: api)
        AutomationController(
            subscriptions: subscriptions,
            bodyReader: bodyReader,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).addRoutes(to: api)
    }
}
