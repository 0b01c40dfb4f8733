import CoreTypes
import Crypto
import Persistence

/// What a row comes down to on its platform: one call for each part.
struct DeliveryWork: Sendable {
    private enum Kind {
        case post, ephemeral
        /// The messages that are there already.
        case edit([PartReceipt])
        case form(Form)
    }

    private let kind: Kind
    private let parts: [RenderedPart]
    /// For the column `parts_json`.
    let partsJSON: String
    /// The number of calls.
    let count: Int

    private init(kind: Kind, parts: [RenderedPart]) throws {
        self.kind = kind
        self.parts = parts
        partsJSON = try StoredJSON.write(parts)
        if case .form = kind { count = 1 } else { count = parts.count }
    }

    /// What kind of call a part needs: an edit posts what its message has no part for.
    func operation(of part: Int) -> SendOperation {
        switch kind {
        case .post: .post
        case .ephemeral: .ephemeral
        case .edit(let messages): part < messages.count ? .edit : .post
        case .form: .form
        }
    }

    /// The digest of what a part shows; nil where it is the only one: what of one message is edited has changed.
    func digest(of part: Int) -> String? {
        guard count > 1 else { return nil }
        return hexadecimal(SHA256.hash(data: Array(parts[part].payload.text.utf8)).prefix(16))
    }

    /// The message that a part changes; nil where it posts one.
    func message(of part: Int) -> PartReceipt? {
        guard case .edit(let messages) = kind, part < messages.count else { return nil }
        return messages[part]
    }

    /// Makes the one call.
    func call(_ part: Int, adapter: any ChannelAdapter, address: Address, key: String) async -> SendOutcome {
        switch kind {
        case .post:
            return await adapter.send(parts[part], to: address, key: key)
        case .edit(let messages) where part >= messages.count:
            return await adapter.send(parts[part], to: address, key: key)
        case .edit(let messages):
            guard let channel = adapter as? any EditingChannel else { return Self.unsupported("edits") }
            return await channel.edit(parts[part], messageID: messages[part].messageID, at: address)
        case .ephemeral:
            guard let channel = adapter as? any EphemeralChannel else { return Self.unsupported("ephemeral answers") }
            return await channel.sendEphemeral(parts[part], to: address, key: key)
        case .form(let form):
            guard let channel = adapter as? any FormChannel else { return Self.unsupported("forms") }
            return await channel.open(form, at: address, key: key)
        }
    }

    /// Whether an answer to one person carries its key on the platform; nil for all else.
    func hasKey(adapter: any ChannelAdapter, address: Address) -> Bool? {
        guard case .ephemeral = kind, let channel = adapter as? any LastingAnswerChannel else { return nil }
        return channel.answerLasts(at: address) ? true : nil
    }

    /// The platform, where it can be asked what became of a part that was on its way.
    func reconciling(
        _ part: Int,
        adapter: any ChannelAdapter,
        address: Address,
        receipt: PartReceipt
    ) -> (any ReconcilingChannel)? {
        switch kind {
        case .post: return adapter as? any ReconcilingChannel
        case .edit(let messages): return part < messages.count ? nil : adapter as? any ReconcilingChannel
        case .ephemeral:
            // What a response URL took cannot be looked up anywhere, nor what a former version sent without its key.
            guard receipt.hasKey == true, !address.hasResponseURL(at: receipt.at) else { return nil }
            return adapter as? any LastingAnswerChannel
        case .form: return nil
        }
    }

    /// Asks the platform whether it has a part.
    func reconcile(
        _ channel: any ReconcilingChannel,
        address: Address,
        key: String,
        sentAfter: Timestamp
    ) async -> Reconciliation {
        if case .ephemeral = kind, let channel = channel as? any LastingAnswerChannel {
            return await channel.reconcileAnswer(key: key, at: address, sentAfter: sentAfter)
        }
        return await channel.reconcile(key: key, at: address, sentAfter: sentAfter)
    }

    private static func unsupported(_ what: String) -> SendOutcome {
        .permanent(code: "unsupported", description: "The platform has no \(what).")
    }
}

extension DeliveryWork {
    /// How long a row waits for the one that it depends on.
    private static let dependencyDelay = Duration.seconds(1)

    /// Works out what a row comes down to; nil where it was given back or ended instead.
    /// - Throws: `DatabaseError`.
    static func prepare(_ delivery: inout Delivery) async throws -> DeliveryWork? {
        let now = delivery.record.context.time.now()
        guard try await findThread(&delivery) else {
            try await delivery.record.requeue(at: now + dependencyDelay, note: nil)
            return nil
        }
        var kind = Kind.post
        switch delivery.operation {
        case .post: break
        case .ephemeral: kind = .ephemeral
        case .form:
            kind = .form(try StoredJSON.read(Form.self, from: delivery.record.row.payloadJSON))
        case .edit:
            let target = try await resolve(delivery.record.row.targetKey, for: delivery)
            if target?.isOpen == true {
                try await delivery.record.requeue(at: now + dependencyDelay, note: nil)
                return nil
            }
            let messages = try target.map { try PartReceipt.list(from: $0.receiptsJSON).messages } ?? []
            guard let target, target.status != .failed, !messages.isEmpty else {
                try await delivery.record.fail(
                    OutboxNote(code: "target_missing", message: "The message that was to be changed is not there.")
                )
                return nil
            }
            kind = .edit(messages)
        }
        let work = try DeliveryWork(kind: kind, parts: try parts(kind, delivery))
        guard work.count > 0 else {
            try await delivery.record.fail(OutboxNote(code: "empty", message: "There is nothing to be sent."))
            return nil
        }
        return work
    }

    /// What was rendered at the first try, or what is rendered now.
    private static func parts(_ kind: Kind, _ delivery: Delivery) throws -> [RenderedPart] {
        if let stored = delivery.record.row.partsJSON { return try StoredJSON.read([RenderedPart].self, from: stored) }
        switch kind {
        case .form: return []
        case .post, .ephemeral, .edit:
            let post = try StoredJSON.read(Post.self, from: delivery.record.row.payloadJSON)
            var parts = delivery.adapter.render(post)
            if case .edit(let messages) = kind, parts.count < messages.count {
                // Messages of an earlier, longer text that the new one has no use for.
                let blank = delivery.adapter.render(Post(body: "—", fallbackText: "—")).prefix(1)
                parts += (parts.count..<messages.count).flatMap { _ in blank }
            }
            return parts
        }
    }

    /// Finds the thread that an earlier message of ours opened; false where that one is still on its way.
    private static func findThread(_ delivery: inout Delivery) async throws -> Bool {
        guard delivery.address.thread == nil, let opener = delivery.address.threadOpenedBy else { return true }
        guard let found = try await resolve(opener, for: delivery) else { return true }
        guard !found.isOpen else { return false }
        delivery.address.thread = try PartReceipt.list(from: found.receiptsJSON).messageIDs.first
        return true
    }

    private static func resolve(_ key: OutboxKey?, for delivery: Delivery) async throws -> ResolvedOutboxRow? {
        guard let key else { return nil }
        let (store, workspace) = (delivery.record.context.store, delivery.record.row.claim.workspace)
        return try await delivery.record.context.database.read { transaction in
            try store.resolve(key, workspace: workspace, in: transaction)
        }
    }
}
