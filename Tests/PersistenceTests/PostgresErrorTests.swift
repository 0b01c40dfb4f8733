import CoreTypes
import DatabaseSupport
import Testing

@testable import Persistence

/// What is said of a server that does not let anybody in.
@Suite struct PostgresErrorTests {
    @Test(
        arguments: [
            (
                "connection to server at \"localhost\" (127.0.0.1), port 5433 failed: Connection refused\n"
                    + "\tIs the server running on that host and accepting TCP/IP connections?\n",
                "Cannot connect to Postgres: nobody listens at localhost:5433."
            ),
            (
                "connection to server at \"10.0.0.1\", port 5432 failed: Connection refused\n"
                    + "connection to server at \"10.0.0.2\", port 5432 failed: Connection refused\n",
                "Cannot connect to Postgres: nobody listens at 10.0.0.2:5432."
            ),
            (
                "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or directory\n",
                "Cannot connect to Postgres: nobody listens at /tmp/.s.PGSQL.5432."
            ),
            ("could not connect: Connection refused", "Cannot connect to Postgres: nobody listens there."),
            (
                "connection to server at \"h\" (10.0.0.1), port 5432 failed: "
                    + "FATAL:  password authentication failed for user \"aragora\"\n",
                "Cannot connect to Postgres: password authentication failed for user \"aragora\"."
            ),
        ]
    )
    func aFailedConnectSaysWhere(message: String, text: String) {
        let error = DatabaseError(connecting: message)
        #expect(error.description == text && error.reason == .connection)
    }

    @Test(
        arguments: [
            ("invalid sslmode value: \"disabled\"\n", "the value of sslmode in DATABASE_URL"),
            ("invalid port number: \"hunter2\"\n", "the value of port in DATABASE_URL"),
            (
                "connection to server at \"127.0.0.1\", port 1 failed: "
                    + "invalid integer value \"hunter2\" for connection option \"connect_timeout\"\n",
                "the value of connect_timeout in DATABASE_URL"
            ),
            (
                "connection to server at \"127.0.0.1\", port 5432 failed: "
                    + "root certificate file \"/hunter2.crt\" does not exist\n",
                "the file of sslrootcert"
            ),
        ]
    )
    func aWrongSettingIsNamedAndNotTriedAgain(message: String, words: String) {
        let error = DatabaseError(connecting: message)
        #expect(error.description.contains(words), "\(error.description)")
        #expect(error.reason == .other && !error.isRetryable)
        #expect(!error.description.contains("hunter2") && !error.description.contains("disabled"))
    }

    @Test func callersAreToldWhatTheServerSaidAlsoWithoutAnotherAttempt() async throws {
        let server = try PostgresTestServer()
        let url = server.url.reveal()
        let stranger = Secret("\(url)\(url.contains("?") ? "&" : "?")user=aragora_nobody")
        let database = PostgresDatabase(.init(url: stranger), logger: .silent)
        for _ in 0..<3 {
            let error = await #expect(throws: DatabaseError.self) { try await database.run("select 1 as x") }
            let text = error?.description ?? ""
            #expect(text.contains("aragora_nobody") || text.contains("password"), "\(text)")
        }
        await database.close()
    }
}
