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
    package private(set) var count: Int
    /// The entries, each a JSON object without line breaks, with a line feed between.
    package private(set) var bytes: [UInt8]
    /// The hash of the last entry.
    package private(set) var head: [UInt8]

    /// Describes entries; `lines` is not empty.
    package init(
        workspaceID: WorkspaceID,
        debateID: DebateID,
        claim: JobClaim,
        firstSequence: Int,
        count: Int,
        lines: [UInt8],
        head: [UInt8]
    ) {
        self.workspaceID = workspaceID
        self.debateID = debateID
        self.claim = claim
        self.firstSequence = firstSequence
        self.count = count
        self.bytes = lines
        self.head = head
    }

    /// The number of the last entry.
    package var lastSequence: Int { firstSequence + count - 1 }

    /// Takes the entries of a segment over that follows this one without a gap under the same claim.
    /// - Returns: false where it does not; nothing is changed then.
    mutating func join(_ next: JournalSegment) -> Bool {
        guard next.firstSequence == lastSequence + 1, claim == next.claim, debateID == next.debateID,
            workspaceID == next.workspaceID
        else { return false }
        count += next.count
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: next.bytes)
        head = next.head
        return true
    }
}
