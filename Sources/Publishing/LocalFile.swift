import CoreTypes
import Crypto

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file on this machine that is published: read in pieces, never as a whole.
package struct LocalFile: Sendable, Hashable {
    package let path: String
    /// In bytes.
    package let size: Int

    /// Finds a regular file.
    /// - Throws: `PublicationError` where there is none that can be read.
    package init(path: String) throws(PublicationError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, R_OK) == 0 else {
            throw .invalid("The file \(path) cannot be read.")
        }
        self.path = path
        size = Int(status.st_size)
    }

    /// Reads a piece.
    /// - Throws: `PublicationError` where the file has become shorter or cannot be read.
    package func read(from offset: Int, count: Int) throws(PublicationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .invalid("The file \(path) cannot be read.") }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw .invalid("The file \(path) has changed since it was drafted.") }
            done += got
        }
        return bytes
    }

    /// SHA-256 of the whole file: what a release of it is bound to.
    /// - Throws: `PublicationError` where it cannot be read.
    package func digest() throws(PublicationError) -> String {
        var hash = SHA256()
        var offset = 0
        while offset < size {
            let piece = try read(from: offset, count: min(1 << 20, size - offset))
            hash.update(data: piece)
            offset += piece.count
        }
        return hexadecimal(hash.finalize())
    }
}
