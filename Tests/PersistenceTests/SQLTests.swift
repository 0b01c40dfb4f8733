import CoreTypes
import Persistence
import Testing

@Suite struct SQLTests {
    @Test func valuesAreBoundInTheOrderOfTheirPlaces() {
        let name = "x'; drop table y"
        let statement: SQL = "select \(1), \(name), \(raw: "z") where a in (\(list: [2, 3]))"
        #expect(statement.text == "select $1, $2, z where a in ($3, $4)")
        #expect(statement.values == [.integer(1), .text(name), .integer(2), .integer(3)])
    }

    @Test func fragmentsKeepTheirValuesAndTakeNewNumbers() {
        let fragment: SQL = "a = \(1) and b = \(2)"
        let statement: SQL = "select \("x") where \(fragment) or \(fragment)"
        #expect(statement.text == "select $1 where a = $2 and b = $3 or a = $4 and b = $5")
        #expect(statement.values.count == 5)
    }

    @Test func rowsAreBoundRowByRow() {
        let statement: SQL = "values \(rows: [[.integer(1), .null], [.integer(2), .text("b")]])"
        #expect(statement.text == "values ($1, $2), ($3, $4)")
        #expect(statement.values == [.integer(1), .null, .integer(2), .text("b")])
    }

    @Test func columnsAreInsertedAsRows() {
        let columns: [SQLArray] = [.integers([1, 2]), .texts(["a", "b"])]
        let sqlite: SQL = "insert into t (i, t) \(Dialect.sqlite.rows(columns))"
        #expect(sqlite.text == "insert into t (i, t) values ($1, $2), ($3, $4)")
        #expect(sqlite.values == [.integer(1), .text("a"), .integer(2), .text("b")])
        let postgres: SQL = "insert into t (i, t) \(Dialect.postgres.rows(columns))"
        #expect(postgres.text == "insert into t (i, t) select unnest($1), unnest($2)")
        #expect(postgres.values == columns.map { .array($0) })
    }

    @Test func nilIsBoundAsNull() {
        let nothing: String? = nil
        let something: Int? = 5
        let statement: SQL = "\(nothing) \(something)"
        #expect(statement.values == [.null, .integer(5)])
    }

    @Test func anEmptyListMatchesNothing() {
        let statement: SQL = "a in (\(list: [Int]()))"
        #expect(statement.text == "a in (null)")
    }

    @Test func rowsNameWhatIsMissing() {
        let row = Row(columns: ["a"], values: [.text("x")])
        #expect(throws: DatabaseError.self) { try row.text("b") }
        #expect(throws: DatabaseError.self) { try row.integer("a") }
        #expect(throws: Never.self) { try row.text("a") }
    }
}
