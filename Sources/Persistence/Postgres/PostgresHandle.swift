import CPostgres
import CoreTypes
import Crypto

/// One libpq connection.
///
/// All calls are made on the queue of the actor that owns it.
final class PostgresHandle: Transaction.Connection {
    private let connection: OpaquePointer
    /// The names of the statements that the server was asked to remember, by their texts; nil where it is not asked.
    private var prepared: [String: String]?
    /// Why the present transaction cannot be committed, once one of its statements has failed.
    private(set) var failure: DatabaseError?

    /// Connects, which may take up to five seconds for each address of the host.
    /// - Parameters:
    ///   - url: a connection URI or `key=value` text; what it says wins over the defaults here.
    ///   - preparesStatements: whether the connection runs the same few statements over and over.
    /// - Throws: `DatabaseError`, whose text holds nothing of the URL.
    init(url: Secret, preparesStatements: Bool = false) throws {
        // Not among them: `options`, which transaction poolers refuse.
        let defaults: [(String, String)] = [
            ("application_name", "aragora"),
            ("client_encoding", "UTF8"),
            ("connect_timeout", "5"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"),
            ("target_session_attrs", "any"),
            ("dbname", url.reveal()),
        ]
        let connection = withCStrings(defaults.map(\.0)) { keywords in
            withCStrings(defaults.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connection else { throw DatabaseError(.full, "There is no memory for a connection to Postgres.") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(connection))
            PQfinish(connection)
            throw DatabaseError(connecting: message)
        }
        self.connection = connection
        prepared = preparesStatements ? [:] : nil
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(connection) }

    var socket: Int32 { PQsocket(connection) }
    var isLost: Bool { PQstatus(connection) != CONNECTION_OK }
    /// Whether the next caller may have the connection.
    var isReusable: Bool { !isLost && !isStandby && PQtransactionStatus(connection) == PQTRANS_IDLE }
    /// Set when the server turned out to be read-only: after a failover the old primary keeps its connections.
    private var isStandby = false

    /// What cancels a running statement from another thread.
    func makeCancelHandle() -> PostgresCancelHandle? {
        PQgetCancel(connection).map { PostgresCancelHandle($0) }
    }

    /// Runs a statement with its values.
    ///
    /// Statements stay unnamed where they are not repeated: a transaction pooler gives the next one to another server
    /// process.
    func run(_ statement: SQL) throws -> (rows: [Row], changes: Int) {
        if let failure { throw failure }
        do {
            let parameters = try PostgresParameters(statement.values)
            let result = try prepared == nil ? runUnnamed(statement, parameters) : runPrepared(statement, parameters)
            return (result.status == PGRES_TUPLES_OK ? try result.rows() : [], result.changes)
        } catch let error as DatabaseError {
            failure = error
            throw error
        }
    }

    private func runUnnamed(_ statement: SQL, _ parameters: PostgresParameters) throws -> PostgresResult {
        try checked(
            PostgresResult(
                parameters.withPointers { count, types, values, lengths, formats in
                    PQexecParams(connection, statement.text, count, types, values, lengths, formats, 0)
                }
            )
        )
    }

    /// Runs a statement that the server has read and planned once.
    ///
    /// A transaction pooler may lead to a server process that does not know it, or that another process has taught it
    /// already. That spoils the transaction, which is tried again; the connection prepares nothing any more then.
    private func runPrepared(_ statement: SQL, _ parameters: PostgresParameters) throws -> PostgresResult {
        let name: String
        if let known = prepared?[statement.text] {
            name = known
        } else {
            name = "aragora_" + hexadecimal(SHA256.hash(data: Array(statement.text.utf8)).prefix(16))
            let answer = parameters.withPointers { count, types, _, _, _ in
                PQprepare(connection, name, statement.text, count, types)
            }
            _ = try checkedBehindPooler(PostgresResult(answer))
            prepared?[statement.text] = name
        }
        let answer = parameters.withPointers { count, _, values, lengths, formats in
            PQexecPrepared(connection, name, count, values, lengths, formats, 0)
        }
        return try checkedBehindPooler(PostgresResult(answer))
    }

    private func checkedBehindPooler(_ answer: PostgresResult?) throws -> PostgresResult {
        // `duplicate_prepared_statement`, `invalid_sql_statement_name` (PostgreSQL manual, appendix A).
        if let state = answer?.errorField("C"), state == "42P05" || state == "26000" {
            prepared = nil
            throw DatabaseError(.serialization, "A pooler led the statement to another server process.")
        }
        return try checked(answer)
    }

    /// Runs one or more statements without values.
    func runScript(_ text: String) throws {
        if let failure { throw failure }
        do {
            _ = try checked(PostgresResult(PQexec(connection, text)))
        } catch let error as DatabaseError {
            failure = error
            throw error
        }
    }

    /// Starts a transaction, or a statement that is one by itself.
    func reset() {
        failure = nil
    }

    /// Commits.
    /// - Throws: `commitUnknown` where the connection broke before the server answered.
    func commit() throws {
        if let failure {
            rollBack()
            throw failure
        }
        let result: PostgresResult
        do {
            result = try checked(PostgresResult(PQexec(connection, "commit")))
        } catch let error as DatabaseError where error.reason == .connection {
            throw DatabaseError.commitUnknown
        }
        guard result.command == "COMMIT" else {
            throw DatabaseError(.other, "Postgres rolled the transaction back instead of committing it.")
        }
    }

    /// Undoes the transaction; a connection on which even that fails is not used again.
    func rollBack() {
        if !isLost { _ = PostgresResult(PQexec(connection, "rollback")) }
    }

    /// Reads what has arrived without being asked for, without waiting.
    /// - Returns: the payloads of the notifications.
    /// - Throws: `DatabaseError` where the connection is gone.
    func readNotifications() throws -> [String] {
        guard PQconsumeInput(connection) == 1 else {
            throw DatabaseError(.connection, "The connection to Postgres was lost.")
        }
        return takeNotifications()
    }

    private func takeNotifications() -> [String] {
        var payloads: [String] = []
        while let notification = PQnotifies(connection) {
            payloads.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return payloads
    }

    private func checked(_ result: PostgresResult?) throws -> PostgresResult {
        // Behind a pooler a notification meant for another session may arrive here; it must not pile up.
        _ = takeNotifications()
        guard let result else {
            throw isLost
                ? DatabaseError(.connection, "The connection to Postgres was lost.")
                : DatabaseError(.full, "There is no memory for the answer of Postgres.")
        }
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
            if result.errorField("C") == "25006" { isStandby = true }
            throw DatabaseError(result, isConnectionLost: isLost)
        default: throw DatabaseError(.syntax, "The statement is of a kind that is not supported.")
        }
    }
}

extension DatabaseError {
    /// The connection broke between a commit and its answer.
    ///
    /// Trying again could do the same thing twice.
    static var commitUnknown: DatabaseError {
        DatabaseError(.commitUnknown, "The connection to Postgres was lost before it answered whether it committed.")
    }
}

/// Gives a list of strings to a C function as a list that ends with a null pointer.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var memory: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(memory.count)
        memory.append(contentsOf: string.utf8CString)
    }
    return memory.withUnsafeBufferPointer { block in
        var pointers = offsets.map { offset in block.baseAddress.map { $0 + offset } }
        pointers.append(nil)
        return body(pointers)
    }
}
