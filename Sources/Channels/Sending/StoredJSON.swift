import Persistence

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Typed values in the outbox's JSON columns.
enum StoredJSON {
    /// The text of a value; the same value always gives the same text.
    /// - Throws: `DatabaseError` for a value that JSON does not know, such as an infinite number.
    static func write(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw DatabaseError(.other, "The value cannot be written as JSON.")
        }
    }

    /// Reads a value back.
    /// - Throws: `DatabaseError` where the text holds something else.
    static func read<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw DatabaseError(.decoding, "A row of the outbox does not hold a \(type).")
        }
    }
}
