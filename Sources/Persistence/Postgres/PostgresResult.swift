import CPostgres

/// An answer of libpq; freed with its owner.
final class PostgresResult {
    private let result: OpaquePointer

    /// Takes over an answer, or nothing where libpq gave none.
    init?(_ result: OpaquePointer?) {
        guard let result else { return nil }
        self.result = result
    }

    deinit { PQclear(result) }

    var status: ExecStatusType { PQresultStatus(result) }

    /// What the server says was done, such as `COMMIT`.
    var command: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    /// How many rows the statement gave back or changed.
    var changes: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// A field of the server's error message, by its letter in the protocol (`postgres_ext.h`).
    func errorField(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
    }

    /// The rows, decoded by the types of their columns.
    func rows() throws -> [Row] {
        let count = PQntuples(result)
        guard count > 0 else { return [] }
        let width = PQnfields(result)
        let columns = (0..<width).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
        let types = (0..<width).map { PQftype(result, $0) }
        var rows: [Row] = []
        rows.reserveCapacity(Int(count))
        for row in 0..<count {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(width))
            for column in 0..<width {
                values.append(try value(row: row, column: column, type: types[Int(column)]))
            }
            rows.append(Row(columns: columns, values: values))
        }
        return rows
    }

    private func value(row: Int32, column: Int32, type: Oid) throws -> SQLValue {
        if PQgetisnull(result, row, column) == 1 { return .null }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column),
            count: Int(PQgetlength(result, row, column))
        )
        switch type {
        case PostgresParameters.TypeID.integer64, PostgresParameters.TypeID.integer32,
            PostgresParameters.TypeID.integer16:
            return .integer(try Self.integer(bytes))
        case PostgresParameters.TypeID.bool:
            return .bool(bytes.first == UInt8(ascii: "t"))
        case PostgresParameters.TypeID.bytes:
            return .blob(try Self.bytes(fromHex: bytes))
        case PostgresParameters.TypeID.real32, PostgresParameters.TypeID.real64, PostgresParameters.TypeID.numeric:
            guard let real = Double(String(decoding: bytes, as: UTF8.self)) else { throw Self.unreadable("a number") }
            return .real(real)
        default:
            return .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer) throws -> Int64 {
        var value: Int64 = 0
        let isNegative = bytes.first == UInt8(ascii: "-")
        // Counted downwards, because the smallest integer has no positive twin.
        for byte in bytes.dropFirst(isNegative ? 1 : 0) {
            guard (0x30...0x39).contains(byte) else { throw unreadable("an integer") }
            value = value &* 10 &- Int64(byte &- 0x30)
        }
        return isNegative ? value : 0 &- value
    }

    /// Reads `\x0a1b…`, the output form of `bytea`.
    private static func bytes(fromHex text: UnsafeRawBufferPointer) throws -> [UInt8] {
        guard text.count >= 2, text.count.isMultiple(of: 2), text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
        else { throw unreadable("bytes") }
        let count = (text.count - 2) / 2
        var invalid: UInt8 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            hexDigitValues.withUnsafeBufferPointer { digits in
                for position in 0..<count {
                    let high = digits[Int(text[2 + 2 * position])]
                    let low = digits[Int(text[3 + 2 * position])]
                    invalid |= high | low
                    output[position] = high << 4 | low & 15
                }
            }
            initialized = count
        }
        guard invalid < 0x80 else { throw unreadable("bytes") }
        return bytes
    }

    private static func unreadable(_ wanted: String) -> DatabaseError {
        DatabaseError(.decoding, "The server sent something that cannot be read as \(wanted).")
    }
}

/// What each byte is worth as a hexadecimal digit; 0x80 for those that are none.
private let hexDigitValues: [UInt8] = (0...255).map { byte in
    switch byte {
    case 0x30...0x39: UInt8(byte - 0x30)
    case 0x41...0x46: UInt8(byte - 0x41 + 10)
    case 0x61...0x66: UInt8(byte - 0x61 + 10)
    default: 0x80
    }
}
