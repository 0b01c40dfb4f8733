import Channels
import CoreTypes
import Logging

/// Finds out what models should know beside a question that was asked on a platform.
struct ThreadBackgrounds: Sendable {
    /// How many messages of a thread become background.
    private static let historyLimit = 50

    let adapters: [String: any ChannelAdapter]
    let logger: Logger

    /// What was given with the question, who is mentioned in it, and the thread's earlier messages.
    /// - Parameters:
    ///   - address: where it was asked; nil where that was on no platform.
    ///   - message: the platform's id of the message that asked it; nil where it was asked otherwise.
    func background(of task: String, given: String, asked address: Address?, in message: String?) async -> String {
        guard let address else { return given }
        let people = PeopleNames(channel: adapters[address.platform], workspace: address.workspace)
        let given = [given, await people.line(about: task)].filter { !$0.isEmpty }.joined(separator: "\n\n")
        guard address.thread != nil, let channel = adapters[address.platform] as? any HistoryChannel else {
            return given
        }
        do {
            // A question from a form has no message; the one that it was asked about may say the same.
            let messages = try await channel.history(of: address, before: message, limit: Self.historyLimit)
                .filter { $0.text != task }
            guard !messages.isEmpty else { return given }
            let thread = await people.named(messages.map { "\($0.author): \($0.text)" }.joined(separator: "\n"))
            let parts = [given, "Earlier messages of the thread:\n\(thread)"]
            return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
        } catch {
            logger.notice("The thread's earlier messages could not be read.", metadata: ["error": "\(error)"])
            return given
        }
    }
}
