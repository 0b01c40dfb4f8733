import Channels
import CoreTypes

/// One inbound route of one platform, with all that answering it needs.
final class AdapterEndpoint: Sendable {
    let adapter: any ChannelAdapter
    /// The adapter, where it can refuse a request by its head.
    let screening: (any ScreeningChannel)?
    let route: AdapterRoute
    let metrics: RequestMetrics
    /// Refusals are provoked by anybody who finds the address.
    let refusals = LogThrottle()
    /// Failed commits come in their thousands while the database is away.
    let failures = LogThrottle()

    /// The path below which all platforms live, as the original has it.
    static let basePath = "/api/v1/bots/"

    init(adapter: any ChannelAdapter, route: AdapterRoute) {
        self.adapter = adapter
        screening = adapter as? any ScreeningChannel
        self.route = route
        metrics = RequestMetrics(route: Self.path(adapter.platform, route.path), method: route.method)
    }

    /// The whole path of a platform's route.
    static func path(_ platform: String, _ route: String) -> String {
        basePath + platform + "/" + route
    }

    /// The endpoints of all adapters by path, then by method.
    static func table(of adapters: [any ChannelAdapter]) -> [String: [String: AdapterEndpoint]] {
        var table: [String: [String: AdapterEndpoint]] = [:]
        for adapter in adapters {
            for route in adapter.routes {
                let path = path(adapter.platform, route.path)
                table[path, default: [:]][route.method] = AdapterEndpoint(adapter: adapter, route: route)
            }
        }
        return table
    }
}
