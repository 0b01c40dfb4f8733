import CPostgres

/// The values of one statement as libpq wants them: one block of memory and pointers into it.
///
/// Integers, numbers, truth values and bytes name their type; a text leaves its type to the server, so that it fits
/// text and JSON columns alike. Bytes travel in binary, all else as text.
struct PostgresParameters {
    /// Built-in type numbers (`pg_type.dat`).
    enum TypeID {
        static let unknown: Oid = 0
        static let bool: Oid = 16
        static let bytes: Oid = 17
        static let integer64: Oid = 20
        static let integer16: Oid = 21
        static let integer32: Oid = 23
        static let real32: Oid = 700
        static let real64: Oid = 701
        static let numeric: Oid = 1700
    }

    /// The protocol counts parameters in 16 bits.
    static let maximumCount = 65_535

    private var memory: [UInt8] = []
    private var offsets: [Int] = []
    private var types: [Oid] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// Lays the values out.
    /// - Throws: `DatabaseError` for too many values, a text with a NUL, or a value over 1 GiB.
    init(_ values: [SQLValue]) throws {
        guard values.count <= Self.maximumCount else {
            throw DatabaseError(.constraint, "A statement has more than \(Self.maximumCount) values.")
        }
        offsets.reserveCapacity(values.count)
        types.reserveCapacity(values.count)
        lengths.reserveCapacity(values.count)
        formats.reserveCapacity(values.count)
        var needed = 0
        for value in values {
            switch value {
            case .text(let text): needed += text.utf8.count + 1
            case .blob(let bytes): needed += bytes.count + 1
            default: needed += 24
            }
        }
        memory.reserveCapacity(needed)
        for value in values {
            switch value {
            case .null: append(type: TypeID.unknown, isNull: true) { _ in }
            case .integer(let integer): append(type: TypeID.integer64) { $0.append(contentsOf: String(integer).utf8) }
            case .real(let real): append(type: TypeID.real64) { $0.append(contentsOf: Self.text(of: real).utf8) }
            case .bool(let bool): append(type: TypeID.bool) { $0.append(UInt8(ascii: bool ? "t" : "f")) }
            case .text(let text):
                try text.requireNoNUL()
                append(type: TypeID.unknown) { $0.append(contentsOf: text.utf8) }
            case .blob(let bytes):
                guard bytes.count < 1 << 30 else { throw DatabaseError(.constraint, "A value is over 1 GiB.") }
                append(type: TypeID.bytes, isBinary: true) { $0.append(contentsOf: bytes) }
            }
        }
    }

    private mutating func append(
        type: Oid,
        isNull: Bool = false,
        isBinary: Bool = false,
        write: (inout [UInt8]) -> Void
    ) {
        let start = memory.count
        write(&memory)
        types.append(type)
        offsets.append(isNull ? -1 : start)
        lengths.append(Int32(memory.count - start))
        formats.append(isBinary ? 1 : 0)
        // Texts end with a NUL; behind bytes it keeps an empty value's pointer inside the block.
        memory.append(0)
    }

    private static func text(of real: Double) -> String {
        if real.isNaN { return "NaN" }
        if real.isInfinite { return real < 0 ? "-Infinity" : "Infinity" }
        return "\(real)"
    }

    /// Gives libpq's five arrays to a call; they are valid for its duration only.
    func withPointers<Result>(
        _ body: (
            Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        memory.withUnsafeBytes { block in
            let base = block.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = offsets.map { offset in offset < 0 ? nil : base.map { $0 + offset } }
            return pointers.withUnsafeBufferPointer { values in
                body(Int32(offsets.count), types, values.baseAddress, lengths, formats)
            }
        }
    }
}

extension String {
    /// Neither engine stores a NUL inside a text: one would refuse it, the other cut the text there.
    func requireNoNUL() throws {
        guard !utf8.contains(0) else {
            throw DatabaseError(.constraint, "A text with a NUL character cannot be stored.")
        }
    }
}
