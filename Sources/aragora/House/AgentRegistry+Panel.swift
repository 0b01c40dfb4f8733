import Agents
import Conversations
import CoreTypes

extension AgentRegistry: PanelSource {
    var known: [AgentProfile] { agents.map(\.profile) }

    func panel(named names: [String]?) throws -> [any Agent] {
        try panel(named: names, minimum: 1)
    }
}
