extension HTTPClient {
    /// How a client behaves for all of its requests.
    package struct Configuration: Sendable {
        /// What a request says of its sender, unless it has a `User-Agent` of its own.
        package var userAgent: String
        /// Which addresses the requests with `guardAddresses` may reach.
        package var addressGuard: AddressGuard
        /// How many connections are kept open for later requests.
        package var maximumIdleConnections: Int
        /// How long an unused connection may still be used again, in whole seconds; shorter than what servers grant.
        package var idleConnectionLifetime: Duration
        /// A PEM file of trusted authorities instead of the system's.
        package var certificateAuthorities: String?
        /// Whether `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` of the environment are heeded.
        package var usesProxies: Bool

        /// Describes a client.
        package init(
            userAgent: String = "aragora-gateway",
            addressGuard: AddressGuard = AddressGuard(),
            maximumIdleConnections: Int = 64,
            idleConnectionLifetime: Duration = .seconds(30),
            certificateAuthorities: String? = nil,
            usesProxies: Bool = true
        ) {
            self.userAgent = userAgent
            self.addressGuard = addressGuard
            self.maximumIdleConnections = maximumIdleConnections
            self.idleConnectionLifetime = idleConnectionLifetime
            self.certificateAuthorities = certificateAuthorities
            self.usesProxies = usesProxies
        }
    }
}
