import CoreTypes

/// The beginning of what somebody typed, short enough to be said back.
func clipped(_ typed: Substring) -> String { typed.shortened(to: 40) }

/// The word that is at most two changes away, the nearest first; nil where none is.
func nearestWord(to typed: String, in words: [String]) -> String? {
    let candidates = words.map { (word: $0, distance: editDistance(typed, $0)) }
    guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= min(2, max(1, best.word.count / 2)) ? best.word : nil
}

/// The number of insertions, deletions, replacements and swaps of neighbours between two words (optimal string
/// alignment distance).
func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(String(left.unicodeScalars.prefix(64))), right = Array(right)
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(last[column] + (character == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}

extension Substring {
    /// Without white space at either end.
    var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    /// Without the full stops and exclamation marks at its end.
    var withoutMarks: Substring {
        var text = self
        while let last = text.last, last == "." || last == "!" { text.removeLast() }
        return text
    }
}
