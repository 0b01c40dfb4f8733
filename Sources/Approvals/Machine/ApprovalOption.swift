package import CoreTypes

/// One of the answers that can be given.
package struct ApprovalOption: Hashable, Sendable {
    /// What an answer means for the request; the raw values are those of the column `effect`.
    package enum Effect: String, Sendable, CaseIterable {
        case approve, reject
        /// Back to where it came from, with guidance.
        case revise
        /// What it means is the asker's own business.
        case custom

        /// Whether the answer is one to the text as it is: a no is a no to whatever was asked.
        var isForText: Bool { self == .approve || self == .custom }
    }

    /// What programs and commands call it: `a-z`, digits, `_` and `-`, 32 bytes at most.
    package let id: String
    package let label: String
    package let effect: Effect
    /// Whether it counts only with a reason or guidance.
    package let requiresComment: Bool

    /// Describes an answer.
    package init(id: String, label: String, effect: Effect, requiresComment: Bool = false) {
        self.id = id
        self.label = label
        self.effect = effect
        self.requiresComment = requiresComment
    }

    /// The usual yes.
    package static let approve = ApprovalOption(id: "approve", label: "Approve", effect: .approve)
    /// The usual no, which says why.
    package static let reject = ApprovalOption(id: "reject", label: "Reject", effect: .reject, requiresComment: true)
    /// The usual way back, which says what should be different.
    package static let revise = ApprovalOption(
        id: "revise",
        label: "Ask for changes",
        effect: .revise,
        requiresComment: true
    )

    /// The option as it stands in the policy's JSON.
    package var json: JSONValue {
        [
            "id": .string(id), "label": .string(label), "effect": .string(effect.rawValue),
            "requires_comment": .bool(requiresComment),
        ]
    }

    /// Reads an option: an object, or the name of one of the usual three.
    /// - Throws: `ApprovalError`.
    package init(json: JSONValue) throws(ApprovalError) {
        if let name = json.string {
            guard let usual = [Self.approve, .reject, .revise].first(where: { $0.id == name }) else {
                self.init(id: name, label: name, effect: .custom)
                return
            }
            self = usual
            return
        }
        try ApprovalPolicy.check(json, ["id", "label", "effect", "requires_comment"], of: "An option")
        guard let id = json["id"]?.string else {
            throw ApprovalError(.invalid, "Each option needs an `id`.")
        }
        guard json["label"].map({ $0.string != nil }) ?? true else {
            throw ApprovalError(.invalid, "The `label` of an option has to be text.")
        }
        guard json["requires_comment"].map({ $0.bool != nil }) ?? true else {
            throw ApprovalError(.invalid, "`requires_comment` has to be true or false.")
        }
        let usual = [Self.approve, .reject, .revise].first { $0.id == id }
        guard let effect = json["effect"].map({ $0.string.flatMap(Effect.init(rawValue:)) }) ?? usual?.effect ?? .custom
        else {
            let words = Effect.allCases.map(\.rawValue).joined(separator: ", ")
            throw ApprovalError(.invalid, "The `effect` of an option is one of \(words).")
        }
        self.init(
            id: id,
            label: json["label"]?.string ?? usual?.label ?? id,
            effect: effect,
            requiresComment: json["requires_comment"]?.bool ?? (effect == .reject || effect == .revise)
        )
    }

    /// Checks that people can be offered the answer, and that it means what it is called.
    /// - Throws: `ApprovalError`.
    func validate() throws(ApprovalError) {
        let isName = id.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
        guard isName, (1...32).contains(id.utf8.count) else {
            throw ApprovalError(.invalid, "An option's id has 1 to 32 characters of a-z, 0-9, _ and -.")
        }
        guard (1...75).contains(label.unicodeScalars.count) else {
            throw ApprovalError(.invalid, "An option's label has 1 to 75 characters.")
        }
        guard effect != .reject || requiresComment else {
            throw ApprovalError(.invalid, "The option `\(id)` is a no, and a no says why: it needs `requires_comment`.")
        }
        if let usual = [Self.approve, .reject, .revise].first(where: { $0.id == id }), usual.effect != effect {
            throw ApprovalError(.invalid, "The option `\(id)` cannot have the effect `\(effect.rawValue)`.")
        }
    }
}
