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
        let place = notify[notify.index(after: colon)...]
        var (named, channel) = Self.split(place, platform)
        let known = try WorkspaceStore().connected(to: platform, in: transaction)
        let own = workspace.rawValue.hasPrefix("\(platform):") ? workspace : nil
        // What belongs to one workspace reaches nobody in another one.
        let isElsewhere = own == nil ? workspace != .local : known.contains { $0 == named && $0 != own }
        if isElsewhere { throw Self.refusal("the channel is of another workspace") }
        // Channels of some platforms have colons themselves.
        if own != nil, named != own { (named, channel) = (nil, place) }
        guard let target = own ?? named ?? (known.count == 1 ? known.first : nil) else {
            throw Self.refusal("say in which workspace, such as \(platform):T0123:\(channel.prefix(50))")
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

    /// Reads `T0123:C0123`, or a channel alone.
    private static func split(_ place: Substring, _ platform: String) -> (WorkspaceID?, Substring) {
        guard let colon = place.firstIndex(of: ":") else { return (nil, place) }
        return (WorkspaceID("\(platform):\(place[..<colon])"), place[place.index(after: colon)...])
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
