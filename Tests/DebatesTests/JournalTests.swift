import CoreTypes
import Crypto
import Debates
import Testing

/// The journal: canonical bytes, a chain of hashes, and no change that goes unseen.
@Suite struct JournalTests {
    private func play(_ change: (inout DebateScript) -> Void = { _ in }) throws -> Play {
        try DebateScript.with {
            $0.failing = ["critique/1/alpha/beta"]
            $0.choices = ["beta", "alpha", "Beta"]
            $0.inputs = [DebateInput(cursor: 1, key: "k", author: "Jürgen \"J\"", text: "Zeile\n\u{1}\u{1F600}")]
            $0.settings.budgetTokens = 100_000
            change(&$0)
        }.play()
    }

    @Test func everyEntryIsCanonicalAndReadsBackTheSame() throws {
        let (entries, bytes) = try play().journal
        #expect(Set(entries.map { "\($0.event.type)" }).count == 13)
        var reader = JournalReader()
        for (entry, encoded) in zip(entries, bytes) {
            #expect(try JSONValue(parsing: encoded).bytes == encoded)
            #expect(try reader.read(encoded) == entry)
            try reader.check(head: entry.hash.bytes)
        }
        #expect(try JournalEntry.decode(journal: bytes) == entries)
    }

    @Test func everyOtherEventReadsBackTheSame() throws {
        let events: [DebateEvent] = [
            .budgetExceeded(round: 1, tokens: 5, microdollars: 7), .deadlineExceeded(round: 2),
            .cancelRequested(by: "slack:U1"),
        ]
        for event in events {
            var writer = JournalWriter()
            var lines = JournalLines()
            let entry = writer.append(event, at: Timestamp(milliseconds: 5), to: &lines)
            #expect(try JSONValue(parsing: lines.bytes).bytes == lines.bytes)
            #expect(try JournalEntry.decode(journal: [lines.bytes]) == [entry])
            #expect(entry.event == event)
        }
    }

    @Test func theHashCoversThePreviousHashAndTheEntry() throws {
        let (entries, bytes) = try play().journal
        let body = try JSONValue(parsing: bytes[1])
        var previous: [UInt8] = []
        let digits = Array(entries[0].hash.hexadecimal)
        for position in stride(from: 0, to: 64, by: 2) {
            previous.append(try #require(UInt8(String(digits[position...position + 1]), radix: 16)))
        }
        let digest = SHA256.hash(data: previous + body.bytes)
        let expected = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(entries[1].hash.hexadecimal == expected)
        let first = SHA256.hash(data: [UInt8](repeating: 0, count: 32) + bytes[0])
        #expect(entries[0].hash.bytes == Array(first))
        #expect(body["sequence"]?.integer == 2)
    }

    @Test func anyChangedByteOfAnEntryIsFound() throws {
        let (entries, bytes) = try play {
            $0.settings.rounds = 1
            $0.size = 2
        }.journal
        var reader = JournalReader()
        for (entry, encoded) in zip(entries, bytes) {
            for position in encoded.indices {
                var changed = encoded
                changed[position] ^= 1
                #expect(throws: DebateError.self) {
                    var reader = reader
                    _ = try reader.read(changed)
                    try reader.check(head: entry.hash.bytes)
                }
            }
            _ = try reader.read(encoded)
        }
    }

    @Test func missingMovedAndForeignEntriesAreFound() throws {
        let (_, bytes) = try play().journal
        var missing = bytes
        missing.remove(at: 3)
        var moved = bytes
        moved.swapAt(3, 4)
        for broken in [missing, moved, Array(bytes.dropFirst()), bytes + [bytes[2]]] {
            #expect(throws: DebateError.self) { try JournalEntry.decode(journal: broken) }
        }
        #expect(throws: DebateError.self) { try JournalEntry.decode(journal: [Array("{}".utf8)]) }
        #expect(throws: DebateError.self) { try JournalEntry.decode(journal: [Array("[1".utf8)]) }
        #expect(throws: DebateError.self) { try DebateMachine(replaying: []) }
    }

    @Test func numbersHaveFourDecimals() throws {
        for (value, text) in [
            (0.0, "0"), (1.0, "1"), (0.5, "0.5"), (0.6667, "0.6667"), (0.0001, "0.0001"), (0.05, "0.05"),
        ] {
            let play = try DebateScript.with { $0.confidences = [value, 0.9, 0.9] }.play()
            let vote = play.events.first { "\($0.type)" == "vote" }
            let data = String(decoding: try #require(vote).data, as: UTF8.self)
            #expect(data.contains("\"confidence\":\(text),"))
        }
    }
}
