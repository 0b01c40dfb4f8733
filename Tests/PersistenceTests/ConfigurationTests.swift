import CoreTypes
import DatabaseSupport
import Persistence
import Testing

@Suite struct ConfigurationTests {
    private func choose(_ backend: String?, _ url: String?) throws -> String {
        let configuration = try DatabaseConfiguration(
            backend: backend,
            databaseURL: url.map { Secret($0) },
            dataDirectory: "/data"
        )
        return switch configuration {
        case .postgres(let url): "postgres \(url.reveal())"
        case .sqlite(let path): "sqlite \(path)"
        }
    }

    @Test(
        arguments: [
            (nil, nil, "sqlite /data/aragora.sqlite"),
            ("sqlite", nil, "sqlite /data/aragora.sqlite"),
            ("", nil, "error"),
            (nil, "", "sqlite /data/aragora.sqlite"),
            (nil, "postgres://h/d", "postgres postgres://h/d"),
            (nil, "postgresql://h/d", "postgres postgresql://h/d"),
            ("postgres", "postgres://h/d", "postgres postgres://h/d"),
            ("POSTGRES", "postgresql://h/d", "postgres postgresql://h/d"),
            (nil, "sqlite:a.db", "sqlite a.db"),
            (nil, "sqlite:///a.db", "sqlite /a.db"),
            (nil, "sqlite:", "sqlite /data/aragora.sqlite"),
            ("postgres", nil, "error"),
            ("sqlite", "postgres://h/d", "error"),
            ("postgres", "sqlite:a.db", "error"),
            (nil, "mysql://h/d", "error"),
            (nil, "postgres:h", "error"),
            (nil, "postgres://u:p@h/d?sslmode=require", "postgres postgres://u:p@h/d?sslmode=require"),
            ("oracle", nil, "error"),
        ] as [(String?, String?, String)]
    )
    func theWordsChoose(backend: String?, url: String?, expected: String) {
        #expect(((try? choose(backend, url)) ?? "error") == expected)
    }

    @Test func aRefusedURLIsNotRepeated() {
        let error = #expect(throws: DatabaseError.self) { _ = try choose(nil, "mysql://user:hunter2@h/d") }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(arguments: ["pgbouncer=true", "schema=public", "foo=1", "sslmode=require&foo=1"])
    func aParameterThatPostgresDoesNotKnowIsNamed(query: String) {
        let error = #expect(throws: DatabaseError.self) { _ = try choose(nil, "postgres://u:hunter2@h/d?\(query)") }
        let name = query.split(separator: "&").last?.prefix { $0 != "=" } ?? ""
        let text = error?.description ?? ""
        #expect(text.hasPrefix("DATABASE_URL has a parameter that Postgres does not know: \(name)."), "\(text)")
        #expect(error?.isRetryable == false && !text.contains("hunter2"))
    }

    @Test(arguments: ["postgres://u:pass/wo?hunter2=x@h/d", "postgres://u:%hunter2@h/d", "postgres://h/d?hunter2"])
    func anAddressThatCannotBeReadIsNotRepeated(url: String) {
        let error = #expect(throws: DatabaseError.self) { _ = try choose(nil, url) }
        let text = error?.description ?? ""
        #expect(text.contains("percent-encoded") && !text.contains("hunter2"), "\(text)")
    }

    @Test(
        arguments: [
            ("postgres://user:hun/ter2@127.0.0.1:1/d", .other), ("postgres://user:hunter2@127.0.0.1:1/d", .connection),
            ("postgres://u@h:hunter2/d", .other), ("host=hunter2 port=x", .other),
            ("postgres://u:hunter2@127.0.0.1:1/d?sslmode=disabled", .other),
        ] as [(String, DatabaseError.Code)]
    )
    func aFailedConnectTellsNoSecret(url: String, reason: DatabaseError.Code) async {
        let database = PostgresDatabase(.init(url: Secret(url)), logger: .silent)
        let error = await #expect(throws: DatabaseError.self) { try await database.run("select 1 as x") }
        #expect(error?.reason == reason)
        #expect(error?.description.contains("hun") == false)
        #expect(error?.description.contains("ter2") == false)
    }
}
