import CoreTypes
import Testing

@testable import Debates

/// Receipts: signed, complete, and void with one changed byte.
@Suite struct ReceiptTests {
    private static func script(_ change: (inout DebateScript) -> Void = { _ in }) -> DebateScript {
        DebateScript.with {
            $0.settings.rounds = 1
            $0.failing = ["critique/1/alpha/beta"]
            $0.choices = ["beta", "alpha", "beta"]
            change(&$0)
        }
    }

    @Test func aReceiptHoldsWhatTheVerdictWasMadeOf() throws {
        let (entries, bytes) = try Self.script().play().journal
        let signer = ReceiptSigner()
        let receipt = try Receipt(of: entries, signedBy: signer)
        let body = try JSONValue(parsing: receipt.document)
        #expect(receipt.id == "DR-20250615-\(entries[entries.count - 1].hash.hexadecimal.prefix(6))")
        #expect(body["receipt_id"]?.string == receipt.id)
        #expect(body["verdict"]?.string == "approved_with_conditions")
        #expect(body["panel"]?.array?.allSatisfy { $0["demo"] == true } == true)
        #expect(body["dissent"]?.array?.count == 1)
        #expect(body["failures"]?.array?.count == 1)
        #expect(body["votes"]?.array?.count == 3)
        #expect(body["confidence"]?.double == 0.6)
        #expect(body["journal"]?["entries"]?.array?.count == entries.count)
        let statement = try ReceiptVerifier.verify(
            receipt.document,
            trustedKey: signer.publicKey,
            journal: bytes
        )
        #expect(statement.debateID == "d1")
        #expect(statement.verdict == "approved_with_conditions")
        #expect(statement.isKeyTrusted && statement.isJournalChecked)
        #expect(try ReceiptVerifier.verify(receipt.document).isKeyTrusted == false)
        // The same key and journal always give the same receipt but for the signature.
        let again = try Receipt(of: entries, signedBy: try ReceiptSigner(privateKey: signer.privateKey))
        #expect(again.id == receipt.id)
        #expect(try ReceiptVerifier.verify(again.document, trustedKey: signer.publicKey).publicKey == signer.publicKey)
    }

    @Test func oneChangedByteAnywhereVoidsIt() throws {
        let script = Self.script {
            $0.size = 2
            $0.text = { _, agent, _ in agent }
        }
        let (entries, _) = try script.play().journal
        let document = try Receipt(of: entries, signedBy: ReceiptSigner()).document
        for position in document.indices {
            var changed = document
            changed[position] ^= position.isMultiple(of: 2) ? 0x01 : 0x20
            #expect(throws: ReceiptError.self, "byte \(position)") { try ReceiptVerifier.verify(changed) }
        }
        for changed in [document + [10], Array(document.dropLast()), [32] + document, []] {
            #expect(throws: ReceiptError.self) { try ReceiptVerifier.verify(changed) }
        }
    }

    @Test func anotherKeyOrJournalIsFound() throws {
        let (entries, bytes) = try Self.script().play().journal
        let (_, otherBytes) = try Self.script { $0.confidences = [0.8, 0.9, 0.9] }.play().journal
        let document = try Receipt(of: entries, signedBy: ReceiptSigner()).document
        func code(_ verify: () throws -> ReceiptVerifier.Statement) -> String? {
            do {
                _ = try verify()
                return nil
            } catch {
                return (error as? ReceiptError)?.code
            }
        }
        #expect(code { try ReceiptVerifier.verify(document, trustedKey: ReceiptSigner().publicKey) } == "untrusted_key")
        #expect(code { try ReceiptVerifier.verify(document, trustedKey: []) } == "untrusted_key")
        #expect(code { try ReceiptVerifier.verify(document, journal: otherBytes) } == "journal_mismatch")
        #expect(code { try ReceiptVerifier.verify(document, journal: Array(bytes.dropLast())) } == "journal_mismatch")
        #expect(code { try ReceiptVerifier.verify(document, journal: []) } == "journal_mismatch")
        #expect(code { try ReceiptVerifier.verify(document, journal: bytes) } == nil)
        #expect(code { try ReceiptVerifier.verify(Array("{}".utf8)) } == "invalid_document")
    }

