package import Publishing

/// What the HTTP front asks of publishing.
package struct PublishingParts: Sendable {
    let desk: PublicationDesk
    /// Where accounts are connected, by platform.
    let connectors: [String: AccountConnector]

    /// Hands over the desk and the connectors of the platforms that have one.
    package init(desk: PublicationDesk, connectors: [AccountConnector]) {
        self.desk = desk
        self.connectors = Dictionary(connectors.map { ($0.provider.platform, $0) }) { first, _ in first }
    }
}
