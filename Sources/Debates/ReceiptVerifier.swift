import CoreTypes
import Crypto

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Checks receipts: it needs nothing but the file and, to know whose it is, the installation's public key.
package enum ReceiptVerifier {
    /// What a receipt that holds says.
    package struct Statement: Sendable, Hashable {
        package let receiptID: String
        package let debateID: String
        package let question: String
        package let verdict: String
        /// The 32 bytes of the public key that signed it.
        package let publicKey: [UInt8]
        /// Whether the key that signed is the one that was to be trusted; false where none was named.
        package let isKeyTrusted: Bool
        /// Whether the journal was at hand, is the one that the receipt is about, and tells what the receipt says.
        package let isJournalChecked: Bool
    }

    /// How large a receipt may be, in bytes.
    package static let maximumSize = 16 << 20

    /// Checks a receipt: its form, its signature and, where they are given, whose key it is and the journal.
    ///
    /// The file must be byte for byte its canonical form, so that one changed byte anywhere is found.
    /// - Parameters:
    ///   - document: the file.
    ///   - trustedKey: the 32 bytes of the public key that must have signed.
    ///   - journal: the canonical JSON of each journal entry, from the first.
    /// - Throws: `ReceiptError`, saying what does not hold.
    package static func verify(
        _ document: [UInt8],
        trustedKey: [UInt8]? = nil,
        journal: [[UInt8]]? = nil
    ) throws(ReceiptError) -> Statement {
        guard document.count <= maximumSize, var body = try? JSONValue(parsing: document), body.bytes == document else {
            throw ReceiptError(.invalidDocument, "The file is not in the canonical form of a receipt.")
        }
        guard body["schema"]?.string == Receipt.schema, let receiptID = body["receipt_id"]?.string,
            let debateID = body["debate_id"]?.string, let question = body["question"]?.string,
            let verdict = body["verdict"]?.string, let keyID = body["key_id"]?.string,
            let publicKey = body["public_key"]?.string.flatMap(hexadecimalBytes),
            let signature = body["signature"]?.string.flatMap(hexadecimalBytes),
            let hashes = body["journal"]?["entries"]?.array?.compactMap(\.string),
            body["journal"]?["algorithm"]?.string == "sha256",
            body["journal"]?["length"]?.integer == Int64(hashes.count),
            let head = hashes.last, body["journal"]?["head"]?.string == head
        else {
            throw ReceiptError(.invalidDocument, "The file is no complete receipt of the form \(Receipt.schema).")
        }
        if let trustedKey, !constantTimeEquals(trustedKey, publicKey) {
            throw ReceiptError(.untrustedKey, "The receipt was signed with another key than the trusted one.")
        }
        body["signature"] = nil
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey),
            key.isValidSignature(signature, for: body.bytes), ReceiptSigner.keyID(of: publicKey) == keyID
        else {
            throw ReceiptError(.invalidSignature, "The signature does not fit: the receipt was changed.")
        }
        if let journal { try check(journal, hashes, body) }
        return Statement(
            receiptID: receiptID,
            debateID: debateID,
            question: question,
            verdict: verdict,
            publicKey: publicKey,
            isKeyTrusted: trustedKey != nil,
            isJournalChecked: journal != nil
        )
    }

    /// Makes the receipt again out of the journal: a signature tells that nothing was changed since, not that what was
    /// signed is true.
    private static func check(_ journal: [[UInt8]], _ hashes: [String], _ body: JSONValue) throws(ReceiptError) {
        guard let entries = try? JournalEntry.decode(journal: journal) else {
            throw ReceiptError(.journalMismatch, "The journal was changed: its chain of hashes is broken.")
        }
        guard entries.map(\.hash.hexadecimal) == hashes, let journaled = try? Receipt.body(of: entries).members.object
        else {
            throw ReceiptError(.journalMismatch, "The journal is not the one that the receipt is about.")
        }
        let stated = (body.object ?? [:]).filter { !Receipt.signersMembers.contains($0.key) }
        let names = Set(stated.keys).union(journaled.keys).sorted()
        guard let name = names.first(where: { stated[$0]?.bytes != journaled[$0]?.bytes }) else { return }
        throw ReceiptError(
            .journalMismatch,
            "The receipt says something else than the journal: \"\(String(name.prefix(64)).escapedForTerminal)\" differs."
        )
    }
}
