import DatabaseSupport
import TestSupport
import Testing

/// What small commands say where there is nothing, and where they are called wrongly.
@Suite("Commands and their texts", .timeLimit(.minutes(5)))
struct CommandTextTests {
    private func with(
        _ body: (([String]) async throws -> (exit: ChildProcess.Exit, output: String)) async throws -> Void
    )
        async throws
    {
        try await withTemporaryDirectory { directory in
            func aragora(_ arguments: [String]) async throws -> (exit: ChildProcess.Exit, output: String) {
                try await GatewayProcess.run(arguments, environment: ["ARAGORA_DATA_DIR": directory])
            }
            #expect(try await aragora(["migrate"]).exit == .exited(0))
            try await body(aragora)
        }
    }

    @Test("Where there is nothing, that is said")
    func nothing() async throws {
        try await with { aragora in
            for (arguments, text) in [
                (["approvals", "role", "leads"], "Nobody holds the role leads in the workspace local."),
                (["approvals", "person", "list"], "Nobody has several ids in the workspace local."),
                (["approvals", "delegations"], "Nobody decides for another in the workspace local."),
                (["publish", "status"], "There are no publications."),
            ] {
                let run = try await aragora(arguments)
                #expect(run.exit == .exited(0) && run.output.contains(text), "\(arguments): \(run.output)")
            }
        }
    }

    @Test("A key for a workspace that nobody has used comes with a warning")
    func keys() async throws {
        try await with { aragora in
            let odd = try await aragora(["keys", "create", "zapier", "--workspace", "foo"])
            #expect(odd.exit == .exited(0) && odd.output.contains("ara_"), "\(odd.output)")
            #expect(odd.output.contains("warning: Nobody has used the workspace foo yet."), "\(odd.output)")
            let usual = try await aragora(["keys", "create", "zapier"])
            #expect(usual.exit == .exited(0) && !usual.output.contains("warning"), "\(usual.output)")
        }
    }

    @Test("An error is one line, without the usage of another command")
    func errors() async throws {
        try await with { aragora in
            for (arguments, text) in [
                (["keys", "create", "z", "--scopes", "everything"], "There is no scope everything"),
                (["slack", "manifest", "--url", "http://a.example"], "--url takes an https address"),
                (["receipt", "verify", "/no/such/file"], "The file /no/such/file cannot be read."),
                (["approvals", "verify", "--head", "00"], "--head needs --workspace."),
                (["approvals", "role", "leads", "--grant", "role:x"], "A role is held by a person"),
                (["publish", "draft", "#7", "--to", "x"], "There is no debate 7."),
            ] {
                let run = try await aragora(arguments)
                #expect(run.exit == .exited(1) && run.output.contains(text), "\(arguments): \(run.output)")
                #expect(!run.output.contains("Usage:"), "\(arguments): \(run.output)")
            }
        }
    }
}
