#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes a line to the error stream.
func printError(_ line: String, terminator: String = "\n") {
    write(line + terminator, to: STDERR_FILENO)
}

/// Writes a line to the output stream at once, unlike `print`, which waits for a full buffer when nobody watches.
func printNow(_ line: String) {
    write(line + "\n", to: STDOUT_FILENO)
}

private func write(_ text: String, to descriptor: Int32) {
    _ = write(Array(text.utf8), to: descriptor)
}

private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written > 0 else { return false }
        rest = rest.dropFirst(written)
    }
    return true
}

/// Writes bytes to the output stream as they are.
/// - Throws: `SettingsError` where nobody takes them.
func writeOutput(_ bytes: [UInt8]) throws {
    guard write(bytes, to: STDOUT_FILENO) else { throw SettingsError("The output stream takes nothing more.") }
}

/// Writes a file that only its owner can read.
/// - Throws: `SettingsError` where it cannot be written.
func writeFile(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw SettingsError("The file \(path) cannot be written.") }
    defer { close(descriptor) }
    guard write(bytes, to: descriptor) else { throw SettingsError("The file \(path) cannot be written.") }
}

/// Makes a folder that only its owner can enter, with the folders above it.
/// - Throws: `SettingsError` where it cannot be made.
func createFolder(_ path: String) throws {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
        made += "/\(part)"
        guard mkdir(made, 0o700) == 0 || errno == EEXIST else {
            throw SettingsError("The folder \(path) cannot be made; check ARAGORA_DATA_DIR.")
        }
    }
}

/// The folder that a file is in.
func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}
