import CoreTypes
import DatabaseSupport
import Foundation
import Persistence
import Testing

/// The file of the embedded database, and what is said where it cannot be used.
@Suite struct SQLiteFileTests {
    private func open(_ path: String) throws -> any Database { try openDatabase(.sqlite(path: path), logger: .silent) }

    @Test func theFileAndWhatStandsBesideItAreForItsUserAlone() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.sqlite"
            let database = try open(path)
            try await database.run("create table t (i integer)")
            for file in [path, "\(path)-wal", "\(path)-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: file)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(file)")
            }
            await database.close()
        }
    }

    @Test func aFileThatIsNoDatabaseIsNamedWithWhatToDo() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/a.sqlite"
            try String(repeating: "no database\n", count: 400).write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: DatabaseError.self) { _ = try open(path) }
            let text = error?.description ?? ""
            #expect(text.contains("\(path) is no SQLite database") && text.contains("ARAGORA_DATA_DIR"), "\(text)")
        }
    }

    @Test func aFileThatCannotBeOpenedIsNamedWithWhatToDo() async throws {
        try await withTemporaryDirectory { directory async throws in
            for path in [directory, "\(directory)/missing/a.sqlite"] {
                let error = #expect(throws: DatabaseError.self) { _ = try open(path) }
                let text = error?.description ?? ""
                #expect(text.contains("\(path) cannot be opened") && text.contains("writable for this user"), "\(text)")
            }
            let locked = #expect(throws: DatabaseError.self) {
                _ = try ProcessLock(databasePath: "\(directory)/missing/a.sqlite")
            }
            let text = locked?.description ?? ""
            #expect(text.contains("ARAGORA_DATA_DIR") && text.contains("writable for this user"), "\(text)")
        }
    }
}
