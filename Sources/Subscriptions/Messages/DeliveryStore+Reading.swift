package import CoreTypes
import Persistence

/// A delivery that was given up.
package struct DeadLetter: Sendable {
    package let number: Int64
    package let workspace: WorkspaceID
    package let endpoint: EndpointID
    package let message: MessageID
    package let type: String
    package let attempts: Int
    package let lastStatus: Int?
    package let lastError: String?
    package let createdAt: Timestamp
    package let givenUpAt: Timestamp
    /// The payload.
    package let body: String
}

/// How deliveries stand.
package struct DeliveryCounts: Sendable, Hashable {
    /// Those under way among them.
    package var waiting = 0
    /// Those that arrived, each time counted, at the endpoints that there are.
    package var delivered = 0
    package var givenUp = 0

    /// Describes how deliveries stand.
    package init(waiting: Int = 0, delivered: Int = 0, givenUp: Int = 0) {
        self.waiting = waiting
        self.delivered = delivered
        self.givenUp = givenUp
    }
}

extension DeliveryStore {
    func deadLetters(
        workspace: WorkspaceID?,
        endpoint: EndpointID?,
        limit: Int,
        offset: Int,
        in transaction: borrowing Transaction
    ) throws -> (items: [DeadLetter], total: Int) {
        let owner: SQL = workspace.map { "w.workspace_id = \($0)" } ?? "true"
        let filter: SQL = endpoint.map { "and w.endpoint_id = \($0)" } ?? ""
        let total = try transaction.query(
            "select count(*) as total from webhooks w where \(owner) \(filter) and w.status = 2"
        ).first?.integer("total")
        let rows = try transaction.query(
            """
            select w.*, m.event_type, m.body from webhooks w
            join webhook_messages m on m.workspace_id = w.workspace_id and m.message_id = w.message_id
            where \(owner) \(filter) and w.status = 2
            order by w.updated_at desc, w.delivery_id desc limit \(limit) offset \(offset)
            """
        )
        return (try rows.map { try DeadLetter($0) }, Int(total ?? 0))
    }

    func deadLetter(_ number: Int64, workspace: WorkspaceID?, in transaction: borrowing Transaction) throws
        -> DeadLetter?
    {
        let owner: SQL = workspace.map { "w.workspace_id = \($0)" } ?? "true"
        return try transaction.query(
            """
            select w.*, m.event_type, m.body from webhooks w
            join webhook_messages m on m.workspace_id = w.workspace_id and m.message_id = w.message_id
            where \(owner) and w.delivery_id = \(number) and w.status = 2
            """
        ).first.map { try DeadLetter($0) }
    }

    func forget(deadLetter number: Int64, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "delete from webhooks where workspace_id = \(workspace) and delivery_id = \(number) and status = 2"
        )
    }

    func contains(_ message: MessageID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws -> Bool {
        try !transaction.query(
            "select 1 from webhook_messages where workspace_id = \(workspace) and message_id = \(message)"
        ).isEmpty
    }

    func waiting(in transaction: borrowing Transaction) throws -> Int {
        Int(
            try transaction.query("select count(*) as total from webhooks where status = 0").first?.integer("total")
                ?? 0
        )
    }

    func counts(workspace: WorkspaceID?, in transaction: borrowing Transaction) throws -> DeliveryCounts {
        let owner = EndpointStore.owner(workspace)
        var counts = DeliveryCounts()
        for row in try transaction.query(
            "select status, count(*) as total from webhooks where \(owner) group by status"
        ) {
            let total = Int(try row.integer("total"))
            if try row.integer("status") == 0 { counts.waiting = total } else { counts.givenUp = total }
        }
        let arrived = try transaction.query(
            "select cast(coalesce(sum(delivery_count), 0) as bigint) as total from webhook_configs where \(owner)"
        )
        counts.delivered = Int(try arrived.first?.integer("total") ?? 0)
        return counts
    }
}

extension EndpointStore {
    /// Ends a pause that a failing endpoint was given, because somebody wants it tried now.
    func letGo(_ id: EndpointID, workspace: WorkspaceID, in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "update webhook_configs set held_until = null where workspace_id = \(workspace) and id = \(id)"
        )
    }
}

extension DeadLetter {
    fileprivate init(_ row: Row) throws {
        number = try row.integer("delivery_id")
        workspace = try row.id("workspace_id")
        endpoint = try row.id("endpoint_id")
        message = try row.id("message_id")
        type = try row.text("event_type")
        attempts = Int(try row.integer("attempts"))
        lastStatus = try row.integerOrNil("last_status").map { Int($0) }
        lastError = try row.textOrNil("last_error")
        createdAt = try row.timestamp("created_at")
        givenUpAt = try row.timestamp("updated_at")
        body = try row.text("body")
    }
}
