extension Database {
    /// Writes a row and takes it away again, to see whether anything can be written.
    ///
    /// Needs the present schema.
    /// - Parameter isLong: whether the row needs room on the disk: a short one may hide in a page of the table.
    /// - Throws: `DatabaseError`, with the reason `full` where the disk has no room.
    package func tryWriting(isLong: Bool = true) async throws {
        try await write { transaction in
            // Longer than a page and hard to compress, so that no page of the table has room for it.
            let filler = noise(characters: isLong ? 32_768 : 1)
            try transaction.execute(
                """
                insert into leases (name, owner, fence, lease_until) values (\(writingCheck), \(filler), 0, 0)
                """
            )
            try transaction.execute("delete from leases where name = \(writingCheck)")
        }
    }
}

/// Letters without an order that a compression would find (the generator of Knuth's MMIX).
private func noise(characters: Int) -> String {
    var state: UInt64 = 1
    return String(
        decoding: (0..<characters).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(ascii: "0") + UInt8(state >> 58)
        },
        as: UTF8.self
    )
}

/// The lease that nobody ever sees.
private let writingCheck = "writing-check"
