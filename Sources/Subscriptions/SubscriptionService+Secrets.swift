package import CoreTypes
import Persistence

extension SubscriptionService {
    /// Gives an endpoint a new secret; the former one signs along for a while.
    ///
    /// One that cannot be read any more is replaced all the same: it signs no more, and the further headers that were
    /// sealed with it are gone.
    /// - Parameters:
    ///   - scheme: how the new one signs; nil for the same way.
    ///   - overlap: how long the former one signs along; with zero, none of the former ones signs any more.
    /// - Throws: `SubscriptionError`, `DatabaseError`.
    package func rotate(
        _ id: EndpointID,
        workspace: WorkspaceID?,
        to secret: Secret?,
        scheme: WebhookSecret.Scheme?,
        overlap: Duration
    ) async throws -> Created {
        guard overlap >= .zero, overlap <= EndpointSecrets.overlap.longest else {
            throw SubscriptionError(.invalidSettings, "`overlap_seconds` has to be from 0 to 604800.")
        }
        let given = try secret.map { try WebhookSecret(parsing: $0) }
        let now = time.now()
        let rotated = try await database.write { transaction in
            let endpoint = try endpoints.existing(id, workspace: workspace, in: transaction)
            let former = try readableSecrets(of: endpoint, in: transaction)
            let next = given ?? .generate(scheme ?? former?.current.scheme ?? .symmetric)
            if endpoint.settings.addsLegacySignature { try checkLegacySignature(next.scheme) }
            if var secrets = former {
                try secrets.rotate(to: next, overlap: overlap, now: now)
                try endpoints.save(secrets, of: endpoint, now: now, in: transaction)
            } else {
                try endpoints.save(EndpointSecrets(next), of: endpoint, now: now, in: transaction)
                // What waits is tried at once.
                try endpoints.letGo(id, workspace: endpoint.workspace, in: transaction)
            }
            return Created(
                endpoint: endpoint,
                receiverKey: next.receiverKey,
                isRepetition: false,
                hasLostFormer: former == nil,
                formerSignsUntil: former == nil || overlap == .zero ? nil : now + overlap
            )
        }
        if rotated.hasLostFormer { await database.notify(.outbox) }
        return rotated
    }

    /// An endpoint's secrets; nil where they do not open.
    func readableSecrets(of endpoint: Endpoint, in transaction: borrowing Transaction) throws -> EndpointSecrets? {
        do {
            return try endpoints.secrets(of: endpoint, in: transaction)
        } catch let error as DatabaseError where error.reason == .sealed {
            return nil
        }
    }

    func checkLegacySignature(_ scheme: WebhookSecret.Scheme?) throws(SubscriptionError) {
        guard scheme == .symmetric else {
            throw SubscriptionError(.invalidSettings, "`legacy_signature` needs a symmetric secret.")
        }
    }
}
