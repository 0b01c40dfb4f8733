import CoreTypes
import Persistence

/// Debates as the public API shows them.
enum DebateDocument {
    /// One line of a list: without what is too long for one, whose names it has.
    static func line(_ record: DebateSummary) -> JSONValue {
        var long: [String] = []
        if record.task.utf8.count > DebateListing.longestText { long.append("task") }
        if record.lacksMetadata || record.metadata.bytes.count > DebateListing.longestText { long.append("metadata") }
        return summary(record).leavingOut(long)
    }

    /// A debate without its journal, as the answer to a new question has it.
    static func summary(_ record: DebateSummary) -> JSONValue {
        .record([
            "id": .string(record.id.rawValue),
            "debate_id": .string(record.id.rawValue),
            "number": .integer(record.number),
            "workspace": .string(record.workspace.rawValue),
            "task": .string(record.task),
            "title": record.title.map { .string($0) },
            "tags": .strings(record.tags),
            "status": .string(record.status),
            "platform": .string(record.platform),
            "demo": .bool(record.demo),
            "agents": .strings(record.agents),
            "rounds": .integer(Int64(record.rounds)),
            "consensus_mode": .string(record.consensus),
            "consensus_reached": record.consensusReached.map { .bool($0) },
            "confidence": record.confidence.map { .number($0) },
            "winner": record.winner.map { .string($0) },
            "in_progress": .bool(!record.isFinished),
            "metadata": record.metadata,
            "created_at": .string(record.createdAt.iso8601),
            "started_at": record.startedAt.map { .string($0.iso8601) },
            "finished_at": record.finishedAt.map { .string($0.iso8601) },
            "duration_seconds": duration(record).map { .number($0) },
        ])
    }

    /// Of what a journal adds up to, the members that show where the debate stands and nothing that was said in it.
    private static let course = [
        "status", "phase", "round", "total_rounds", "demo", "waiting_for", "breakpoint", "panel", "usage", "reason",
        "rounds_used", "last_sequence",
    ]

    /// What everybody may see of a debate whose verdict was not released.
    static func heldBack(_ projection: JSONValue?) -> JSONValue {
        var members: [String: JSONValue] = ["held_back": true]
        for name in course { members[name] = projection?[name] }
        return .object(members)
    }

    /// One debate with all that its journal adds up to.
    static func detail(_ record: DebateSummary, projection: JSONValue?) -> JSONValue {
        var members = projection?.object ?? [:]
        // The row wins over the journal: both are written together, and the list shows the row too.
        for (name, value) in summary(record).object ?? [:] { members[name] = value }
        let consensus = consensus(record, projection: projection)
        members["consensus"] = consensus
        for name in ["agreement", "confidence", "final_answer", "conclusion"] {
            if let value = consensus[name] { members[name] = value }
        }
        members["consensus_reached"] = consensus["reached"]
        // A debate that was stopped behind its count came to no consensus, whatever was counted.
        if record.isFinished, let isReached = record.consensusReached {
            members["consensus_reached"] = .bool(isReached)
            members["confidence"] = record.confidence.map { .number($0) }
        }
        members["rounds_used"] = projection?["rounds_used"] ?? projection?["round"] ?? 0
        return .object(members)
    }

    /// The consensus in the public form: reached, agreement, confidence, final answer, who agreed, who did not.
    static func consensus(_ record: DebateSummary, projection: JSONValue?) -> JSONValue {
        var members = projection?["consensus"]?.object ?? [:]
        let answer = projection?["final_answer"] ?? members["final_answer"] ?? .null
        let confidence = record.confidence.map { JSONValue.number($0) } ?? members["confidence"] ?? .null
        let defaults: [String: JSONValue] = [
            "reached": .bool(record.consensusReached ?? false),
            "confidence": confidence,
            "agreement": confidence,
            "final_answer": answer,
            "conclusion": answer,
            "supporting_agents": supporting(record, projection),
            "dissenting_agents": dissenting(projection),
        ]
        for (name, value) in defaults where members[name] == nil { members[name] = value }
        return .object(members)
    }

    private static func supporting(_ record: DebateSummary, _ projection: JSONValue?) -> JSONValue {
        guard let winner = record.winner else { return [] }
        let votes = projection?["votes"]?.array ?? []
        return .array(votes.filter { $0["choice"]?.string == winner }.compactMap { $0["agent"] })
    }

    private static func dissenting(_ projection: JSONValue?) -> JSONValue {
        .array((projection?["dissent"]?.array ?? []).compactMap { $0["agent"] ?? ($0.string != nil ? $0 : nil) })
    }

    private static func duration(_ record: DebateSummary) -> Double? {
        guard let start = record.startedAt, let end = record.finishedAt else { return nil }
        return (end - start).inSeconds
    }
}

/// One page of a list in the form that the public client pages through.
struct ListPage {
    let limit: Int64
    let offset: Int64

    /// Reads `limit` and `offset`.
    /// - Throws: `HTTPFailure` 400.
    init(_ query: QueryParameters, defaultLimit: Int64, mostItems: Int64 = 200) throws(HTTPFailure) {
        limit = try query.integer("limit", in: 1...mostItems, default: defaultLimit)
        offset = try query.integer("offset", in: 0...Int64(Int32.max), default: 0)
    }

    /// The list under its documented name and as `items`, with what paging needs.
    func document(_ items: [JSONValue], named name: String, total: Int) -> JSONValue {
        [
            name: .array(items),
            "items": .array(items),
            "count": .integer(Int64(items.count)),
            "total": .integer(Int64(total)),
            "limit": .integer(limit),
            "offset": .integer(offset),
            "has_more": .bool(offset + Int64(items.count) < Int64(total)),
        ]
    }

    /// The part of a whole list that this page shows.
    func slice(_ items: [JSONValue]) -> [JSONValue] {
        Array(items.dropFirst(Int(offset)).prefix(Int(limit)))
    }
}

extension JSONValue {
    /// A line of a list without what is too long for one: `left_out` has the names.
    func leavingOut(_ names: [String]) -> JSONValue {
        guard !names.isEmpty else { return self }
        var line = self
        for name in names { line[name] = nil }
        line["left_out"] = .strings(names.sorted())
        return line
    }
}
