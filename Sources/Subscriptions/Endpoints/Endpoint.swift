package import CoreTypes

/// The kinds of ids of this room.
package enum SubscriptionKind {
    package enum Endpoint {}
    package enum Message {}
}

/// One endpoint of a subscriber, unique in the whole installation.
package typealias EndpointID = Identifier<SubscriptionKind.Endpoint>
/// One message to subscribers, the same for all endpoints and all attempts: the header `webhook-id`.
package typealias MessageID = Identifier<SubscriptionKind.Message>

/// Where a program wants to hear of what happens, and what of it.
package struct Endpoint: Sendable {
    /// Whether an endpoint is delivered to.
    package enum Status: String, Sendable {
        case active
        /// Somebody stopped it; what happens meanwhile waits.
        case paused
        /// It was given up: what happens meanwhile is not for it.
        case disabled
    }

    package let workspace: WorkspaceID
    package let id: EndpointID
    package var url: String
    package var name: String
    package var details: String
    /// What made it: `api`, `zapier`, `make` or `n8n`.
    package let source: String
    package var settings: EndpointSettings
    package let createdBy: String
    package var status: Status
    /// Why it is not active, or why nothing can be sent to it.
    package var statusReason: String?
    /// Since when nothing has arrived.
    package var failingSince: Timestamp?
    package var deliveryCount: Int64
    package var failureCount: Int64
    package var lastDeliveryAt: Timestamp?
    package var lastDeliveryStatus: Int?
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// What cannot be read of what is stored, and what to do about it; nil where all of it can.
    ///
    /// Settings that cannot be read are shown without events.
    package var damage: String?
}

/// What an endpoint wants and how it wants it.
package struct EndpointSettings: Sendable, Hashable {
    /// The types of events, `*` for all of them, `approval.*` for those that begin so.
    package var events: [String] = ["*"]
    /// Events of these channels alone, such as `slack:C012345`; empty for all.
    package var channels: [String] = []
    /// Events of debates with one of these tags alone; empty for all.
    package var tags: [String] = []
    /// Whether the ids alone are sent, for receivers that fetch the rest.
    package var isThin = false
    /// Whether a message is sent only when the one before it has arrived or was given up.
    package var isOrdered = false
    /// Whether the original's headers are added.
    package var addsLegacySignature = false
    /// The most deliveries a second; nil for as many as the endpoint takes.
    package var deliveriesPerSecond: Int?
    /// The most requests that are open at once; how many are depends on how the endpoint takes them.
    package var concurrency = Self.usualConcurrency
    /// Where its owner hears that it was given up, such as `slack:C012345`.
    package var notify: String?
    /// The workspace of that channel where it is not the endpoint's own.
    package var notifyWorkspace: WorkspaceID?

    static let mostConcurrency = 64
    private static let usualConcurrency = 50
    static let mostDeliveriesPerSecond = 1000
    private static let mostFilters = 100

    /// Describes an endpoint that wants everything.
    package init() {}

    /// Whether an event is for this endpoint.
    func wants(type: String, channel: String?, tags eventTags: [String]) -> Bool {
        guard events.contains(where: { Self.matches($0, type) }) else { return false }
        if !channels.isEmpty {
            guard let channel, channels.contains(channel) else { return false }
        }
        return tags.isEmpty || tags.contains { eventTags.contains($0) }
    }

    private static func matches(_ pattern: String, _ type: String) -> Bool {
        if pattern == "*" { return true }
        return pattern.hasSuffix(".*") ? type.hasPrefix(pattern.dropLast()) : pattern == type
    }

    /// Refuses what cannot hold.
    /// - Throws: `SubscriptionError`.
    package func check() throws(SubscriptionError) {
        guard !events.isEmpty, events.count <= Self.mostFilters else {
            throw SubscriptionError(.invalidEvents, "`events` has to be a list of 1 to \(Self.mostFilters) types.")
        }
        for pattern in events where !EventCatalogue.knows(pattern) {
            throw SubscriptionError(
                .invalidEvents,
                "There is no event \(pattern.prefix(100)); GET /api/v1/webhooks/events lists them."
            )
        }
        guard channels.count <= Self.mostFilters, tags.count <= Self.mostFilters,
            (channels + tags).allSatisfy({ (1...200).contains($0.utf8.count) })
        else {
            throw SubscriptionError(.invalidSettings, "`channels` and `tags` are lists of at most 100 short texts.")
        }
        guard (1...Self.mostConcurrency).contains(concurrency) else {
            throw SubscriptionError(.invalidSettings, "`concurrency` has to be from 1 to \(Self.mostConcurrency).")
        }
        if let deliveriesPerSecond, !(1...Self.mostDeliveriesPerSecond).contains(deliveriesPerSecond) {
            throw SubscriptionError(
                .invalidSettings,
                "`rate_limit` has to be from 1 to \(Self.mostDeliveriesPerSecond) deliveries a second."
            )
        }
        if let notify, notify.split(separator: ":").count < 2 || notify.utf8.count > 200 {
            throw SubscriptionError(.invalidSettings, "`notify` names a channel, such as slack:C012345.")
        }
    }
}

extension EndpointSettings {
    /// Reads what the table holds.
    init(json: JSONValue) {
        events = json["events"]?.array?.compactMap(\.string) ?? []
        channels = json["channels"]?.array?.compactMap(\.string) ?? []
        tags = json["tags"]?.array?.compactMap(\.string) ?? []
        isThin = json["thin"]?.bool ?? false
        isOrdered = json["ordered"]?.bool ?? false
        addsLegacySignature = json["legacy_signature"]?.bool ?? false
        deliveriesPerSecond = (json["rate_limit"]?.integer).map { Int($0) }
        concurrency = Int(json["concurrency"]?.integer ?? Int64(Self.usualConcurrency))
        notify = json["notify"]?.string
        notifyWorkspace = json["notify_workspace"]?.string.map { WorkspaceID($0) }
    }

    /// What the table holds.
    package var json: JSONValue {
        .record([
            "events": .strings(events),
            "channels": .strings(channels),
            "tags": .strings(tags),
            "thin": .bool(isThin),
            "ordered": .bool(isOrdered),
            "legacy_signature": .bool(addsLegacySignature),
            "rate_limit": deliveriesPerSecond.map { .integer(Int64($0)) },
            "concurrency": .integer(Int64(concurrency)),
            "notify": notify.map { .string($0) },
            "notify_workspace": notifyWorkspace.map { .string($0.rawValue) },
        ])
    }

    /// Where the owner hears of it, with the workspace where it is not the endpoint's own: `slack:T0123:C0123`.
    package var notifyPlace: String? {
        guard let notify, let workspace = notifyWorkspace, let colon = notify.firstIndex(of: ":") else { return notify }
        return workspace.rawValue + notify[colon...]
    }
}