    @Test func aResignedForgeryIsAnotherKeys() throws {
        let (entries, _) = try Self.script().play().journal
        let signer = ReceiptSigner()
        let (forged, _) = try Self.script { $0.choices = ["gamma", "gamma", "gamma"] }.play().journal
        let forgery = try Receipt(of: forged, signedBy: ReceiptSigner())
        #expect(throws: Never.self) { try ReceiptVerifier.verify(forgery.document) }
        #expect(throws: ReceiptError.self) {
            try ReceiptVerifier.verify(forgery.document, trustedKey: signer.publicKey)
        }
        #expect(throws: ReceiptError.self) { try Receipt(of: Array(entries.dropLast()), signedBy: signer) }
        #expect(throws: ReceiptError.self) { try ReceiptSigner(privateKey: [1, 2, 3]) }
    }

    @Test func aReceiptSaysWhichModelStoodInAndWhoWroteTheAnswer() throws {
        let script = Self.script {
            $0.settings.consensus = .judge
            $0.usage.fallbackModel = "other/model"
        }
        let play = try script.play()
        let body = try JSONValue(
            parsing: Receipt(of: play.journal.entries, signedBy: ReceiptSigner()).document
        )
        #expect(body["panel"]?.array?.map { $0["fallback_model"]?.string } == Array(repeating: "other/model", count: 3))
        #expect(body["synthesized_by"]?.string == play.synthesis?.agent)
        let plain = try Receipt(
            of: Self.script { $0.settings.consensus = .majority }.play().journal.entries,
            signedBy: ReceiptSigner()
        )
        let other = try JSONValue(parsing: plain.document)
        #expect(other["panel"]?.array?.first?["fallback_model"] == nil)
        #expect(other["synthesized_by"] == nil)
    }

    @Test func aForgeryThatSomebodySignedIsNotWhatTheJournalTells() throws {
        let (entries, bytes) = try Self.script().play().journal
        let genuine = try JSONValue(parsing: Receipt(of: entries, signedBy: ReceiptSigner()).document)
        let forger = ReceiptSigner()
        /// Changes the receipt, signs it with the forger's key, and tells what the journal's reader says.
        func verify(_ change: (inout JSONValue) -> Void) throws -> ReceiptError? {
            var body = genuine
            change(&body)
            body["signature"] = nil
            body["public_key"] = .string(hexadecimal(forger.publicKey))
            body["key_id"] = .string(forger.keyID)
            body["signature"] = .string(hexadecimal(try forger.signature(for: body.bytes)))
            // Without the journal nobody can tell.
            _ = try ReceiptVerifier.verify(body.bytes)
            do {
                _ = try ReceiptVerifier.verify(body.bytes, journal: bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(try verify { _ in } == nil)
        let lies: [String: JSONValue?] = [
            "verdict": "approved", "final_answer": "Buy.", "winner": "gamma", "votes": [], "confidence": 1,
            "panel": [], "failures": nil, "question": "Another?", "reason": "All agreed.", "debate_id": "d2",
            "receipt_id": "DR-20250615-000000", "synthesized_by": "kappa", "addition": 1, "protocol": [:],
        ]
        for (name, lie) in lies {
            let error = try verify { $0[name] = lie }
            #expect(error?.reason == .journalMismatch && error?.description.contains("\"\(name)\"") == true, "\(name)")
        }
        let hostile = try verify { $0["a\n\u{1B}[8m"] = 1 }
        #expect(hostile?.description.contains(#""a\n\u001b[8m""#) == true)
    }

    /// Checks that a journal bears the receipt that is made of it, also through its bytes.
    private func bear(_ events: [DebateEvent], _ comment: Comment) throws {
        let (entries, bytes) = Play(events: events).journal
        let signer = ReceiptSigner()
        for read in [entries, try JournalEntry.decode(journal: bytes)] {
            let receipt = try Receipt(of: read, signedBy: signer)
            let statement = try ReceiptVerifier.verify(receipt.document, trustedKey: signer.publicKey, journal: bytes)
            #expect(statement.isJournalChecked && statement.receiptID == receipt.id, comment)
        }
    }

    @Test func journalsOfEveryKindBearTheirReceipts() throws {
        for (number, script) in ResumeTests.scripts.enumerated() {
            try bear(try script.play().events, "script \(number)")
        }
        let stoodIn = Self.script { $0.usage.fallbackModel = "other/model" }
        try bear(try stoodIn.play().events, "another model stood in")

        let waiting = Self.script { $0.settings.breakpoints = BreakpointPolicy(triggers: [.roundLimit, .release]) }
        for first in BreakpointResolution.Action.allCases {
            for second in BreakpointResolution.Action.allCases {
                var machine = try waiting.machine()
                var play = try waiting.play(&machine, from: machine.start())
                var events = play.events
                for action in [first, second] {
                    guard let number = play.waiting?.number else { break }
                    let step = machine.handle(.init(number: number, action: action, by: "Ann", guidance: "Mind it."))
                    play = try waiting.play(&machine, from: step)
                    events += play.events
                }
                #expect(play.result != nil)
                try bear(events, "\(first), then \(second)")
            }
        }
        var machine = try waiting.machine()
        let held = try waiting.play(&machine, from: machine.start()).events
        var cancelled = machine
        try bear(held + (try waiting.play(&cancelled, from: cancelled.handleCancel(by: "Ben"))).events, "cancelled")

        let script = Self.script()
        machine = try script.machine()
        let started = machine.start().events
        let loaded = machine.handle(inputs: []).events
        cancelled = machine
        let cancelling = try script.play(&cancelled, from: cancelled.handleCancel(by: "Ben"))
        try bear(started + loaded + cancelling.events, "cancelled before anybody spoke")
        let ending = try script.play(&machine, from: machine.handleDeadline())
        try bear(started + loaded + ending.events, "out of time")
    }
}
