import CoreTypes

/// Reads the members of a journal entry and says which one is missing or wrong.
struct EventReader {
    private let node: JSONNode

    init(parsing bytes: [UInt8]) throws(DebateError) {
        do {
            node = try JSONDocument(bytes).root
        } catch {
            throw DebateError(.invalidJournal, "A journal entry is not JSON.")
        }
    }

    private init(_ node: JSONNode) {
        self.node = node
    }

    func object(_ key: String) throws(DebateError) -> EventReader {
        guard let member = node[key], member.members != nil else { throw wrong(key) }
        return EventReader(member)
    }

    func objectIfPresent(_ key: String) -> EventReader? { node[key].map(EventReader.init) }

    func objects(_ key: String) throws(DebateError) -> [EventReader] {
        guard let elements = node[key]?.array else { throw wrong(key) }
        return elements.map { EventReader($0) }
    }

    func string(_ key: String) throws(DebateError) -> String {
        guard let string = node[key]?.string else { throw wrong(key) }
        return string
    }

    func stringIfPresent(_ key: String) -> String? { node[key]?.string }

    func strings(_ key: String) throws(DebateError) -> [String] {
        guard let elements = node[key]?.array else { throw wrong(key) }
        return elements.compactMap(\.string)
    }

    func integer(_ key: String) throws(DebateError) -> Int {
        Int(clamping: try integer64(key))
    }

    func integer64(_ key: String) throws(DebateError) -> Int64 {
        guard let integer = node[key]?.integer else { throw wrong(key) }
        return integer
    }

    func double(_ key: String) throws(DebateError) -> Double {
        guard let double = node[key]?.double else { throw wrong(key) }
        return double
    }

    func bool(_ key: String) throws(DebateError) -> Bool {
        guard let bool = node[key]?.bool else { throw wrong(key) }
        return bool
    }

    /// A word of a closed vocabulary.
    func word<Word: RawRepresentable<String>>(_ key: String) throws(DebateError) -> Word {
        guard let word = Word(rawValue: try string(key)) else { throw wrong(key) }
        return word
    }

    func words<Word: RawRepresentable<String>>(_ key: String) throws(DebateError) -> [Word] {
        var words: [Word] = []
        for text in try strings(key) {
            guard let word = Word(rawValue: text) else { throw wrong(key) }
            words.append(word)
        }
        return words
    }

    func value(_ key: String) throws(DebateError) -> JSONValue {
        guard let member = node[key] else { throw wrong(key) }
        return JSONValue(member)
    }

    private func wrong(_ key: String) -> DebateError {
        DebateError(.invalidJournal, "A journal entry's \"\(key)\" is missing or wrong.")
    }
}
