#if canImport(Glibc)
import Glibc
#endif

/// Keeps a SQLite file to one serving process: an advisory lock on `<file>.lock`, which the system lets go of when
/// the process ends, however it ends.
package final class ProcessLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    /// - Parameter databasePath: the database's file.
    /// - Throws: `DatabaseError` with the reason `locked` where another process has it, naming that process.
    package init(databasePath: String) throws {
        let path = databasePath + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw DatabaseError(
                .other,
                "Cannot open \(path): \(reason). The folder of the database, which ARAGORA_DATA_DIR or DATABASE_URL "
                    + "names, must be writable for this user."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(descriptor)
            close(descriptor)
            throw DatabaseError(
                .locked,
                "Another process (pid \(holder)) already serves \(databasePath). Stop it, or use Postgres to run several."
            )
        }
        self.descriptor = descriptor
        let text = "\(getpid())\n"
        // The number only helps the reader of the message above; the lock itself does not depend on it.
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit { close(descriptor) }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let digits = buffer.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }
}
