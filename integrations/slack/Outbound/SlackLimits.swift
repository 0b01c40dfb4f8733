import Channels
import CoreTypes

/// Slack's limits, as data.
///
/// Lengths are counted in UTF-16 units, which is never less than what Slack counts.
///
/// Sources: https://docs.slack.dev/reference/block-kit/ and the validators of Slack's own libraries; where another one
/// is meant, it stands beside the number.
enum SlackLimits {
    static let blocksPerMessage = 50
    /// The text that notifications and screen readers get (https://docs.slack.dev/reference/methods/chat.postMessage).
    static let fallbackText = 4000
    /// The blocks of one message as JSON.
    ///
    /// Not documented: from about 13,200 on Slack answers `msg_blocks_too_long`
    /// (https://github.com/slackapi/bolt-js/issues/2509).
    static let blocksAsJSON = 12_000
    static let sectionText = 3000
    static let sectionFields = 10
    static let sectionField = 2000
    static let headerText = 150
    /// A text object has 3,000 characters in any block.
    static let contextText = 3000
    /// Not documented; kept to what a section takes.
    static let richText = 3000
    static let actionsElements = 25
    static let buttonText = 75
    static let buttonURL = 3000
    static let linkURL = 3000
    static let tablesPerMessage = 1
    static let tableRows = 100
    static let tableColumns = 20
    static let tableText = 10_000

    static let modalTitle = 24
    static let modalButton = 24
    static let modalCallback = 255
    static let modalPrivateMetadata = 3000
    static let modalBlocks = 100
    static let inputLabel = 2000
    static let inputHint = 2000
    static let inputText = 3000
    static let options = 100
    static let optionText = 75
    static let optionValue = 150
    static let checkboxes = 10

    /// What the ids of our own buttons start with; links have others, and are not reported.
    static let actionPrefix = "aragora:"

    /// One message a second and channel with short bursts, several hundred a minute and workspace, and the tiers of
    /// the methods by which we edit, whisper and open forms (https://docs.slack.dev/apis/web-api/rate-limits).
    static let channel = ChannelLimits(
        channelBurst: 4,
        channelInterval: .seconds(1),
        methodsPerMinute: ["post": 300, "edit": 50, "ephemeral": 100, "form": 100],
        editInterval: .milliseconds(1200)
    )
}

/// The length of a text as the limits count it.
func slackLength(_ text: some StringProtocol) -> Int { text.utf16.count }

/// The longest beginning of a text within a limit, with an ellipsis where something is missing.
///
/// Only for labels that are names of what stands elsewhere in full, such as a button's or a notification's.
func abbreviated(_ text: String, to limit: Int) -> String {
    guard slackLength(text) > limit else { return text }
    var kept = ""
    var length = 0
    for character in text {
        let next = String(character).utf16.count
        guard length + next < limit else { break }
        kept.append(character)
        length += next
    }
    return kept + "…"
}
