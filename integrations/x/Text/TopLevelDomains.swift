/// The domains at the top of the tree, which make a word with a dot an address.
///
/// The list is the root zone's, with names that have left it since X began to count.
struct TopLevelDomains: Sendable {
    /// The list that stands beside this file.
    static let standard = TopLevelDomains(String(decoding: PackageResources.top_level_domains_txt, as: UTF8.self))

    private let names: Set<String>
    private let longest: Int

    private init(_ list: String) {
        names = Set(list.split(separator: "\n").map(String.init))
        longest = names.lazy.map(\.unicodeScalars.count).max() ?? 0
    }

    /// The place behind the top-level domain that begins at a position; nil where none does.
    func end(in text: [Unicode.Scalar], at start: Int) -> Int? {
        var name = ""
        var found: Int?
        var position = start
        while position < text.count, position - start < longest {
            name.unicodeScalars.append(text[position])
            position += 1
            if isEnd(text, position), names.contains(name.lowercased()) { found = position }
        }
        return found ?? encoded(in: text, at: start)
    }

    /// A name of other letters in its ASCII form.
    private func encoded(in text: [Unicode.Scalar], at start: Int) -> Int? {
        let prefix = Array("xn--".unicodeScalars)
        guard start + prefix.count < text.count,
            zip(prefix, text[start...]).allSatisfy({ $0 == AddressScanner.lowercased($1) })
        else { return nil }
        var end = start + prefix.count
        while end < text.count, text[end] == "-" || AddressScanner.isLetterOrDigit(text[end]) { end += 1 }
        return end > start + prefix.count ? end : nil
    }

    private func isEnd(_ text: [Unicode.Scalar], _ position: Int) -> Bool {
        guard position < text.count else { return true }
        return !AddressScanner.isLetterOrDigit(text[position]) && !"@+-".unicodeScalars.contains(text[position])
    }
}
