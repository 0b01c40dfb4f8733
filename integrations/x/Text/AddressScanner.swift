/// Finds what X takes for an address in a text, by the rules of twitter-text 3.
///
/// Works on scalars: X's rules are written for code points, not for what a reader sees as a character.
struct AddressScanner {
    private let text: [Unicode.Scalar]

    init(_ text: [Unicode.Scalar]) {
        self.text = text
    }

    /// The places of the addresses, in their order.
    func addresses() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var position = 0
        while position < text.count {
            guard let match = match(at: position) else {
                position += 1
                continue
            }
            found += accepted(match)
            position = match.end
        }
        return found
    }

    /// One match of the pattern; not everything that matches is an address.
    private struct Match {
        var start: Int
        /// Where the domain begins: behind the scheme, where there is one.
        var domain: Range<Int>
        var hasScheme: Bool
        var hasPath: Bool
        var end: Int
        /// The character before the address.
        var before: Unicode.Scalar?
    }

    private func match(at position: Int) -> Match? {
        if Self.mayPrecede(text[position]), let match = match(from: position + 1) { return match }
        return position == 0 ? match(from: 0) : nil
    }

    private func match(from start: Int) -> Match? {
        let schemeEnd = scheme(at: start)
        for domainStart in [schemeEnd, start].compactMap({ $0 }) {
            guard let domainEnd = domain(at: domainStart) else { continue }
            var match = Match(
                start: start,
                domain: domainStart..<domainEnd,
                hasScheme: domainStart != start,
                hasPath: false,
                end: domainEnd,
                before: start > 0 ? text[start - 1] : nil
            )
            match.end = port(at: match.end) ?? match.end
            if let path = path(at: match.end) { (match.end, match.hasPath) = (path, true) }
            match.end = query(at: match.end) ?? match.end
            return match
        }
        return nil
    }

    /// The addresses that a match stands for.
    private func accepted(_ match: Match) -> [Range<Int>] {
        guard isPossible(match) else { return [] }
        guard match.hasScheme else { return withoutScheme(match) }
        if let short = shortAddress(match) { return short }
        return [match.start..<match.end]
    }

    /// Without a scheme only domains in ASCII count; the last one takes the path along.
    private func withoutScheme(_ match: Match) -> [Range<Int>] {
        if let before = match.before, "-_./".unicodeScalars.contains(before) { return [] }
        var found: [Range<Int>] = []
        var position = match.domain.lowerBound
        let domain = AddressScanner(Array(text[match.domain]))
        while position < match.domain.upperBound {
            let offset = position - match.domain.lowerBound
            if let end = domain.plainDomain(at: offset) {
                found.append(position..<(match.domain.lowerBound + end))
                position = match.domain.lowerBound + end
            } else {
                position += 1
            }
        }
        if match.hasPath, let last = found.popLast() { found.append(last.lowerBound..<match.end) }
        return found
    }

    /// An address of X's own shortener ends behind its name; nil for all others.
    private func shortAddress(_ match: Match) -> [Range<Int>]? {
        let host = String(String.UnicodeScalarView(text[match.domain])).lowercased()
        guard host == "t.co", match.domain.upperBound < text.count, text[match.domain.upperBound] == "/" else {
            return nil
        }
        var end = match.domain.upperBound + 1
        let nameStart = end
        while end < text.count, Self.isLetterOrDigit(text[end]) { end += 1 }
        guard end > nameStart else { return nil }
        guard end - nameStart <= XLimits.longestShortName else { return [] }
        return [match.start..<(query(at: end) ?? end)]
    }

    /// Whether the domain could be looked up at all.
    private func isPossible(_ match: Match) -> Bool {
        guard match.end - match.start <= XLimits.longestAddress - (match.hasScheme ? 0 : "https://".count) else {
            return false
        }
        return text[match.domain].split(separator: ".").allSatisfy { label in
            // A label with other letters is written as `xn--` and at least one character for each of them.
            label.count + (label.allSatisfy(\.isASCII) ? 0 : 4) <= 63
        }
    }

    // MARK: The parts of an address

    private func scheme(at position: Int) -> Int? {
        for scheme in ["https://", "http://"] {
            let end = position + scheme.unicodeScalars.count
            guard end <= text.count else { continue }
            if zip(scheme.unicodeScalars, text[position..<end]).allSatisfy({ $0 == Self.lowercased($1) }) { return end }
        }
        return nil
    }

    /// The end of the domain with the most labels whose last one is a top-level domain.
    private func domain(at start: Int) -> Int? {
        var best: Int?
        var position = start
        while let label = label(at: position) {
            position = label.end + 1
            if !label.hasUnderscore, let end = TopLevelDomains.standard.end(in: text, at: position) { best = end }
        }
        return best
    }

    /// A label with the dot behind it.
    private func label(at start: Int) -> (end: Int, hasUnderscore: Bool)? {
        var position = start
        var hasUnderscore = false
        while position < text.count,
            Self.isDomainCharacter(text[position]) || text[position] == "-" || text[position] == "_"
        {
            if text[position] == "_" { hasUnderscore = true }
            position += 1
        }
        guard position > start, position < text.count, text[position] == "." else { return nil }
        guard Self.isDomainCharacter(text[start]), Self.isDomainCharacter(text[position - 1]) else { return nil }
        return (position, hasUnderscore)
    }

    /// A domain of letters that may stand without a scheme.
    private func plainDomain(at start: Int) -> Int? {
        var best: Int?
        var position = start
        while true {
            let labelStart = position
            while position < text.count,
                text[position] == "-" || Self.isLetterOrDigit(text[position]) || Self.isLatin(text[position])
            {
                position += 1
            }
            guard position > labelStart, position < text.count, text[position] == "." else { return best }
            position += 1
            if let end = TopLevelDomains.standard.end(in: text, at: position) { best = end }
        }
    }

    private func port(at position: Int) -> Int? {
        guard position < text.count, text[position] == ":" else { return nil }
        var end = position + 1
        while end < text.count, ("0"..."9").contains(text[end]) { end += 1 }
        return end > position + 1 ? end : nil
    }

    private func path(at start: Int) -> Int? {
        guard start < text.count, text[start] == "/" else { return nil }
        var position = start + 1
        var end = position
        while position < text.count {
            if Self.isPathCharacter(text[position]) {
                position += 1
                if Self.mayEndPath(text[position - 1]) { end = position }
            } else if let close = parentheses(at: position, depth: 0) {
                // A pair may end the path where it follows what may end it as well.
                if position == end { end = close }
                position = close
            } else {
                break
            }
        }
        return end
    }

    /// The place behind a pair of parentheses, with one more pair inside at most.
    private func parentheses(at start: Int, depth: Int) -> Int? {
        guard start < text.count, text[start] == "(", depth < 2 else { return nil }
        var position = start + 1
        var hasInner = false
        while position < text.count, text[position] != ")" {
            if Self.isPathCharacter(text[position]) {
                position += 1
            } else if !hasInner, let close = parentheses(at: position, depth: depth + 1) {
                hasInner = true
                position = close
            } else {
                return nil
            }
        }
        return position < text.count && position > start + 1 ? position + 1 : nil
    }

    private func query(at start: Int) -> Int? {
        guard start < text.count, text[start] == "?" else { return nil }
        var position = start + 1
        var end: Int?
        while position < text.count, Self.isQueryCharacter(text[position]) {
            position += 1
            let last = text[position - 1]
            if Self.isLetterOrDigit(last) || "-_&=#/".unicodeScalars.contains(last) { end = position }
        }
        return end
    }
}
