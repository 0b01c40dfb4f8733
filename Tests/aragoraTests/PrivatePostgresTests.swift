import TestSupport
import Testing

/// The servers that tests stop and hold still, and what they leave behind.
@Suite("Private Postgres servers")
struct PrivatePostgresTests {
    @Test("A server that nobody thawed is removed with all its processes")
    func frozenAndForgotten() async throws {
        var directory = ""
        try await PrivatePostgres.with { server in
            directory = server.directory
            try await server.freeze()
        }
        try await eventually("the end of the server", timeout: .seconds(10)) {
            let search = try ChildProcess("/usr/bin/pgrep", ["-f", directory])
            return try await search.waitForExit() == .exited(1) ? true : nil
        }
    }
}
