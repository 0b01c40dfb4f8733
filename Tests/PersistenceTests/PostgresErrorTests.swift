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
        #expect(DatabaseError(connecting: message).description == text)
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
