import Agents
import CoreTypes
import EmailIntegration
import Persistence
import SlackIntegration
import XIntegration
import YouTubeIntegration

extension Settings {
    /// What is wrong with the settings, a text for each: the first one hides none of the others.
    func mistakes() -> [String] {
        let address = try? publicURL()
        let readings: [() throws -> Void] = [
            { _ = try database() },
            { _ = try publicURL() },
            { _ = try integer("ARAGORA_PORT", in: 0...65_535) },
            { _ = try logLevel() },
            { if let keys = values["ARAGORA_ENCRYPTION_KEYS"] { _ = try Sealer(keys: Secret(keys)) } },
            { _ = try debateDefaults() },
            { _ = try maximumConcurrentDebates() },
            { _ = try AgentRegistry.outputLimit(in: values) },
            { _ = try breakpointTimeout() },
            { _ = try approvers("ARAGORA_BREAKPOINT_APPROVERS") },
            { _ = try policy("ARAGORA_BREAKPOINT_POLICY") },
            { _ = try approvers("ARAGORA_PUBLICATION_APPROVERS") },
            { _ = try policy("ARAGORA_PUBLICATION_POLICY") },
            { _ = try webhookRanges() },
            { _ = try SlackConfiguration(from: values) },
            { _ = try EmailConfiguration(from: values) },
            { _ = try XConfiguration(from: values, publicURL: address) },
            { _ = try YouTubeConfiguration(from: values, publicURL: address) },
        ]
        return readings.compactMap { reading -> String? in
            do {
                try reading()
                return nil
            } catch {
                return (error as? any CodedError)?.description ?? "A setting cannot be read."
            }
        }
    }
}
