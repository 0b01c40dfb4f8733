import CoreTypes

/// Reads commands as people type them: `debate --rounds 3 --agents a,b Should we …`.
package struct CommandParser: Sendable {
    /// How the text reached us.
    package enum Style: Sendable {
        /// A slash command: its first word has to be a command.
        case slash
        /// A mention or a direct message: without a command word, the text is a question to debate.
        case conversation
    }

    private let agents: [String]

    /// Makes a parser.
    /// - Parameter agents: the names that `--agents` may list.
    package init(agents: [String]) {
        self.agents = agents
    }

    /// Reads a command.
    /// - Throws: `CommandMistake` with the nearest right command.
    package func parse(_ text: String, style: Style) throws(CommandMistake) -> Command {
        let text = Substring(text).trimmed
        guard !text.isEmpty else { return .help }
        guard !text.isLonger(than: DebateOptions.longestQuestion) else {
            throw CommandMistake("The question is longer than \(DebateOptions.longestQuestion) characters.")
        }
        let (word, rest) = Self.head(of: text)
        let command = word.lowercased()
        let isSentence = style == .conversation && Self.isSentence(command, rest)
        if Command.words.contains(command), !isSentence { return try parse(command, rest) }
        let nearest = nearestWord(to: command, in: Command.words)
        switch style {
        case .slash:
            // An option with its value belongs to the command that was forgotten.
            let isOption = leadingOption(text).map { Self.isNear($0.name) && !$0.rest.isEmpty } ?? false
            let meant = isOption ? nil : nearest
            throw unknown(word, meaning: meant ?? (rest.isEmpty && !isOption ? "help" : "debate \(word)"), rest)
        case .conversation:
            if let nearest, isMistyped(word, nearest, rest) { throw unknown(word, meaning: nearest, rest) }
            // "Thanks!" is no question for a panel.
            if rest.isEmpty, !word.hasSuffix("?") { return .help }
            return try parse("debate", text)
        }
    }

    /// Reads what is said to us in the thread of a debate that goes on.
    /// - Returns: nil for a question or a statement, which is evidence.
    /// - Throws: `CommandMistake` for what was meant as a command: one with a typing error, or a word alone, such as
    ///   "cancel".
    package func parseInDebate(_ text: String) throws(CommandMistake) -> Command? {
        let (word, rest) = Self.head(of: Substring(text).trimmed)
        let command = word.lowercased()
        if word.isEmpty || (Command.words.contains(command) && !Self.isSentence(command, rest)) {
            return try parse(text, style: .conversation)
        }
        let nearest = nearestWord(to: command, in: Command.words)
        if let nearest, isMistyped(word, nearest, rest) { throw unknown(word, meaning: nearest, rest) }
        // Links, figures and the words of languages that put no blanks between them say something.
        guard rest.isEmpty, word.allSatisfy({ $0.isASCII && $0.isLetter }) else { return nil }
        throw unknown(word, meaning: nearest, rest)
    }

    /// The first word of a text, and what stands behind it.
    ///
    /// The mark of a sentence is no part of a word that stands alone, such as `Stop!`.
    private static func head(of text: Substring) -> (word: Substring, rest: Substring) {
        let word = text.prefix { !$0.isWhitespace }
        let rest = text[word.endIndex...].trimmed
        let bare = word.withoutMarks
        return (rest.isEmpty && !bare.isEmpty ? bare : word, rest)
    }

    /// - Parameter meant: what takes the word's place in what is suggested; nil where there is no guess.
    private func unknown(_ word: Substring, meaning meant: String?, _ rest: Substring) -> CommandMistake {
        CommandMistake(
            "There is no command “\(clipped(word))”.",
            suggestion: meant.map { rest.isEmpty ? $0 : "\($0) \(rest)" }
        )
    }

    /// Whether a word that resembles a command was meant as one: nothing but a number or an option stands behind it, or
    /// it is no word but that of a command that takes a question.
    private func isMistyped(_ word: Substring, _ nearest: String, _ rest: Substring) -> Bool {
        if rest.isEmpty || rest.drop(while: { $0 == "#" }).allSatisfy({ ("0"..."9").contains($0) }) { return true }
        if let (name, _) = leadingOption(rest), Self.isNear(name) { return true }
        // "Debate: should we …" is a question, and "As we grow, should we …" as well.
        let typed = word.lowercased()
        return (nearest == "debate" || nearest == "ask") && editDistance(typed, nearest) == 1
            && typed.allSatisfy(\.isLetter) && !Self.realWords.contains(typed)
    }

    /// Words that resemble `debate` or `ask` and that sentences begin with.
    private static let realWords: Set<String> = [
        "debase", "debated", "debater", "debates", "rebate", "ack", "ark", "as", "ash", "asks", "asp", "ass", "bask",
        "cask",
        "mask", "task",
    ]

    /// In conversation, "stop that nonsense about …" is a sentence and no command.
    private static func isSentence(_ command: String, _ rest: Substring) -> Bool {
        guard rest.contains(where: \.isWhitespace) else { return false }
        switch command {
        case "debate", "ask": return false
        case "approve", "reject", "revise", "answer":
            // "reject 12 too dear" names a request, "reject that nonsense" does not.
            let name = rest.prefix { !$0.isWhitespace }
            return !name.contains(where: \.isNumber)
        case "delegate": return !rest.lowercased().contains(" until ")
        default: return true
        }
    }

    private func parse(_ command: String, _ rest: Substring) throws(CommandMistake) -> Command {
        switch command {
        case "help": return .help
        case "recent": return .recent
        case "agents": return .agents
        case "leaderboard": return .leaderboard
        case "approvals", "approve", "reject", "revise", "answer", "delegate", "delegations", "undelegate":
            return .decision(try parseDecision(command, rest))
        case "status", "stop", "verdict":
            guard !rest.contains(where: \.isWhitespace) else {
                throw CommandMistake("“\(command)” takes one debate number.", suggestion: "recent")
            }
            let name = rest.withoutMarks.drop { $0 == "#" }
            let id = name.isEmpty ? nil : String(name)
            return command == "status" ? .status(id: id) : command == "stop" ? .stop(id: id) : .verdict(id: id)
        default:
            let (options, question) = try parseOptions(rest, of: command)
            guard !question.isEmpty else {
                throw CommandMistake(
                    "“\(command)” needs a question.",
                    suggestion: "\(command) Should we rewrite the billing service?"
                )
            }
            return command == "ask"
                ? .ask(question: question, options: options) : .debate(question: question, options: options)
        }
    }

    private func parseDecision(_ command: String, _ rest: Substring) throws(CommandMistake) -> HumanDecisionCommand {
        if command == "approvals" { return .list }
        if command == "delegations" { return .listDelegations }
        if command == "undelegate" { return .undelegate }
        if command == "delegate" {
            let words = rest.split(whereSeparator: \.isWhitespace)
            guard let end = words.firstIndex(where: { $0.lowercased() == "until" }), end > 0, end + 1 < words.count
            else {
                throw CommandMistake(
                    "“delegate” takes a person and a date.",
                    suggestion: "delegate <person> until 2026-12-31"
                )
            }
            return .delegate(
                person: words[..<end].joined(separator: " "),
                until: words[(end + 1)...].joined(separator: " ")
            )
        }
        let name = rest.prefix { !$0.isWhitespace }
        guard !name.isEmpty else {
            throw CommandMistake("“\(command)” takes the number of a request.", suggestion: "approvals")
        }
        let id = String(name.drop { $0 == "#" })
        let comment = rest[name.endIndex...].trimmed
        switch command {
        case "approve": return .approve(id: id, comment: String(comment))
        case "revise": return .revise(id: id, comment: String(comment))
        case "answer":
            let option = comment.prefix { !$0.isWhitespace }
            guard !option.isEmpty else {
                throw CommandMistake(
                    "“answer” takes the number of a request and one of its answers.",
                    suggestion: "approvals"
                )
            }
            return .answer(id: id, option: String(option), comment: String(comment[option.endIndex...].trimmed))
        default: return .reject(id: id, comment: String(comment))
        }
    }

    /// Options stand before or behind the question, never inside it.
    private func parseOptions(
        _ text: Substring,
        of command: String
    ) throws(CommandMistake) -> (DebateOptions, question: String) {
        var options = DebateOptions()
        let whole = text
        var text = text
        /// What was probably meant: everything that was typed, with one option put right.
        func mistake(_ wrong: OptionMistake, _ before: Substring, _ after: Substring) -> CommandMistake {
            let rest = [before.trimmed, wrong.replacement?[...], after.trimmed].compactMap { $0 }.filter { !$0.isEmpty }
            let isWhole = !before.trimmed.isEmpty || !after.trimmed.isEmpty
            let suggestion = ([command] + rest.map(String.init) + (isWhole ? [] : ["…"])).joined(separator: " ")
            return CommandMistake(wrong.message, suggestion: wrong.replacement == nil ? nil : suggestion)
        }
        while let (name, rest) = leadingOption(text) {
            let (value, behind) = leadingValue(rest)
            do throws(OptionMistake) {
                try set(name, to: value, in: &options, command: command)
            } catch {
                throw mistake(error, whole[..<text.startIndex], behind)
            }
            text = behind.trimmed
        }
        while let (question, name, value) = trailingOption(text) {
            do throws(OptionMistake) {
                try set(name, to: value.filter { !Self.quotes.contains($0) }[...], in: &options, command: command)
            } catch {
                throw mistake(error, whole[..<question.endIndex], whole[text.endIndex...])
            }
            text = question
        }
        return (options, String(text))
    }

    /// An option that cannot be taken.
    private struct OptionMistake: Error {
        let message: String
        /// What to write in its place, empty for nothing; nil where there is no guess.
        let replacement: String?
    }

    private static let names = ["rounds", "agents", "consensus"]
    /// Straight quotation marks, and the curly ones that phones make of them.
    private static let quotes = "\"'“”„‟‘’‚‛«»"

    /// An option's value: in quotation marks, or up to white space that follows no comma.
    private func leadingValue(_ text: Substring) -> (value: Substring, behind: Substring) {
        if let first = text.first, Self.quotes.contains(first),
            let end = text.dropFirst().firstIndex(where: Self.quotes.contains)
        {
            return (text[..<end].dropFirst().trimmed, text[end...].dropFirst())
        }
        var value: Substring = ""
        var behind = text
        repeat {
            let word = behind.prefix { !$0.isWhitespace }
            value += word
            behind = behind[word.endIndex...]
            guard value.last == "," else { break }
            behind = behind.trimmed
        } while !behind.isEmpty
        return (value, behind)
    }

    /// Chat clients turn two hyphens into one dash; both are read.
    private func optionName(_ word: Substring) -> Substring? {
        if word.hasPrefix("--") { return word.dropFirst(2) }
        if word.hasPrefix("—") || word.hasPrefix("–") { return word.dropFirst() }
        return nil
    }

    private func leadingOption(_ text: Substring) -> (name: Substring, rest: Substring)? {
        let word = text.prefix { !$0.isWhitespace && $0 != "=" }
        guard let name = optionName(word), !name.isEmpty else { return nil }
        let rest = text[word.endIndex...]
        return (name, rest.first == "=" ? rest.dropFirst() : rest.trimmed)
    }

    private func trailingOption(_ text: Substring) -> (question: Substring, name: Substring, value: Substring)? {
        var value = lastWord(of: text)
        for _ in 0..<Self.longestList where !value.isEmpty {
            let rest = text[..<value.startIndex].trimmed
            if let name = optionName(value.prefix { $0 != "=" }), value.contains("="), Self.isNear(name) {
                return (rest, name, value.drop { $0 != "=" }.dropFirst())
            }
            let word = lastWord(of: rest)
            guard !word.isEmpty else { return nil }
            if let name = optionName(word), Self.isNear(name) {
                return (text[..<word.startIndex].trimmed, name, value)
            }
            // As before a question, a list may have blanks behind its commas.
            guard word.last == "," else { return nil }
            value = text[word.startIndex...]
        }
        return nil
    }

    /// The most words that are looked through for the option whose values they might be.
    private static let longestList = 32

    /// The last word of a text with others before it, empty where there is only one.
    private func lastWord(of text: Substring) -> Substring {
        text.lastIndex(where: \.isWhitespace).map { text[text.index(after: $0)...] } ?? text.prefix(0)
    }

    /// Behind a question, only what resembles an option is one: a question may end in `-- or not`.
    private static func isNear(_ name: Substring) -> Bool {
        nearestWord(to: name.lowercased(), in: names) != nil
    }

    private func set(
        _ name: Substring,
        to value: Substring,
        in options: inout DebateOptions,
        command: String
    ) throws(OptionMistake) {
        switch name.lowercased() {
        case "rounds":
            let allowed = DebateOptions.rounds
            guard let rounds = Int(value), allowed.contains(rounds) else {
                let nearest = Int(value).map { min(max($0, allowed.lowerBound), allowed.upperBound) } ?? 3
                throw OptionMistake(
                    message: "--rounds takes a number from \(allowed.lowerBound) to \(allowed.upperBound).",
                    replacement: "--rounds \(nearest)"
                )
            }
            options.rounds = rounds
        case "agents":
            options.agents = try seats(value, command: command)
        case "consensus":
            let rule = value.lowercased()
            guard DebateOptions.consensusRules.contains(rule) else {
                let nearest = nearestWord(to: rule, in: DebateOptions.consensusRules) ?? "majority"
                throw OptionMistake(
                    message: "--consensus takes one of \(DebateOptions.consensusRules.joined(separator: ", ")).",
                    replacement: "--consensus \(nearest)"
                )
            }
            options.consensus = rule
        default:
            let nearest = nearestWord(to: name.lowercased(), in: Self.names)
            throw OptionMistake(
                message:
                    "There is no option --\(clipped(name)); there are --rounds, --agents and --consensus.",
                replacement: nearest.map { "--\($0) \(value)" }
            )
        }
    }

    private func seats(_ value: Substring, command: String) throws(OptionMistake) -> [String] {
        let names = value.split(separator: ",").map { $0.trimmed.lowercased() }.filter { !$0.isEmpty }
        guard let wrong = names.first(where: { !agents.contains($0) }) else {
            guard !names.isEmpty else {
                throw OptionMistake(message: "--agents takes names with commas between them.", replacement: "")
            }
            return names
        }
        let nearest = nearestWord(to: wrong, in: agents).map { " Did you mean “\($0)”?" } ?? ""
        var meant: [String] = []
        for name in names {
            guard let name = agents.contains(name) ? name : nearestWord(to: name, in: agents), !meant.contains(name)
            else { continue }
            meant.append(name)
        }
        // One alone cannot debate; the usual panel can.
        let isEnough = meant.count >= (command == "ask" ? 1 : 2)
        throw OptionMistake(
            message:
                "There is no agent “\(clipped(wrong[...]))”.\(nearest) There are: \(agents.joined(separator: ", ")).",
            replacement: isEnough ? "--agents \(meant.joined(separator: ","))" : ""
        )
    }
}
