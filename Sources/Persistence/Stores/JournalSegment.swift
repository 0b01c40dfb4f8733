package import CoreTypes

/// Entries of one debate's journal that belong together.
package struct JournalSegment: Sendable {
    package let workspaceID: WorkspaceID
    package let debateID: DebateID
    /// The claim under which they are written.
    package let claim: JobClaim
    /// The number of the first entry.
    package let firstSequence: Int
    /// How many entries there are.
    package let count: Int
    /// The entries, each a JSON object without line breaks, with a line feed between.
    package let bytes: [UInt8]

    /// Joins entries; `entries` is not empty.
    package init(
        workspaceID: WorkspaceID,
        debateID: DebateID,
        claim: JobClaim,
        firstSequence: Int,
        entries: [[UInt8]]
    ) {
        self.init(
            workspaceID: workspaceID,
            debateID: debateID,
            claim: claim,
            firstSequence: firstSequence,
            count: entries.count,
            bytes: Array(entries.joined(separator: [UInt8(ascii: "\n")]))
        )
    }

    private init(
        workspaceID: WorkspaceID,
        debateID: DebateID,
        claim: JobClaim,
        firstSequence: Int,
        count: Int,
        bytes: [UInt8]
    ) {
        self.workspaceID = workspaceID
        self.debateID = debateID
        self.claim = claim
        self.firstSequence = firstSequence
        self.count = count
        self.bytes = bytes
    }

    /// The number of the last entry.
    package var lastSequence: Int { firstSequence + count - 1 }

    /// This segment and the one that follows it without a gap under the same claim; nil where it does not.
    func joined(with next: JournalSegment) -> JournalSegment? {
        guard workspaceID == next.workspaceID, debateID == next.debateID, claim == next.claim,
            next.firstSequence == lastSequence + 1
        else { return nil }
        return JournalSegment(
            workspaceID: workspaceID,
            debateID: debateID,
            claim: claim,
            firstSequence: firstSequence,
            count: count + next.count,
            bytes: bytes + [UInt8(ascii: "\n")] + next.bytes
        )
    }
}
