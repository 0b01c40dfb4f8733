import ArgumentParser
import Conversations
import CoreTypes
import Debates
import Persistence
import Transport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `aragora receipt`: takes receipts out of the database, tells whether one is exactly what was signed, and renews the
/// key that signs them.
struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Exports and checks receipts of debates, and renews the key that signs them.",
        subcommands: [Verify.self, Export.self, RenewKey.self]
    )

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a debate's receipt, and if wanted its journal, out of the database.",
            discussion: "The gateway need not run. Without --output, the receipt goes to the output stream."
        )

        @Argument(help: "The debate's number or id.")
        var debate: String

        @Option(help: "Writes the journal to this file, one entry a line.")
        var journal: String?

        @Option(help: "Writes the receipt to this file.")
        var output: String?

        /// Journal entries that are read at a time.
        private static let batch = 500

        func run() async throws {
            try await withHouse { house in try await export(from: house.debates) }
        }

        private func export(from debates: DebateService) async throws {
            let name = debate.hasPrefix("#") ? String(debate.dropFirst()) : debate
            guard let record = try await debates.findAnywhere(named: name) else {
                throw SettingsError("There is no debate \(name).")
            }
            guard
                let receipt = try await debates.exportReceipt(
                    of: record.id,
                    workspace: record.workspace,
                    to: "terminal"
                )
            else {
                throw SettingsError("Debate #\(record.number) has no receipt: a debate has one when it has ended.")
            }
            if let journal {
                var lines: [UInt8] = []
                var sequence = 0
                while true {
                    let rows: [JournalRow] = try await debates.entries(
                        of: record.id,
                        workspace: record.workspace,
                        after: sequence,
                        limit: Self.batch
                    )
                    for row in rows { lines += row.bytes + [UInt8(ascii: "\n")] }
                    guard rows.count == Self.batch, let last = rows.last else { break }
                    sequence = last.sequence
                }
                try writeFile(lines, to: journal)
            }
            guard let output else { return try writeOutput(receipt) }
            try writeFile(receipt, to: output)
        }
    }

    struct RenewKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "renew-key",
            abstract: "Makes a new key that signs receipts.",
            discussion: """
                Each process signs with it from its next start. Former keys stay, for the receipts that they signed: \
                `aragora doctor` prints them all.
                """
        )

        func run() async throws {
            try await withHouse { house in
                let key = try await house.database.write { transaction in
                    try house.signingKeys.renew(now: house.time.now(), in: transaction)
                }
                print("New receipts carry the public key \(hexadecimal(key.publicKey)).")
                print("Start each `aragora serve` anew: until then it signs with the former key.")
            }
        }
    }

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

        @Option(
            help: "The debate's journal, one entry a line, to check that it is whole and tells what the receipt says."
        )
        var journal: String?

        func run() async throws {
            let document = try bytes(of: file)
            let trusted = try key.map { text in
                guard let bytes = hexadecimalBytes(text.lowercased()), bytes.count == 32 else {
                    throw SettingsError("--key takes 64 hexadecimal digits.")
                }
                return bytes
            }
            let entries = try journal.map { path in
                try bytes(of: path).split(separator: UInt8(ascii: "\n")).map { Array($0) }
            }
            do {
                let receipt = try ReceiptVerifier.verify(document, trustedKey: trusted, journal: entries)
                // What the file says could otherwise pass for lines of ours.
                print("valid: \(receipt.receiptID.escapedForTerminal)")
                print("  debate   \(receipt.debateID.escapedForTerminal)")
                print("  question \"\(receipt.question.escapedForTerminal)\"")
                print("  verdict  \(receipt.verdict.escapedForTerminal)")
                print(
                    "  key      \(hexadecimal(receipt.publicKey))\(receipt.isKeyTrusted ? ", the one you named" : "")"
                )
                if receipt.isJournalChecked {
                    print("  journal  is the one that the receipt is about, and tells the same")
                }
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
                throw SettingsError("The file \(path) cannot be read.")
            }
        }
    }
}
