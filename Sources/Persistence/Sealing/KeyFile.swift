package import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#endif

/// The encryption key of an installation that was given none: a file in its data directory that only its user reads.
package enum KeyFile {
    /// The name of the file.
    package static let name = "encryption.key"

    /// The sealer with the file's keys; the file is made where there is none and nothing was sealed yet.
    /// - Parameters:
    ///   - directory: the data directory, which exists.
    ///   - database: what the keys seal; one that cannot be asked gets no new key.
    /// - Throws: `DatabaseError`, with the reason `sealed` also where the file is missing, or others may read it.
    package static func sealer(directory: String, for database: any Database) async throws -> Sealer {
        let path = "\(directory)/\(name)"
        // One that cannot be looked at is not missing.
        if access(path, F_OK) != 0, errno == ENOENT, try await hasSealed(database) {
            throw DatabaseError(
                .sealed,
                "The key file \(path) is missing, and the database holds secrets that need its key. Restore the file "
                    + "from your backup, or set the ARAGORA_ENCRYPTION_KEYS of before: every process of one database "
                    + "needs the same. If the key is lost for good, `delete from signing_keys` in the database lets the "
                    + "next start make a new one: receipts are signed with another key then, and what else was sealed, "
                    + "such as the platforms' tokens, has to be connected anew."
            )
        }
        return try Sealer(keys: try load(directory: directory), from: path)
    }

    /// Whether a key was ever used on a database: the first start seals the key that signs receipts.
    private static func hasSealed(_ database: any Database) async throws -> Bool {
        do {
            return try await !database.run("select key_id from signing_keys limit 1").isEmpty
        } catch let error as DatabaseError where error.reason == .syntax {
            // The schema is not there yet.
            return false
        }
    }

    /// Reads the file's keys; makes the file where there is none.
    /// - Parameter directory: the data directory, which exists.
    /// - Returns: a text as `ARAGORA_ENCRYPTION_KEYS` has it.
    /// - Throws: `DatabaseError` with the reason `sealed`, also where others may read the file.
    package static func load(directory: String) throws -> Secret {
        let path = "\(directory)/\(name)"
        if let keys = try read(path) { return keys }
        try make(path, directory: directory)
        guard let keys = try read(path) else { throw failure("read", path) }
        return keys
    }

    private static func read(_ path: String) throws -> Secret? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        guard status.st_mode & 0o077 == 0 else {
            throw DatabaseError(.sealed, "Others may read the key file \(path); run: chmod 600 \(path)")
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw failure("read", path) }
        guard count > 0 else {
            throw DatabaseError(.sealed, "The key file \(path) is empty. Restore it from your backup.")
        }
        guard count < buffer.count else {
            throw DatabaseError(.sealed, "The key file \(path) is too long to hold keys. Restore it from your backup.")
        }
        return Secret(String(decoding: buffer[..<count].filter { $0 != 0x0A }, as: UTF8.self))
    }

    /// Written under another name and linked into its place, so that nobody ever reads half a key, and of two
    /// processes that start together both use the first one's.
    private static func make(_ path: String, directory: String) throws {
        let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64EncodedString()
        let draft = "\(path).\(UInt64.random(in: .min ... .max))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("make", path) }
        defer { unlink(draft) }
        let text = "local:\(key)\n"
        let written = text.withCString { write(descriptor, $0, strlen($0)) }
        let isSafe = written == text.utf8.count && fsync(descriptor) == 0
        close(descriptor)
        guard isSafe else { throw failure("write", path) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw failure("make", path) }
        let folder = open(directory, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private static func failure(_ what: String, _ path: String) -> DatabaseError {
        DatabaseError(.sealed, "Cannot \(what) the key file \(path): \(String(cString: strerror(errno))).")
    }
}
