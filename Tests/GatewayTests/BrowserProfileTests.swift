import Foundation
import TestSupport
import Testing

@Suite("Browsers of the tests", .timeLimit(.minutes(5)))
struct BrowserProfileTests {
    @Test("What the browsers of an earlier run left behind is removed, and nobody else's")
    func leftovers() async throws {
        let ended = try ChildProcess("/usr/bin/true", [])
        _ = try await ended.waitForExit()
        let living = try ChildProcess("/usr/bin/sleep", ["600"])
        let directories = [ended, living].map { BrowserProfiles.path(of: $0.processID) }
        defer { for directory in directories { try? FileManager.default.removeItem(atPath: directory) } }
        for directory in directories {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/profile",
                withIntermediateDirectories: true
            )
        }
        BrowserProfiles.removeLeftovers()
        #expect(directories.map { FileManager.default.fileExists(atPath: $0) } == [false, true])
        try await living.killNow()
    }

    @Test("The profile of a browser goes with it")
    func profile() async throws {
        let profile = try await GatewayHarness().run { client async throws in
            let browser = try await client.openInBrowser("/")
            try await browser.wait(until: "typeof markdown === 'function'")
            #expect(FileManager.default.fileExists(atPath: browser.profile))
            return browser.profile
        }
        try await eventually("the end of the profile") {
            FileManager.default.fileExists(atPath: profile) ? nil : true
        }
    }
}
