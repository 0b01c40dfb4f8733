/// The columns of sealed values, whichever table they stand in.
///
/// A sealed value is bound to its table and its row's key, so that it can be opened and sealed anew without its store.
package struct SealedSecrets: Sendable {
    /// A column of sealed values.
    struct Column: Sendable {
        let table: String
        /// The columns of the table's primary key, in their order.
        let key: [String]
        let name: String
    }

    static let columns = [
        Column(table: "signing_keys", key: ["key_id"], name: "sealed_private_key"),
        Column(table: "integrations", key: ["workspace_id", "integration_type"], name: "sealed_credentials"),
        Column(table: "webhook_configs", key: ["workspace_id", "id"], name: "sealed_secrets"),
        Column(
            table: "publication_parts",
            key: ["workspace_id", "publication_id", "part_number"],
            name: "sealed_progress"
        ),
    ]

    /// The names of the columns that hold sealed values.
    package static var columnNames: [String] { columns.map(\.name) }

    /// What the encryption keys are still needed for.
    package struct Needs: Sendable, Equatable {
        /// How many values each configured key opens, by its name.
        package var values: [String: Int] = [:]
        /// How many values need a key that is not configured.
        package var lost = 0
        /// The name of such a key.
        package var missingKey: String?
    }

    private let sealer: Sealer

    /// Looks with an installation's keys.
    package init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// The name of the key that encrypts now.
    package var currentKey: String { sealer.keys[0].name }

    /// Counts what each key is needed for.
    /// - Throws: `DatabaseError`.
    package func needs(in transaction: borrowing Transaction) throws -> Needs {
        var needs = Needs()
        for column in Self.columns {
            var known = 0
            for key in sealer.keys {
                let found = try Self.count(column, where: Self.isSealed(column.name, with: key), in: transaction)
                needs.values[key.name, default: 0] += found
                known += found
            }
            let lost = try Self.count(column, where: "\(raw: column.name) is not null", in: transaction) - known
            guard lost > 0 else { continue }
            needs.lost += lost
            needs.missingKey = try needs.missingKey ?? missingKey(column, in: transaction)
        }
        return needs
    }

    private static func count(
        _ column: Column,
        where condition: SQL,
        in transaction: borrowing Transaction
    ) throws -> Int {
        let rows = try transaction.query("select count(*) as found from \(raw: column.table) where \(condition)")
        return Int(try rows.first?.integer("found") ?? 0)
    }

    private func missingKey(_ column: Column, in transaction: borrowing Transaction) throws -> String? {
        let others = SQL.joined(
            sealer.keys.map { "not (\(Self.isSealed(column.name, with: $0)))" as SQL },
            by: " and "
        )
        let rows = try transaction.query(
            """
            select \(raw: column.name) as sealed from \(raw: column.table)
            where \(raw: column.name) is not null and \(others) limit 1
            """
        )
        return try rows.first.flatMap { Sealer.keyName(of: try $0.blob("sealed")) }
    }

    /// Seals anew, with the key that encrypts now, what another of the configured keys has sealed.
    /// - Returns: how many values were sealed anew, and how many did not open.
    /// - Throws: `DatabaseError`.
    package func reseal(_ database: any Database) async throws -> (resealed: Int, damaged: Int) {
        var (resealed, damaged) = (0, 0)
        for column in Self.columns {
            for former in sealer.keys.dropFirst() {
                let rows = try await database.read { transaction in
                    try transaction.query(
                        """
                        select \(raw: column.key.joined(separator: ", ")) from \(raw: column.table)
                        where \(Self.isSealed(column.name, with: former))
                        """
                    )
                }
                for row in rows {
                    let key = try column.key.map { ($0, try row.value($0)) }
                    do {
                        if try await database.write({ try reseal(column, key, former, in: $0) }) { resealed += 1 }
                    } catch let error as DatabaseError where error.reason == .sealed {
                        damaged += 1
                    }
                }
            }
        }
        return (resealed, damaged)
    }

    private func reseal(
        _ column: Column,
        _ key: [(name: String, value: SQLValue)],
        _ former: Sealer.Key,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let isRow = SQL.joined(key.map { "\(raw: $0.name) = \($0.value)" }, by: " and ")
        let rows = try transaction.query(
            """
            select \(raw: column.name) as sealed from \(raw: column.table)
            where \(isRow) and \(Self.isSealed(column.name, with: former)) \(raw: transaction.dialect.forUpdate)
            """
        )
        // Whoever has changed the value meanwhile has sealed it anew.
        guard let sealed = try rows.first?.blob("sealed") else { return false }
        let identity = [column.table] + key.map(\.value.identityWord)
        let anew = try sealer.seal(try sealer.open(sealed, identity: identity), identity: identity)
        try transaction.execute("update \(raw: column.table) set \(raw: column.name) = \(anew) where \(isRow)")
        return true
    }

    /// A condition that finds the values that a key has sealed, by what stands in front of them.
    private static func isSealed(_ column: String, with key: Sealer.Key) -> SQL {
        let header = Sealer.header(of: key)
        return "substr(\(raw: column), 1, \(raw: String(header.count))) = \(header)"
    }
}

extension SQLValue {
    /// A key's value as sealed values are bound to it.
    fileprivate var identityWord: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        default: ""
        }
    }
}
