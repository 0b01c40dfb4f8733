package import CoreTypes

/// Where panels come from.
package protocol PanelSource: Sendable {
    /// Every agent that can be named, in the order in which they are shown.
    var known: [AgentProfile] { get }
    /// The names of those whose answers cost what is not known; no budget in dollars can hold them.
    var unpriced: Set<String> { get }
    /// Seats a panel.
    /// - Parameter names: the agents wanted, nil for the default panel.
    /// - Throws: a `CodedError` that names the unknown agents and lists the known ones.
    func panel(named names: [String]?) throws -> [any Agent]
}

extension PanelSource {
    /// The names of all agents.
    package var names: [String] { known.map(\.name) }
}
