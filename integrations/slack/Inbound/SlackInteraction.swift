import CoreTypes

/// The payload of a button, a shortcut or a form, read as far as its keys and its meaning need it.
///
/// Source: https://docs.slack.dev/reference/interaction-payloads/
struct SlackInteraction {
    /// What was done.
    enum Kind {
        /// A button of ours was pressed.
        case button(token: String)
        /// A shortcut was used: without a message, or on one.
        case shortcut(text: String)
        /// A form came back.
        case submission(SlackSubmission)
    }

    let kind: Kind
    let workspace: WorkspaceID?
    let userID: String?
    let userName: String?
    /// Where it was done; the person's own id where it was done in no channel.
    let channel: String
    /// The thread in which it is answered, and whether the answer would be the first one in it.
    let thread: String?
    let threadIsNew: Bool
    let trigger: String?
    let responseURL: String?
    let eventKey: String
    /// Unique for what was done.
    let originKey: String

    var conversationKey: String {
        SlackKeys.conversation(channel: channel, thread: thread, opening: trigger)
    }

    /// Reads a payload; nil for what means nothing to us: links, closed forms and the elements of other apps.
    init?(_ document: JSONDocument) {
        let user = document["user"]
        userID = user?["id"]?.string
        userName = user?["username"]?.string ?? user?["name"]?.string
        trigger = document["trigger_id"]?.string
        workspace = SlackKeys.workspace(ofInteraction: document)
        let message = document["message"]
        let place = document["channel"]?["id"]?.string ?? document["container"]?["channel_id"]?.string
        let person = userID ?? ""
        switch document["type"]?.string {
        case "block_actions":
            guard let action = document["actions"]?.array?.first,
                action["action_id"]?.string?.hasPrefix(SlackLimits.actionPrefix) == true,
                let token = action["value"]?.string, !token.isEmpty,
                let place
            else { return nil }
            kind = .button(token: token)
            channel = place
            let container = document["container"]
            // An ephemeral message has a timestamp of its own that no thread can be opened under.
            let isEphemeral = container?["is_ephemeral"]?.bool == true
            let ts = message?["ts"]?.string ?? container?["message_ts"]?.string
            let present = message?["thread_ts"]?.string ?? container?["thread_ts"]?.string
            thread = SlackKeys.thread(channel: place, thread: present, message: isEphemeral ? nil : ts)
            threadIsNew = thread != nil && present == nil
            responseURL = document["response_url"]?.string
            let identity = trigger ?? "\(ts ?? ""):\(person):\(action["action_ts"]?.string ?? "")"
            eventKey = "interaction:\(identity)"
            originKey = "slack:action:\(identity)"
        case "shortcut", "message_action":
            guard let trigger else { return nil }
            kind = .shortcut(text: message.map { SlackMessageContent(JSONValue($0)).markdown } ?? "")
            channel = place ?? person
            let present = message?["thread_ts"]?.string
            thread = SlackKeys.thread(channel: channel, thread: present, message: message?["ts"]?.string)
            threadIsNew = thread != nil && present == nil
            responseURL = document["response_url"]?.string
            eventKey = "interaction:\(trigger)"
            originKey = "slack:action:\(trigger)"
        case "view_submission":
            guard let view = document["view"], let id = view["id"]?.string else { return nil }
            let submission = SlackSubmission(view)
            kind = .submission(submission)
            channel = submission.origin.channel ?? person
            thread = submission.origin.thread
            threadIsNew = submission.origin.threadIsNew
            responseURL = submission.origin.responseURL
            let identity = "\(id):\(view["hash"]?.string ?? "")"
            eventKey = "view:\(identity)"
            originKey = "slack:view:\(identity)"
        default:
            return nil
        }
    }
}
