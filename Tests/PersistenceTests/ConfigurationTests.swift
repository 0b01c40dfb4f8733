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

    @Test(arguments: [
        "postgres://user:hun/ter2@127.0.0.1:1/d", "postgres://user:hunter2@127.0.0.1:1/d", "postgres://u@h:hunter2/d",
        "host=hunter2 port=x",
    ])
    func aFailedConnectTellsNoSecret(url: String) async {
        let database = PostgresDatabase(.init(url: Secret(url)), logger: .silent)
        let error = await #expect(throws: DatabaseError.self) { try await database.run("select 1 as x") }
        #expect(error?.reason == .connection)
        #expect(error?.description.contains("hun") == false)
        #expect(error?.description.contains("ter2") == false)
    }
}
