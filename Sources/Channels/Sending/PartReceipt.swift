package import CoreTypes

/// What became of one part of a message.
package struct PartReceipt: Codable, Hashable, Sendable {
    /// How far the part has come.
    package enum State: String, Codable, Sendable {
        /// Its turn has not come, or it certainly did not arrive.
        case waiting
        /// Bytes may have left; written down before the first one does.
        case sending
        case sent
        /// Bytes left and nobody will ever know what became of them.
        case unknown
    }

    package var state: State
    /// The platform's id of the message; empty where it gives none or the part was not sent.
    package var messageID: String
    /// When the part was last on its way; the beginning of the time in which a reconciliation looks for it.
    package var at: Timestamp
    /// The digest of what the message shows, where it is one of several; nil where nobody can say.
    package var digest: String?
    /// Whether an answer to one person carries its key on the platform, unless a response URL took it; nil where nobody
    /// can say, as in what a former version began.
    package var hasKey: Bool?

    /// A part whose turn has not come.
    package static func waiting(_ now: Timestamp) -> PartReceipt {
        PartReceipt(state: .waiting, messageID: "", at: now)
    }

    /// Reads the column `receipts_json`.
    /// - Throws: `DatabaseError`.
    package static func list(from text: String) throws -> [PartReceipt] {
        try StoredJSON.read([PartReceipt].self, from: text)
    }
}

extension [PartReceipt] {
    /// The text for the column `receipts_json`.
    package func storedText() throws -> String { try StoredJSON.write(self) }

    /// The messages that the platform has, in their order.
    package var messages: [PartReceipt] { filter { $0.state == .sent && !$0.messageID.isEmpty } }

    /// The ids of the messages that the platform has, in their order.
    package var messageIDs: [String] { messages.map(\.messageID) }

    /// The receipts of a message after an edit: what its parts show now, and the parts that it did not have before.
    ///
    /// Done twice it changes nothing more.
    func updated(with news: [PartReceipt]) -> [PartReceipt] {
        var receipts = self
        for part in news.messages {
            if let known = receipts.firstIndex(where: { $0.messageID == part.messageID }) {
                receipts[known].digest = part.digest
            } else {
                receipts.append(part)
            }
        }
        return receipts
    }
}
