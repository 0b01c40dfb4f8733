package import Channels
import CoreTypes
import Persistence

/// Where the owners of endpoints can be told something: the channels of the platforms that are mounted.
package struct OwnerPlaces: Sendable {
    /// The mounted platforms; true for those on which every workspace has a connection of its own.
    private let platforms: [String: Bool]

    /// Asks the adapters.
    package init(_ adapters: [any ChannelAdapter]) {
        // What receives nothing, such as mail, belongs to no workspace.
        self.init(platforms: Dictionary(adapters.map { ($0.platform, !$0.routes.isEmpty) }) { first, _ in first })
    }

    /// Names the platforms; true for those on which every workspace has a connection of its own.
    package init(platforms: [String: Bool]) {
        self.platforms = platforms
    }

    /// Finds out in which workspace of its platform the channel is that `notify` names.
    /// - Throws: `SubscriptionError` for a channel that cannot be reached.
    func resolved(_ settings: EndpointSettings, of workspace: WorkspaceID, in transaction: borrowing Transaction) throws
        -> EndpointSettings
    {
        guard let notify = settings.notify, let colon = notify.firstIndex(of: ":") else { return settings }
        let platform = String(notify[..<colon])
        guard let hasWorkspaces = platforms[platform] else {
            throw Self.refusal("the platform \(platform.prefix(50)) is not connected here")
        }
        guard hasWorkspaces else { return settings }
        var settings = settings
        let known = try WorkspaceStore().connected(to: platform, in: transaction)
        let place = notify[notify.index(after: colon)...]
        let target: WorkspaceID
        let channel: String
        switch WorkspacePlace(place, on: platform, for: workspace, known: known) {
        case .found(let found, let id):
            target = found
            channel = id
        case .foreign: throw Self.refusal("the channel is of another workspace")
        case .unclear(let id):
            throw Self.refusal("say in which workspace, such as \(platform):T0123:\(id.prefix(50))")
        }
        guard known.isEmpty || known.contains(target) else {
            throw Self.refusal("\(target.rawValue.prefix(50)) is not connected")
        }
        settings.notify = "\(platform):\(channel)"
        settings.notifyWorkspace = target == workspace ? nil : target
        return settings
    }

    private static func refusal(_ reason: String) -> SubscriptionError {
        SubscriptionError(.invalidSettings, "`notify` cannot be reached: \(reason).")
    }
}

extension Endpoint {
    /// Where the owner reads.
    var ownerAddress: Address? {
        guard let place = settings.notify, let colon = place.firstIndex(of: ":") else { return nil }
        return Address(
            platform: String(place[..<colon]),
            workspace: settings.notifyWorkspace ?? workspace,
            channel: String(place[place.index(after: colon)...])
        )
    }
}
