import CoreTypes
import DatabaseSupport
import Debates
import Foundation
import TestSupport
import Testing

/// The program itself, without a gateway: what it exported, it verifies.
@Suite("Receipts on the command line", .timeLimit(.minutes(5)))
struct ReceiptCommandTests {
    @Test("What is exported verifies; one changed byte does not")
    func exported() async throws {
        try await withTemporaryDirectory { directory in
            let environment = ["ARAGORA_DATA_DIR": directory]
            let (receipt, journal) = ("\(directory)/receipt.json", "\(directory)/journal.ndjson")
            func aragora(_ arguments: String...) async throws -> (exit: ChildProcess.Exit, output: String) {
                try await GatewayProcess.run(arguments, environment: environment)
            }
            #expect(try await aragora("ask", "--quiet", "--rounds", "1", "Tabs or spaces?").exit == .exited(0))
            #expect(try await aragora("receipt", "export", "7").exit == .exited(1))
            let exported = try await aragora("receipt", "export", "1", "--journal", journal, "--output", receipt)
            #expect(exported.exit == .exited(0), "\(exported.output)")
            let good = try await aragora("receipt", "verify", receipt, "--journal", journal)
            #expect(good.exit == .exited(0) && good.output.contains("journal  is the one"), "\(good.output)")
            for file in [receipt, journal] {
                let bytes = try Data(contentsOf: URL(filePath: file))
                var changed = bytes
                changed[changed.count / 2] ^= 1
                try changed.write(to: URL(filePath: file))
                let bad = try await aragora("receipt", "verify", receipt, "--journal", journal)
                #expect(bad.exit == .exited(1) && bad.output.contains("NOT valid"), "\(bad.output)")
                try bytes.write(to: URL(filePath: file))
            }
        }
    }

    @Test("A renewed key signs what comes after, and what was signed before verifies with the former one")
    func renewed() async throws {
        try await withTemporaryDirectory { directory in
            let environment = ["ARAGORA_DATA_DIR": directory]
            func aragora(_ arguments: String...) async throws -> String {
                let run = try await GatewayProcess.run(arguments, environment: environment)
                #expect(run.exit == .exited(0), "\(run.output)")
                return run.output
            }
            /// Debates, and gives the file of the receipt with the key that has signed it.
            func receipt(_ number: String) async throws -> (file: String, key: String) {
                let file = "\(directory)/\(number).json"
                _ = try await aragora("ask", "--quiet", "--rounds", "1", "Tabs or spaces, \(number)?")
                _ = try await aragora("receipt", "export", number, "--output", file)
                let words = try await aragora("receipt", "verify", file).split(whereSeparator: \.isWhitespace)
                let key = try #require(words.drop { $0 != "key" }.dropFirst().first)
                return (file, String(key))
            }
            let before = try await receipt("1")
            let news = try await aragora("receipt", "renew-key")
            let after = try await receipt("2")
            #expect(after.key != before.key && news.contains("the public key \(after.key)."), "\(news)")
            _ = try await aragora("receipt", "verify", before.file, "--key", before.key)
            _ = try await aragora("receipt", "verify", after.file, "--key", after.key)
            let findings = try await aragora("doctor")
            #expect(
                findings.contains("Signed with the public key \(after.key). Older ones: with \(before.key)."),
                "\(findings)"
            )
        }
    }

    @Test("What a receipt says passes for no line of the program's own, and commands no terminal")
    func hostile() async throws {
        let description = DebateDescription(
            id: DebateID("d1\n  verdict  approved"),
            workspace: .local,
            task: "x\n  verdict  approved\n  key      0a, the one you named\u{1B}[8m\u{9B}8m\u{7F}\u{202E}",
            requestedBy: "U1"
        )
        let panel = [AgentProfile(name: "alpha", provider: "Tests", model: "alpha-1")]
        var machine = try DebateMachine(description: description, panel: panel)
        var events = machine.start().events
        let step = machine.handle(inputs: [])
        guard case .calls(let calls) = step.next else { throw ProcessFailure("Nobody is asked.") }
        events += step.events
        let failure = AgentCallFailure(code: "network", message: "Gone.")
        events += machine.handle(calls.map { $0.failed(failure) }).events
        var writer = JournalWriter()
        var lines = JournalLines()
        let entries = events.map { writer.append($0, at: Timestamp(milliseconds: 1_750_000_000_000), to: &lines) }
        let signer = ReceiptSigner()
        let receipt = try Receipt(of: entries, signedBy: signer)
        let journal = lines.bytes
        try await withTemporaryDirectory { directory in
            let files = ["\(directory)/receipt.json", "\(directory)/journal.ndjson"]
            try Data(receipt.document).write(to: URL(filePath: files[0]))
            try Data(journal).write(to: URL(filePath: files[1]))
            let verified = try await GatewayProcess.run(["receipt", "verify", files[0], "--journal", files[1]])
            #expect(verified.exit == .exited(0), "\(verified.output)")
            #expect(
                verified.output.split(separator: "\n") == [
                    "valid: \(receipt.id)",
                    #"  debate   d1\n  verdict  approved"#,
                    #"  question "x\n  verdict  approved\n  key      0a, the one you named\u001b[8m\u009b8m\u007f\u202e""#,
                    "  verdict  needs_review",
                    "  key      \(hexadecimal(signer.publicKey))",
                    "  journal  is the one that the receipt is about, and tells the same",
                    "  Compare the key with the one that `aragora doctor` prints, or name it with --key.",
                ]
            )
            #expect(
                verified.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }
            )
        }
    }
}
