extension Database {
    /// Writes a row that needs room on the disk and takes it away again, to see whether anything can be written.
    ///
    /// Needs the present schema.
    /// - Throws: `DatabaseError`, with the reason `full` where the disk has no room.
    package func tryWriting() async throws {
        try await write { transaction in
            // Longer than a page, so that it cannot hide in room that a page of the table still has.
            let filler = String(repeating: "x", count: 32_768)
            try transaction.execute(
                """
                insert into leases (name, owner, fence, lease_until) values (\(writingCheck), \(filler), 0, 0)
                """
            )
            try transaction.execute("delete from leases where name = \(writingCheck)")
        }
    }
}

/// The lease that nobody ever sees.
private let writingCheck = "writing-check"
