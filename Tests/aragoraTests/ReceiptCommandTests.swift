import CoreTypes
import DatabaseSupport
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
}
