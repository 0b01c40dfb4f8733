import Channels
import CoreTypes

/// A form as Slack's modal view, and the names that lead from its blocks back to its questions.
///
/// Source: https://docs.slack.dev/surfaces/modals/
enum SlackModal {
    /// Writes a view.
    static func view(_ form: Form, origin: SlackFormOrigin) -> JSONValue {
        .record([
            "type": "modal",
            "callback_id": .string(abbreviated(form.callback, to: SlackLimits.modalCallback)),
            "title": plain(form.title, SlackLimits.modalTitle),
            "submit": plain(form.submitLabel, SlackLimits.modalButton),
            "close": plain("Cancel", SlackLimits.modalButton),
            "private_metadata": .string(metadata(origin)),
            "blocks": .array(form.fields.filter(hasAnswers).prefix(SlackLimits.modalBlocks).map(block)),
        ])
    }

    /// The question that a block stands for; nil for blocks that are none of ours.
    static func field(ofBlock id: String) -> (name: String, isOptional: Bool)? {
        if id.hasPrefix("required:") { return (String(id.dropFirst("required:".count)), false) }
        if id.hasPrefix("optional:") { return (String(id.dropFirst("optional:".count)), true) }
        return nil
    }

    /// What travels with the form; the response URL is left out where there is no room, as other ways remain.
    private static func metadata(_ origin: SlackFormOrigin) -> String {
        let text = origin.privateMetadata
        guard slackLength(text) > SlackLimits.modalPrivateMetadata else { return text }
        var shorter = origin
        shorter.responseURL = nil
        shorter.responseURLExpires = nil
        return shorter.privateMetadata
    }

    /// Whether a question can be answered at all: Slack refuses lists without options.
    private static func hasAnswers(_ field: Form.Field) -> Bool {
        switch field.kind {
        case .text: true
        case .choice(let choices), .choices(let choices): !offered(choices).isEmpty
        }
    }

    /// The answers that Slack takes; one whose value is too long could not come back whole, so it is left out.
    private static func offered(_ choices: [Form.Field.Option]) -> [Form.Field.Option] {
        Array(choices.filter { slackLength($0.value) <= SlackLimits.optionValue }.prefix(SlackLimits.options))
    }

    private static func block(_ field: Form.Field) -> JSONValue {
        .record([
            "type": "input",
            "block_id": .string("\(field.isOptional ? "optional" : "required"):\(field.name)"),
            "label": plain(field.label, SlackLimits.inputLabel),
            "hint": field.hint.map { plain($0, SlackLimits.inputHint) },
            "optional": .bool(field.isOptional),
            "element": element(field),
        ])
    }

    private static func element(_ field: Form.Field) -> JSONValue {
        switch field.kind {
        case .text(let isMultiline):
            .record([
                "type": "plain_text_input",
                "action_id": "answer",
                "multiline": .bool(isMultiline),
                "max_length": .integer(Int64(SlackLimits.inputText)),
                "initial_value": field.initial.isEmpty
                    ? nil : .string(abbreviated(field.initial, to: SlackLimits.inputText)),
            ])
        case .choice(let choices):
            .record([
                "type": "static_select",
                "action_id": "answer",
                "options": options(offered(choices)),
                "initial_option": offered(choices).first { $0.value == field.initial }.map(option),
            ])
        case .choices(let choices):
            .record([
                "type": offered(choices).count > SlackLimits.checkboxes ? "multi_static_select" : "checkboxes",
                "action_id": "answer",
                "options": options(offered(choices)),
                "initial_options": initial(of: field, among: offered(choices)),
            ])
        }
    }

    private static func initial(of field: Form.Field, among choices: [Form.Field.Option]) -> JSONValue? {
        let wanted = field.initial.split(separator: ",").map { trimmed(String($0)) }
        let chosen = choices.filter { wanted.contains($0.value) }
        // A bare nil would be JSON's null, which Slack refuses here.
        return chosen.isEmpty ? Optional.none : options(chosen)
    }

    private static func options(_ choices: [Form.Field.Option]) -> JSONValue {
        .array(choices.map(option))
    }

    private static func option(_ choice: Form.Field.Option) -> JSONValue {
        .record(["text": plain(choice.label, SlackLimits.optionText), "value": .string(choice.value)])
    }

    private static func plain(_ text: String, _ limit: Int) -> JSONValue {
        ["type": "plain_text", "text": .string(abbreviated(text, to: limit)), "emoji": false]
    }
}
