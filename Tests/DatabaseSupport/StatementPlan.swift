package import Persistence

/// A connection to no database: keeps the statements that it is given.
private final class RecordedStatements: Transaction.Connection {
    private(set) var all: [SQL] = []

    func run(_ statement: SQL) throws -> (rows: [Row], changes: Int) {
        all.append(statement)
        return ([], 0)
    }

    func runScript(_ text: String) throws {}
}

extension TestDatabase {
    /// How the engine would find the rows of the statements that stores run, which find nothing and change nothing.
    ///
    /// Postgres reads a small table as a whole, whatever indexes there are; here it does so where there is no other way.
    /// - Throws: what the body threw, or `DatabaseError`.
    package func plan(_ body: (borrowing Transaction) throws -> Void) async throws -> String {
        let recorded = RecordedStatements()
        try body(Transaction(connection: recorded, dialect: database.dialect))
        let statements = recorded.all
        return try await database.write { transaction in
            var lines: [String] = []
            for statement in statements {
                switch transaction.dialect {
                case .postgres:
                    try transaction.execute("set local enable_seqscan = off")
                    lines += try transaction.query("explain \(statement)").map { try $0.text("QUERY PLAN") }
                case .sqlite:
                    lines += try transaction.query("explain query plan \(statement)").map { try $0.text("detail") }
                }
            }
            return lines.joined(separator: "\n")
        }
    }
}
