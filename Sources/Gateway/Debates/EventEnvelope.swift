import CoreTypes
import Debates
import HTTPTypes

/// A journal entry in the form of the public event stream:
/// `{agent, data, debate_id, loop_id, round, seq, timestamp, type}`.
struct EventEnvelope: Sendable {
    let sequence: Int64
    let type: String
    /// The envelope as JSON text.
    let json: [UInt8]

    /// Whether nothing follows in the debate.
    var isEnd: Bool { type == "debate_end" }

    /// Wraps an entry; its data is copied as it stands in the journal.
    /// - Throws: `HTTPFailure` 500 for an entry that is none.
    init(entry: (sequence: Int64, json: [UInt8]), debate: DebateID) throws(HTTPFailure) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(entry.json)
        } catch {
            throw Self.damaged
        }
        guard let type = document["type"]?.string else { throw Self.damaged }
        sequence = entry.sequence
        self.type = type
        let data = document["data"]
        let round = data?["round"]?.integer ?? data?["round_number"]?.integer ?? 0
        var output: [UInt8] = []
        output.reserveCapacity(entry.json.count + 160)
        output.append(contentsOf: #"{"agent":"#.utf8)
        writeJSONString(data?["agent"]?.string ?? "", to: &output)
        output.append(contentsOf: #","data":"#.utf8)
        output.append(contentsOf: (data?.text ?? "{}").utf8)
        output.append(contentsOf: #","debate_id":"#.utf8)
        writeJSONString(debate.rawValue, to: &output)
        output.append(contentsOf: #","loop_id":"#.utf8)
        writeJSONString(debate.rawValue, to: &output)
        output.append(contentsOf: #","round":\#(round),"seq":\#(entry.sequence),"timestamp":"#.utf8)
        // Milliseconds in the journal, seconds on the stream.
        writeJSONNumber((document["at"]?.double ?? 0) / 1000, to: &output)
        output.append(contentsOf: #","type":"#.utf8)
        writeJSONString(type, to: &output)
        output.append(UInt8(ascii: "}"))
        json = output
    }

    /// A piece of an unfinished answer in the same form, but for the number: it is no entry.
    static func draft(_ piece: DraftReading.Piece, debate: DebateID, at moment: Timestamp) -> JSONValue {
        [
            "agent": .string(piece.agent),
            "data": [
                "agent": .string(piece.agent),
                "phase": .string(piece.kind.rawValue),
                "round": .integer(Int64(piece.round)),
                "offset": .integer(Int64(piece.offset)),
                "text": .string(piece.text),
            ],
            "debate_id": .string(debate.rawValue),
            "loop_id": .string(debate.rawValue),
            "round": .integer(Int64(piece.round)),
            "timestamp": .number(Double(moment.rawValue) / 1000),
            "type": "draft",
        ]
    }

    private static let damaged = HTTPFailure(
        .internalServerError,
        "journal_damaged",
        "The debate's journal holds an entry that cannot be read."
    )
}
