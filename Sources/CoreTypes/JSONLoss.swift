/// What stands in a JSON text and would not be in its `JSONValue`.
///
/// Whoever reads the same text with another reader gets another value: most keep the last of two members with one key,
/// and half of a character is kept, replaced or refused.
package struct JSONLoss: Sendable, Hashable {
    /// What is lost.
    package enum Kind: Sendable, Hashable {
        /// All but one of the members that have the same key.
        case repeatedKey
        /// An escaped half of a character that takes two (RFC 8259, section 8.2).
        case loneSurrogate
    }

    package let kind: Kind
    /// The keys that lead there, such as `metadata.note`.
    package fileprivate(set) var path: String
}

extension JSONDocument {
    /// The first loss in the text; nil where there is none.
    package var firstLoss: JSONLoss? { root.firstLoss }
}

extension JSONNode {
    fileprivate var firstLoss: JSONLoss? {
        let token = document.tape[index]
        switch token.kind {
        case .object: return firstLossInObject(until: Int(token.next))
        case .array:
            var position = index + 1
            while position < Int(token.next) {
                if let loss = JSONNode(document: document, index: position).firstLoss { return loss }
                position = Int(document.tape[position].next)
            }
            return nil
        case .escapedString:
            let isLost = holdsLoneSurrogate(document.bytes[Int(token.start)..<Int(token.end)])
            return isLost ? JSONLoss(kind: .loneSurrogate, path: "") : nil
        case .null, .bool, .number, .string: return nil
        }
    }

    private func firstLossInObject(until end: Int) -> JSONLoss? {
        var keys: Set<String> = []
        var position = index + 1
        while position < end {
            let node = JSONNode(document: document, index: position)
            let key = node.string ?? ""
            if node.firstLoss != nil { return JSONLoss(kind: .loneSurrogate, path: key) }
            if !keys.insert(key).inserted { return JSONLoss(kind: .repeatedKey, path: key) }
            if var loss = JSONNode(document: document, index: position + 1).firstLoss {
                loss.path = loss.path.isEmpty ? key : "\(key).\(loss.path)"
                return loss
            }
            position = Int(document.tape[position + 1].next)
        }
        return nil
    }
}
