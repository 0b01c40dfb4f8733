package import CoreTypes

/// Where the gateway listens, who may use its API, and how much it takes.
package struct GatewayConfiguration: Sendable {
    package var host: String
    /// 0 lets the system choose; `onRunning` then tells which port it was.
    package var port: Int
    /// The bearer token of the API; without one, only programs on the same machine may use it.
    package var apiToken: Secret?
    /// What `/api/health` gives as the version.
    package var version: String
    /// Connections that are open at once; more wait in the system's backlog.
    ///
    /// A quarter of them are one peer's at most, unless it is this machine itself: what it opens more is closed. A
    /// network of IPv6 (/64) is one peer.
    package var maximumConnections = 4096
    /// API requests that are worked on at once, those about the gateway's health aside; more get 503.
    package var maximumConcurrentRequests = 256
    /// Live streams and journals that are open at once; more get 503.
    package var maximumStreams = 512
    /// How many of them one caller may have open; more get 429.
    package var maximumStreamsPerCaller = 128
    /// How long a connection may be silent between and within requests.
    package var idleTimeout = Duration.seconds(60)
    /// How long the head of a connection's first request may take to arrive.
    package var headTimeout = Duration.seconds(10)
    /// How long a request's body may take to arrive.
    package var bodyTimeout = Duration.seconds(20)
    /// The largest header section of a request.
    package var maximumHeaderBytes = 32 << 10
    /// The largest body of an API request, but for a question's.
    package var maximumBodyBytes = 1 << 20
    /// The largest body of a question: its two texts at their longest, in whatever script.
    package var maximumQuestionBytes = 4 << 20
    /// Questions that are over the size of other bodies, or do not say theirs, at once; more get 503.
    package var maximumLongQuestions = 16
    /// The bytes that the bodies of platform requests may hold in memory together; beyond, the one whose body keeps the
    /// gateway waiting longest gets 503, and where none does, the one that arrives.
    package var maximumHeldBytes = 64 << 20
    /// How often a live stream looks into the journal when nobody wakes it.
    package var streamPollInterval = Duration.seconds(2)
    /// How long a live stream may be silent before it sends a comment, so that proxies keep it open.
    package var streamHeartbeat = Duration.seconds(15)

    /// Describes a gateway with the usual limits.
    package init(host: String = "127.0.0.1", port: Int = 8080, apiToken: Secret? = nil, version: String = "") {
        self.host = host
        self.port = port
        self.apiToken = apiToken
        self.version = version
    }
}
