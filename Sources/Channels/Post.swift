/// What is said, before any platform's form is given to it.
///
/// The body is CommonMark with the GitHub extensions. It may have any length: a platform's limits are met by splitting
/// the rendered form, and nothing is ever cut off.
package struct Post: Codable, Hashable, Sendable {
    package var title: String?
    /// CommonMark and GFM (tables, strikethrough, autolinks).
    package var body: String
    /// Short facts beside the body, in their order.
    package var fields: [Field]
    /// Shown below the last part.
    package var buttons: [Button]
    /// A small line below everything, such as who was asked and when; CommonMark.
    package var footer: String?
    /// What a notification or a screen reader gets; plain text of one line.
    package var fallbackText: String
    /// The platform's id of a person who is to be told of the post, where the platform has mentions.
    package var mention: String?

    /// Describes a post.
    package init(
        title: String? = nil,
        body: String,
        fields: [Field] = [],
        buttons: [Button] = [],
        footer: String? = nil,
        fallbackText: String,
        mention: String? = nil
    ) {
        self.title = title
        self.body = body
        self.fields = fields
        self.buttons = buttons
        self.footer = footer
        self.fallbackText = fallbackText
        self.mention = mention
    }

    /// A short fact with its name.
    package struct Field: Codable, Hashable, Sendable {
        package var name: String
        /// Plain text.
        package var value: String

        /// Pairs a fact with its name.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Something to press.
    ///
    /// The token is opaque, at most 20 bytes; the store knows what it stands for.
    package struct Button: Codable, Hashable, Sendable {
        /// How a button stands out.
        package enum Style: String, Codable, Sendable { case plain, primary, danger }

        package var label: String
        /// What comes back when it is pressed; empty for a link.
        package var token: String
        package var style: Style
        /// Where a link leads; a link is not reported back.
        package var url: String?

        /// Describes a button that is reported back.
        package init(label: String, token: String, style: Style = .plain) {
            self.label = label
            self.token = token
            self.style = style
            self.url = nil
        }

        /// Describes a link.
        package init(label: String, url: String) {
            self.label = label
            self.token = ""
            self.style = .plain
            self.url = url
        }
    }
}

/// A form that a platform shows as a dialog and sends back filled in.
package struct Form: Codable, Hashable, Sendable {
    package var title: String
    /// Comes back with the answers; says what the form is for.
    package var callback: String
    package var submitLabel: String
    package var fields: [Field]
    /// Opaque text of at most 2,000 characters that comes back with the answers.
    package var state: String

    /// Describes a form.
    package init(title: String, callback: String, submitLabel: String, fields: [Field], state: String = "") {
        self.title = title
        self.callback = callback
        self.submitLabel = submitLabel
        self.fields = fields
        self.state = state
    }

    /// One question of a form.
    package struct Field: Codable, Hashable, Sendable {
        /// How an answer is given.
        package enum Kind: Codable, Hashable, Sendable {
            case text(multiline: Bool)
            /// One of the options.
            case choice([Option])
            /// Any number of the options.
            case choices([Option])
        }

        /// One of several answers.
        package struct Option: Codable, Hashable, Sendable {
            package var value: String
            package var label: String

            /// Pairs an answer with its label.
            package init(value: String, label: String) {
                self.value = value
                self.label = label
            }
        }

        /// The name under which the answer comes back.
        package var name: String
        package var label: String
        package var hint: String?
        package var kind: Kind
        /// The answer that is there already; several are separated by commas.
        package var initial: String
        package var isOptional: Bool

        /// Describes a question.
        package init(
            name: String,
            label: String,
            hint: String? = nil,
            kind: Kind,
            initial: String = "",
            isOptional: Bool = false
        ) {
            self.name = name
            self.label = label
            self.hint = hint
            self.kind = kind
            self.initial = initial
            self.isOptional = isOptional
        }
    }
}
