import ArgumentParser
import CoreTypes
import Debates

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `aragora receipt verify FILE`: whether a receipt is exactly what was signed.
struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Checks receipts of debates.",
        subcommands: [Verify.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a receipt's signature and form, without network or database.",
            discussion: """
                Without --key, the receipt is checked against the public key inside it: that proves that nothing was \
                changed since it was signed, and by which key. With --key, it also proves that the key is the one you \
                trust; `aragora doctor` prints the key of an installation.
                """
        )

        @Argument(help: "The receipt, as the page, the API or the chat gave it.")
        var file: String

        @Option(help: "The public key that must have signed it, in hexadecimal.")
        var key: String?

        @Option(help: "The debate's journal, one entry a line, to check its hash chain as well.")
        var journal: String?

        func run() async throws {
            let document = try bytes(of: file)
            let trusted = try key.map { text in
                guard let bytes = hexadecimalBytes(text.lowercased()), bytes.count == 32 else {
                    throw ValidationError("--key takes 64 hexadecimal digits.")
                }
                return bytes
            }
            let entries = try journal.map { path in
                try bytes(of: path).split(separator: UInt8(ascii: "\n")).map { Array($0) }
            }
            do {
                let receipt = try ReceiptVerifier.verify(document, trustedKey: trusted, journal: entries)
                print("valid: \(receipt.receiptID)")
                print("  debate   \(receipt.debateID)")
                print("  question \(receipt.question)")
                print("  verdict  \(receipt.verdict)")
                print(
                    "  key      \(hexadecimal(receipt.publicKey))\(receipt.isKeyTrusted ? ", the one you named" : "")"
                )
                if receipt.isJournalChecked { print("  journal  is the one that the receipt is about") }
                if !receipt.isKeyTrusted {
                    print("  Compare the key with the one that `aragora doctor` prints, or name it with --key.")
                }
            } catch {
                printError("NOT valid: \(error.description)")
                throw ExitCode(1)
            }
        }

        private func bytes(of path: String) throws -> [UInt8] {
            do {
                return Array(try Data(contentsOf: URL(filePath: path)))
            } catch {
                throw ValidationError("The file \(path) cannot be read.")
            }
        }
    }
}
