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
        static let text: Oid = 25
        static let bytesArray: Oid = 1001
        static let textArray: Oid = 1009
        static let integer64Array: Oid = 1016
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
            case .array(let array): needed += Self.size(of: array) + 1
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
            case .array(let array): try append(array)
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

    private static func size(of array: SQLArray) -> Int {
        switch array {
        case .integers(let values): 20 + values.count * 12
        case .texts(let values): values.reduce(20) { $0 + 4 + $1.utf8.count }
        case .blobs(let values): values.reduce(20) { $0 + 4 + $1.count }
        }
    }

    /// Lays an array out in the binary form of `array_recv`: one dimension, no nulls, each element behind its length.
    private mutating func append(_ array: SQLArray) throws {
        guard Self.size(of: array) < 1 << 30 else { throw DatabaseError(.constraint, "A value is over 1 GiB.") }
        switch array {
        case .integers(let values):
            append(type: TypeID.integer64Array, isBinary: true) { memory in
                Self.appendArrayHead(values.count, of: TypeID.integer64, to: &memory)
                for value in values {
                    Self.append(UInt32(8), to: &memory)
                    Self.append(UInt64(bitPattern: value), to: &memory)
                }
            }
        case .texts(let values):
            for value in values { try value.requireNoNUL() }
            append(type: TypeID.textArray, isBinary: true) { memory in
                Self.appendArrayHead(values.count, of: TypeID.text, to: &memory)
                for value in values {
                    Self.append(UInt32(value.utf8.count), to: &memory)
                    memory.append(contentsOf: value.utf8)
                }
            }
        case .blobs(let values):
            append(type: TypeID.bytesArray, isBinary: true) { memory in
                Self.appendArrayHead(values.count, of: TypeID.bytes, to: &memory)
                for value in values {
                    Self.append(UInt32(value.count), to: &memory)
                    memory.append(contentsOf: value)
                }
            }
        }
    }

    private static func appendArrayHead(_ count: Int, of type: Oid, to memory: inout [UInt8]) {
        append(UInt32(count > 0 ? 1 : 0), to: &memory)
        append(UInt32(0), to: &memory)
        append(UInt32(type), to: &memory)
        guard count > 0 else { return }
        append(UInt32(count), to: &memory)
        append(UInt32(1), to: &memory)
    }

    private static func append(_ value: some FixedWidthInteger, to memory: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { memory.append(contentsOf: $0) }
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
        var text = self
        guard !text.withUTF8({ $0.contains(0) }) else {
            throw DatabaseError(.constraint, "A text with a NUL character cannot be stored.")
        }
    }
}
