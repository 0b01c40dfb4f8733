import CoreTypes
import Crypto
import Persistence

/// Reads a question out of the body of `POST /api/v1/debates`.
///
/// Names follow the original and its public client, which sends any further key that its caller thought of; what is
/// not known here is passed over.
struct QuestionReader: Sendable {
    /// The longest question in characters, as `DebateOptions.longestQuestion` has it for chats.
    static let longestQuestion = 100_000
    /// The longest background in characters.
    static let longestBackground = 500_000
    /// The longest metadata in bytes, written without white space.
    static let longestMetadata = 16 << 10
    /// The most agents on one panel.
    static let mostAgents = 10

    /// Reads a body.
    /// - Throws: `HTTPFailure` 400 that names the key.
    func read(_ body: [UInt8], caller: Caller, originKey: String) throws(HTTPFailure) -> DebateQuestion {
        let fields = try object(body)
        guard let task = (fields["task"] ?? fields["question"])?.string.map(trimmed), !task.isEmpty else {
            throw .invalid("`task` has to be the question, as text.")
        }
        guard !task.isLonger(than: Self.longestQuestion) else {
            throw .invalid("`task` may have \(Self.longestQuestion) characters at most.")
        }
        let rules = fields["protocol"]
        guard rules == nil || rules?.object != nil else { throw .invalid("`protocol` has to be an object.") }
        var question = DebateQuestion(
            workspace: caller.workspace ?? .local,
            task: task,
            background: try background(fields["context"]),
            rounds: try rounds(fields["rounds"] ?? rules?["rounds"]),
            consensus: try consensus(fields["consensus"] ?? rules?["consensus"]),
            agents: try agents(fields["agents"]),
            requestedBy: caller.rawValue,
            originKey: originKey,
            metadata: try metadata(fields["metadata"])
        )
        question.tags = try tags(fields["tags"]) ?? []
        question.budgetMicrodollars = try budget(fields["budget_limit_usd"])
        question.rules = rules
        question.breakpoints = try breakpoints(fields["breakpoints"])
        return question
    }

    /// What the debates' room reads: a list of names, or an object with `triggers` and their limits.
    private func breakpoints(_ value: JSONValue?) throws(HTTPFailure) -> JSONValue? {
        guard let value else { return nil }
        let names = value.array?.map(\.string)
        guard value.object != nil || names.map({ $0.count <= 20 && !$0.contains(nil) }) ?? false else {
            throw .invalid("`breakpoints` has to be a list of names, or an object with `triggers` and their limits.")
        }
        return value
    }

    /// Dollars, as the public API has them, in millionths.
    private func budget(_ value: JSONValue?) throws(HTTPFailure) -> Int64? {
        guard let value else { return nil }
        guard let dollars = value.double, dollars > 0, dollars <= 100 else {
            throw .invalid("`budget_limit_usd` has to be a number above 0 and not above 100.")
        }
        return max(1, Int64(dollars * 1_000_000))
    }

    /// What two bodies that ask for the same have in common, however they are written.
    /// - Throws: `HTTPFailure` 400.
    func fingerprint(of body: [UInt8]) throws(HTTPFailure) -> String {
        hexadecimal(SHA256.hash(data: try object(body).bytes))
    }

    /// Reads a body that has to be one JSON object, all of which can be stored as it is.
    /// - Throws: `HTTPFailure` 400.
    func object(_ body: [UInt8]) throws(HTTPFailure) -> JSONValue {
        do {
            let document = try JSONDocument(body)
            if let number = document.firstInexactNumber {
                throw HTTPFailure.invalid(
                    "The number \(number.prefix(50)) is too large or too long to be kept as it is. Send it as text."
                )
            }
            let value = JSONValue(document.root)
            guard value.object != nil else { throw HTTPFailure.invalid("The body has to be a JSON object.") }
            if let loss = document.firstLoss { throw HTTPFailure(loss) }
            try value.refuseNUL()
            return value
        } catch let error as JSONError {
            throw .invalid(error.description, code: error.code)
        } catch let error as HTTPFailure {
            throw error
        } catch {
            throw HTTPFailure(error)
        }
    }

    private func background(_ value: JSONValue?) throws(HTTPFailure) -> String {
        guard let value else { return "" }
        let text = value.string ?? value.text
        guard !text.isLonger(than: Self.longestBackground) else {
            throw .invalid("`context` may have \(Self.longestBackground) characters at most.")
        }
        return text
    }

    private func rounds(_ value: JSONValue?) throws(HTTPFailure) -> Int? {
        guard let value else { return nil }
        guard let rounds = value.integer, (1...12).contains(rounds) else {
            throw .invalid("`rounds` has to be a whole number from 1 to 12.")
        }
        return Int(rounds)
    }

    private func consensus(_ value: JSONValue?) throws(HTTPFailure) -> String? {
        guard let value else { return nil }
        guard let word = value.string, (1...64).contains(word.utf8.count) else {
            throw .invalid("`consensus` has to be the name of a rule, such as majority.")
        }
        return word
    }

    private func agents(_ value: JSONValue?) throws(HTTPFailure) -> [String]? {
        guard let value else { return nil }
        var names: [String] = []
        if let text = value.string {
            names = text.split(separator: ",").map { trimmed(String($0)) }.filter { !$0.isEmpty }
        } else {
            guard let elements = value.array else { throw .invalid("`agents` has to be a list of names.") }
            for element in elements {
                guard let name = element.string ?? element["name"]?.string else {
                    throw .invalid("`agents` has to be a list of names.")
                }
                names.append(name)
            }
        }
        guard names.count <= Self.mostAgents, names.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
            throw .invalid("`agents` has to be a list of at most \(Self.mostAgents) names.")
        }
        return names.isEmpty ? nil : names
    }

    /// A list of short texts, or one text with commas.
    /// - Throws: `HTTPFailure` 400.
    func tags(_ value: JSONValue?) throws(HTTPFailure) -> [String]? {
        guard let value else { return nil }
        let names = value.string?.split(separator: ",").map { trimmed(String($0)) } ?? value.array?.compactMap(\.string)
        guard let names, names.count <= 20, names.allSatisfy({ (1...200).contains($0.utf8.count) }),
            value.array == nil || value.array?.count == names.count
        else { throw .invalid("`tags` has to be a list of at most 20 short texts.") }
        return names
    }

    private func metadata(_ value: JSONValue?) throws(HTTPFailure) -> JSONValue {
        guard let value else { return [:] }
        guard let members = value.object else { throw .invalid("`metadata` has to be an object.") }
        guard members[DebateRecord.factsMember] == nil else {
            throw .invalid("`metadata` may not have `\(DebateRecord.factsMember)`: the gateway keeps its own there.")
        }
        guard value.bytes.count <= Self.longestMetadata else {
            throw .invalid("`metadata` may have \(Self.longestMetadata) bytes at most. Keep more on your side.")
        }
        return value
    }

    /// A text as it is stored: without the white space around it.
    func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
