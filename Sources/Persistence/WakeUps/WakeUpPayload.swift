import CoreTypes

/// The text of a notification: words with spaces between, such as `from:3f2a inbox debate:01hx…`.
///
/// `from:` names the process that sent it, so that a process does not wake itself twice; `probe` is its question to
/// itself whether notifications arrive at all.
enum WakeUpPayload {
    /// Postgres takes payloads of less than 8000 bytes.
    static let maximumLength = 7_900

    /// Reads a payload; words that it does not know are passed over.
    static func wakeUps(in text: String) -> [WakeUp] {
        var wakeUps: [WakeUp] = []
        for word in text.split(separator: " ") {
            switch word {
            case "inbox": wakeUps.append(.inbox)
            case "outbox": wakeUps.append(.outbox)
            case "jobs": wakeUps.append(.jobs)
            default:
                if word.hasPrefix("debate:") { wakeUps.append(.debate(DebateID(String(word.dropFirst(7))))) }
            }
        }
        return wakeUps
    }

    /// The payloads that carry these wake-ups, as few as their length allows.
    static func texts(of wakeUps: some Sequence<WakeUp>, origin: String) -> [String] {
        var texts: [String] = []
        var text = "from:\(origin)"
        var isEmpty = true
        for wakeUp in wakeUps {
            let word = word(of: wakeUp)
            if text.utf8.count + word.utf8.count + 1 > maximumLength {
                texts.append(text)
                text = "from:\(origin)"
            }
            text += " \(word)"
            isEmpty = false
        }
        if !isEmpty { texts.append(text) }
        return texts
    }

    /// Whether a process has sent a payload.
    ///
    /// What a busy process hears is mostly its own, and it knows that already.
    static func isSent(by origin: String, _ text: String) -> Bool { text.hasPrefix("from:\(origin) ") }

    /// The payload of a self-probe.
    static func probe(origin: String) -> String { "from:\(origin) probe" }

    private static func word(of wakeUp: WakeUp) -> String {
        switch wakeUp {
        case .inbox: "inbox"
        case .outbox: "outbox"
        case .jobs: "jobs"
        case .debate(let debate): "debate:\(debate.rawValue)"
        }
    }
}
