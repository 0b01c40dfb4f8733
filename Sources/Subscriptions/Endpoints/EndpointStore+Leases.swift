import CoreTypes
import Persistence

/// An endpoint that this process delivers to, shared by all its deliveries.
final class ClaimedEndpoint: Sendable {
    let endpoint: Endpoint
    let secrets: EndpointSecrets
    /// Tells this holder's attempts from those of an earlier one.
    let fence: Int64

    init(endpoint: Endpoint, secrets: EndpointSecrets, fence: Int64) {
        self.endpoint = endpoint
        self.secrets = secrets
        self.fence = fence
    }
}

/// An endpoint to which something is due and that cannot be served, because what is stored of it cannot be read.
struct UnreadableEndpoint: Sendable {
    let workspace: WorkspaceID
    let id: EndpointID
    let error: DatabaseError
    /// Since when nothing has arrived there.
    let failingSince: Timestamp
}

extension EndpointStore {
    /// How long every process leaves an endpoint alone whose secret one of them could not read: while the encryption
    /// key is being changed another one may be able to, and then takes it if it is the first to look afterwards.
    static let unreadablePause = Duration.seconds(60)

    /// Takes endpoints to which something is due and that nobody else holds, or holds on to those that are ours.
    ///
    /// What an earlier holder had under way is due still: whether it arrived, nobody knows, and its id stays the same.
    /// An endpoint that cannot be read is held back by itself, with what it is owed; the others are taken.
    /// - Parameters:
    ///   - passing: endpoints that have enough to do.
    ///   - underWay: the numbers of deliveries that this process is making; they alone are no reason to take one.
    ///   - limit: the most endpoints.
    /// - Throws: `DatabaseError`.
    func claim(
        owner: String,
        passing: [EndpointID],
        underWay: Set<Int64>,
        limit: Int,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> (taken: [ClaimedEndpoint], unreadable: [UnreadableEndpoint]) {
        // Above so many the list would cost more than looking in vain.
        let new = DeliveryStore.passing(underWay.count > 10_000 ? [] : underWay, transaction.dialect)
        // As `exists`, or in no order, a planner with wrong statistics might read all that waits anywhere.
        let rows = try transaction.query(
            """
            select c.* from webhook_configs c
            where c.status = 'active' and (c.held_until is null or c.held_until <= \(now))
                and (c.lease_owner is null or c.lease_owner = \(owner) or c.lease_until <= \(now))
                and c.id not in (\(list: passing.isEmpty ? [EndpointID("")] : passing))
                and (
                    select w.delivery_id from webhooks w where w.workspace_id = c.workspace_id and w.endpoint_id = c.id
                        and w.status = 0 and w.available_at <= \(now) \(new)
                    order by w.available_at, w.delivery_id limit 1
                ) is not null
            order by c.id limit \(limit) \(raw: transaction.dialect.forUpdateSkipLocked)
            """
        )
        var taken: [ClaimedEndpoint] = []
        var unreadable: [UnreadableEndpoint] = []
        for row in rows {
            do {
                taken.append(try take(row, owner: owner, lease: lease, now: now, in: transaction))
            } catch let error as DatabaseError where error.reason == .sealed || error.reason == .decoding {
                unreadable.append(try holdBack(row, because: error, now: now, in: transaction))
            }
        }
        return (taken, unreadable)
    }

    private func take(
        _ row: Row,
        owner: String,
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> ClaimedEndpoint {
        let endpoint = try Endpoint(row)
        let secrets = try EndpointSecrets(
            sealed: try row.blob("sealed_secrets"),
            sealer: sealer,
            workspace: endpoint.workspace,
            id: endpoint.id
        )
        let isOurs = try row.textOrNil("lease_owner") == owner
        let fence = try row.integer("fence") + (isOurs ? 0 : 1)
        let until = try row.timestampOrNil("lease_until") ?? now
        // What is ours is prolonged by the heartbeat. An active endpoint has a reason while it cannot be read.
        if !isOurs || until - now < lease / 2 || endpoint.statusReason != nil {
            try transaction.execute(
                """
                update webhook_configs set lease_owner = \(owner), lease_until = \(now + lease), fence = \(fence),
                    status_reason = null
                where workspace_id = \(endpoint.workspace) and id = \(endpoint.id)
                """
            )
        }
        return ClaimedEndpoint(endpoint: endpoint, secrets: secrets, fence: fence)
    }

    /// Leaves an endpoint alone for a while; what it is owed waits.
    private func holdBack(
        _ row: Row,
        because error: DatabaseError,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> UnreadableEndpoint {
        let workspace = try row.id("workspace_id", of: WorkspaceID.self)
        let id = try row.id("id", of: EndpointID.self)
        let what = error.reason == .sealed ? "secret" : "description"
        let reason = "its stored \(what) cannot be read; the operator finds in the log why"
        let rows = try transaction.query(
            """
            update webhook_configs set held_until = \(now + Self.unreadablePause), status_reason = \(reason),
                failing_since = case
                    when status_reason is not null or last_delivery_at >= \(now - DeliveryLedger.silence)
                        then coalesce(failing_since, \(now))
                    else \(now) end
            where workspace_id = \(workspace) and id = \(id)
            returning failing_since
            """
        )
        let since = try rows.first?.timestampOrNil("failing_since") ?? now
        return UnreadableEndpoint(workspace: workspace, id: id, error: error, failingSince: since)
    }

    /// Prolongs the leases of a process; a lease that it does not know of runs out.
    /// - Parameter holding: the endpoints that the process knows to be its own.
    /// - Returns: the endpoints that are still its own and active.
    /// - Throws: `DatabaseError`.
    func renew(
        owner: String,
        holding: [EndpointID],
        lease: Duration,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> Set<EndpointID> {
        guard !holding.isEmpty else { return [] }
        // Locked in the order of their ids, as those who write attempts down lock them, so that the two cannot wait for
        // each other.
        let rows = try transaction.query(
            """
            with held as materialized (
                select id as endpoint from webhook_configs
                where lease_owner = \(owner) and id in (\(list: holding))
                order by id \(raw: transaction.dialect.forUpdate)
            )
            update webhook_configs set lease_until = \(now + lease)
            from held where webhook_configs.id = held.endpoint
            returning id, status
            """
        )
        return Set(try rows.filter { try $0.text("status") == "active" }.map { try $0.id("id") })
    }

    /// Gives endpoints back.
    /// - Throws: `DatabaseError`.
    func release(
        _ endpoints: [(id: EndpointID, workspace: WorkspaceID, fence: Int64)],
        owner: String,
        in transaction: borrowing Transaction
    ) throws {
        for endpoint in endpoints.sorted(by: { $0.id < $1.id }) {
            try transaction.execute(
                """
                update webhook_configs set lease_owner = null, lease_until = null
                where workspace_id = \(endpoint.workspace) and id = \(endpoint.id) and fence = \(endpoint.fence)
                    and lease_owner = \(owner)
                """
            )
        }
    }

    /// When the next message that nobody holds is due; nil where there is none.
    /// - Throws: `DatabaseError`.
    func nextDue(after now: Timestamp, in transaction: borrowing Transaction) throws -> Timestamp? {
        try transaction.query(
            """
            select min(due) as due from (
                select case when c.held_until > \(now) then c.held_until else (
                    select min(w.available_at) from webhooks w where w.workspace_id = c.workspace_id
                        and w.endpoint_id = c.id and w.status = 0 and w.available_at > \(now)
                ) end as due
                from webhook_configs c where c.status = 'active'
            ) endpoints
            """
        ).first?.timestampOrNil("due")
    }
}
