package import CoreTypes

extension ApprovalPolicy {
    /// The policy as it stands in its column, and as the API takes it.
    package var json: JSONValue {
        .record([
            "options": .array(options.map(\.json)),
            "approvers": .strings(approvers.map(\.text)),
            "not_the_requester": .bool(excludesRequester),
            "quorum": .integer(Int64(quorum)),
            "veto": .bool(hasVeto),
            "expires_in": expiresAfter.map { .integer($0.components.seconds) },
            "expiry_outcome": .string(expiryOutcome.rawValue),
            "remind_in": reminderAfter.map { .integer($0.components.seconds) },
            "escalations": .array(
                escalations.map {
                    ["after": .integer($0.after.components.seconds), "approvers": .strings($0.approvers.map(\.text))]
                }
            ),
            "allow_edit": .bool(allowsEdit),
        ])
    }

    /// What a policy may say.
    package static let members: Set<String> = [
        "options", "approvers", "not_the_requester", "quorum", "veto", "expires_in", "expiry_outcome", "remind_in",
        "escalations", "allow_edit",
    ]

    /// Refuses what nobody would look at: a misspelt rule would count as no rule.
    /// - Throws: `ApprovalError` that names the member.
    package static func check(_ json: JSONValue, _ known: Set<String>, of what: String) throws(ApprovalError) {
        guard let members = json.object else { throw ApprovalError(.invalid, "\(what) has to be an object.") }
        guard let unknown = members.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let name = unknown.count > 64 ? "\(unknown.prefix(63))…" : unknown
        throw ApprovalError(
            .invalid,
            "\(what) has no member `\(name)`; it takes \(known.sorted().joined(separator: ", "))."
        )
    }

    /// Reads a policy; what is left out is as usual.
    /// - Throws: `ApprovalError`.
    package init(json: JSONValue, usual: ApprovalPolicy = ApprovalPolicy()) throws(ApprovalError) {
        self = usual
        if let value = json["options"] {
            guard let list = value.array else { throw Self.wrong("options", "a list") }
            options = []
            for item in list { options.append(try ApprovalOption(json: item)) }
        }
        if let value = json["approvers"] { approvers = try Self.approvers(value) }
        excludesRequester = try Self.bool(json, "not_the_requester") ?? excludesRequester
        hasVeto = try Self.bool(json, "veto") ?? hasVeto
        allowsEdit = try Self.bool(json, "allow_edit") ?? allowsEdit
        if let value = json["quorum"] {
            guard let number = value.integer, let quorum = Int(exactly: number) else {
                throw Self.wrong("quorum", "a whole number")
            }
            self.quorum = quorum
        }
        // A null that stands there means: waits for ever.
        if case .object(let members) = json, members["expires_in"] != nil {
            expiresAfter = try Self.seconds(json, "expires_in")
        }
        reminderAfter = try Self.seconds(json, "remind_in") ?? reminderAfter
        if let word = json["expiry_outcome"] {
            guard let outcome = word.string.flatMap(ExpiryOutcome.init(rawValue:)) else {
                throw Self.wrong("expiry_outcome", "one of approved, rejected, expired")
            }
            expiryOutcome = outcome
        }
        guard let value = json["escalations"] else { return }
        guard let chain = value.array else { throw Self.wrong("escalations", "a list") }
        escalations = []
        for item in chain {
            try Self.check(item, ["after", "approvers"], of: "An escalation")
            guard let after = try Self.seconds(item, "after"), let people = item["approvers"] else {
                throw ApprovalError(.invalid, "An escalation has `after` in seconds and `approvers`.")
            }
            escalations.append(Escalation(after: after, approvers: try Self.approvers(people)))
        }
    }

    /// Reads what the column holds.
    /// - Throws: `ApprovalError`.
    init(stored json: JSONValue) throws(ApprovalError) {
        try self.init(json: json)
        if json["expires_in"] == nil { expiresAfter = nil }
    }

    private static func approvers(_ value: JSONValue) throws(ApprovalError) -> [Approver] {
        guard let names = value.array?.map(\.string), names.allSatisfy({ $0 != nil }) else {
            throw wrong("approvers", "a list of names")
        }
        var approvers: [Approver] = []
        var known: Set<Approver> = []
        for name in names.compactMap({ $0 }) {
            let approver = try Approver(name)
            if known.insert(approver).inserted { approvers.append(approver) }
        }
        return approvers
    }

    private static func bool(_ json: JSONValue, _ name: String) throws(ApprovalError) -> Bool? {
        guard let value = json[name] else { return nil }
        guard let bool = value.bool else { throw wrong(name, "true or false") }
        return bool
    }

    private static func seconds(_ json: JSONValue, _ name: String) throws(ApprovalError) -> Duration? {
        guard let value = json[name] else { return nil }
        guard let seconds = value.integer, (1...longest.components.seconds).contains(seconds) else {
            throw wrong(name, "a number of seconds, from 1 to a year")
        }
        return .seconds(seconds)
    }

    private static func wrong(_ name: String, _ wanted: String) -> ApprovalError {
        ApprovalError(.invalid, "`\(name)` has to be \(wanted).")
    }
}
