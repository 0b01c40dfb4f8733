import CoreTypes

/// Segments of many debates, laid out in the statements that write them.
///
/// Segments of one debate that follow each other become one row. Those that do not fit together go into later
/// statements, because within one statement the order of a debate's rows is not certain.
struct JournalGroup {
    /// One row of one statement and the segments in it, by their places in the group.
    struct Line {
        var segment: JournalSegment
        var members: [Int]
    }

    /// The statements' rows, in the order in which they have to run; each debate is in a statement at most once.
    private(set) var rounds: [[Line]] = []

    init(_ segments: [JournalSegment]) {
        var newest: [DebateID: (round: Int, line: Int)] = [:]
        for (position, segment) in segments.enumerated() {
            var round = 0
            if let place = newest[segment.debateID] {
                if let joined = rounds[place.round][place.line].segment.joined(with: segment) {
                    rounds[place.round][place.line].segment = joined
                    rounds[place.round][place.line].members.append(position)
                    continue
                }
                round = place.round + 1
            }
            if round == rounds.count { rounds.append([]) }
            newest[segment.debateID] = (round, rounds[round].count)
            rounds[round].append(Line(segment: segment, members: [position]))
        }
    }
}
