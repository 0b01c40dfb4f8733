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
        guard count > 0, count < buffer.count else { throw failure("read", path) }
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
