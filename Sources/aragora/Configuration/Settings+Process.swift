import ArgumentParser
import CoreTypes

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Settings {
    /// Reads the settings of this process: its environment and the file `.env` in its folder.
    /// - Throws: `SettingsError`.
    static func loadFromProcess() throws -> Settings {
        try load(environment: ProcessInfo.processInfo.environment)
    }
}

/// Runs a command and turns an error of ours into one line for the operator and exit code 1.
func reportingErrors(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as any CodedError {
        printError("error: \(error.description)")
        throw ExitCode(1)
    }
}
