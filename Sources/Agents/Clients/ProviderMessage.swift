import CoreTypes

/// What a provider says about a request that it refused, made fit to be shown to people.
///
/// Providers quote keys, so a word that may be one is left out; what is no letter, number or plain sign goes too.
struct ProviderMessage {
    let text: String

    private static let maximumLength = 240
    /// How the keys of the known providers begin.
    private static let keyPrefixes = ["sk-", "sk_", "pk-", "key-", "xai-", "gsk_", "aiza"]

    /// Cleans a message.
    /// - Parameter key: The key that must not be shown in any case.
    init(_ message: String, key: Secret?) {
        let key = key?.reveal() ?? ""
        var shown = ""
        var length = 0
        for word in message.split(whereSeparator: \.isWhitespace) {
            let clean = Self.mayBeSecret(word, key: key) ? "…" : Self.harmless(word)
            guard !clean.isEmpty else { continue }
            length += clean.unicodeScalars.count + 1
            guard length <= Self.maximumLength else {
                shown += shown.isEmpty ? "…" : " …"
                break
            }
            shown += shown.isEmpty ? clean : " " + clean
        }
        text = shown
    }

    private static func mayBeSecret(_ word: Substring, key: String) -> Bool {
        // A short key, such as that of a server at home, may stand in any word.
        if !key.isEmpty, word == key || key.utf8.count >= 8 && word.contains(key) { return true }
        let runs = word.split { !$0.isASCII || !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        if runs.contains(where: { run in keyPrefixes.contains { run.lowercased().hasPrefix($0) } }) { return true }
        return word.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.contains { run in
            run.utf8.count >= 32 || run.utf8.count >= 20 && run.contains(where: \.isNumber)
        }
    }

    private static func harmless(_ word: Substring) -> String {
        var text = ""
        for scalar in word.unicodeScalars
        where scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || ".,:;!?'\"()/_-+=%’".unicodeScalars.contains(scalar)
        {
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
