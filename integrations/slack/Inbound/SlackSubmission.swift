import CoreTypes

/// A form that came back.
struct SlackSubmission {
    /// Most rounds that a debate may have (the engine's limit); checked here so that the form can say it at once.
    static let maximumRounds = 12

    let callback: String
    /// The answers by the name of their question; several choices are separated by commas.
    let answers: [String: String]
    let state: String
    let origin: SlackFormOrigin
    /// What is wrong with the answers, by block; empty where nothing is.
    let errors: [String: JSONValue]

    /// Reads a view.
    ///
    /// The names of the questions are the ids of the blocks, as `SlackModal` wrote them.
    init(_ view: JSONNode) {
        callback = view["callback_id"]?.string ?? ""
        origin = SlackFormOrigin(privateMetadata: view["private_metadata"]?.string ?? "")
        state = origin.state
        var answers: [String: String] = [:]
        var errors: [String: JSONValue] = [:]
        for (block, elements) in view["state"]?["values"]?.members ?? [] {
            guard let field = SlackModal.field(ofBlock: block), let element = elements.members?.first?.value else {
                continue
            }
            let answer = Self.answer(element)
            answers[field.name] = answer
            let meaning = trimmed(answer)
            if meaning.isEmpty {
                if !field.isOptional { errors[block] = "This is needed." }
            } else if field.name == "agents", !meaning.contains(",") {
                errors[block] = "A debate needs at least two agents."
            } else if field.name == "rounds", Int(meaning).map({ (1...Self.maximumRounds).contains($0) }) != true {
                errors[block] = .string("A number from 1 to \(Self.maximumRounds), please.")
            }
        }
        self.answers = answers
        self.errors = errors
    }

    private static func answer(_ element: JSONNode) -> String {
        if let value = element["value"]?.string { return value }
        if let option = element["selected_option"]?["value"]?.string { return option }
        if let options = element["selected_options"]?.array {
            return options.compactMap { $0["value"]?.string }.joined(separator: ",")
        }
        return ""
    }
}

/// Where a form was asked for: it travels with the form, because what comes back names no channel.
struct SlackFormOrigin: Equatable {
    var channel: String?
    var thread: String?
    var threadIsNew = false
    var responseURL: String?
    var responseURLExpires: Timestamp?
    /// The form's own state.
    var state: String = ""

    /// What Slack keeps with the form and nobody sees; at most 3,000 characters.
    var privateMetadata: String {
        JSONValue.record([
            "c": channel.map { .string($0) },
            "t": thread.map { .string($0) },
            "n": threadIsNew ? true : nil,
            "r": responseURL.map { .string($0) },
            "e": responseURLExpires.map { .integer($0.rawValue) },
            "s": .string(state),
        ]).text
    }
}

extension SlackFormOrigin {
    /// Reads what came back; a text of another making gives an empty origin.
    init(privateMetadata: String) {
        guard let value = try? JSONValue(parsing: privateMetadata) else { return }
        channel = value["c"]?.string
        thread = value["t"]?.string
        threadIsNew = value["n"]?.bool ?? false
        responseURL = value["r"]?.string
        responseURLExpires = value["e"]?.integer.map { Timestamp(rawValue: $0) }
        state = value["s"]?.string ?? ""
    }
}
