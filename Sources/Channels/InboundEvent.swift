package import CoreTypes

/// A request of a platform exactly as it came in: nothing is parsed before its signature was checked.
package struct RawRequest: Sendable {
    package let method: String
    /// The path behind the adapter's base, such as `events`.
    package let route: String
    /// The query, undecoded, without the question mark.
    package let query: String
    /// Names as they were sent, in their order.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    package let receivedAt: Timestamp

    /// Describes a request.
    package init(
        method: String,
        route: String,
        query: String,
        headers: [(name: String, value: String)],
        body: [UInt8],
        receivedAt: Timestamp
    ) {
        self.method = method
        self.route = route
        self.query = query
        self.headers = headers
        self.body = body
        self.receivedAt = receivedAt
    }

    /// Adds the body to a request whose head was there first.
    package init(_ head: RawRequest, body: [UInt8]) {
        self.init(
            method: head.method,
            route: head.route,
            query: head.query,
            headers: head.headers,
            body: body,
            receivedAt: head.receivedAt
        )
    }

    /// The value of a header; nil where it is missing or stands there more than once.
    /// - Parameter name: its name in lower case, of letters, digits and hyphens.
    package func header(_ name: String) -> String? {
        var found: String?
        for header in headers where Self.isName(header.name.utf8, name.utf8) {
            guard found == nil else { return nil }
            found = header.value
        }
        return found
    }

    /// Whether a header's name is this one in small or capital letters; bit 5 is all that makes the difference.
    private static func isName(_ sent: String.UTF8View, _ name: String.UTF8View) -> Bool {
        sent.count == name.count && zip(sent, name).allSatisfy { $0 | 0x20 == $1 }
    }
}

/// A request whose signature was right.
///
/// Only an adapter's verifier makes one.
package struct VerifiedRequest: Sendable {
    package let raw: RawRequest

    /// Vouches for a request.
    package init(verified raw: RawRequest) {
        self.raw = raw
    }
}

/// A request that is turned away.
package struct RequestRefusal: CodedError {
    /// The HTTP status that the sender gets, without any detail.
    package let status: Int
    package let code: String
    /// For our own log; never sent.
    package let description: String
    package var isRetryable: Bool { false }

    /// Describes a refusal.
    package init(status: Int, code: String, _ description: String) {
        self.status = status
        self.code = code
        self.description = description
    }

    /// The signature is missing, wrong or too old: 401 and nothing else.
    package static func unverified(_ description: String) -> RequestRefusal {
        RequestRefusal(status: 401, code: "unverified", description)
    }
}

/// What a verified request becomes: rows for the inbox and the answer that the platform wants once they are stored.
package struct Reception: Sendable {
    package var entries: [Entry]
    package var acknowledgement: Acknowledgement

    /// Describes what came in.
    package init(entries: [Entry], acknowledgement: Acknowledgement = .empty) {
        self.entries = entries
        self.acknowledgement = acknowledgement
    }

    /// One row for the inbox.
    package struct Entry: Sendable {
        package let workspace: WorkspaceID
        /// Unique in the workspace and made of the platform's own ids, so that a retry or a twin meets the constraint.
        package let eventKey: String
        /// Which parser the body needs, such as `event`, `command`, `interaction`.
        package let shape: String
        /// What has to be handled in order, such as a thread.
        package let conversationKey: String
        package let body: [UInt8]

        /// Describes a row.
        package init(
            workspace: WorkspaceID,
            eventKey: String,
            shape: String,
            conversationKey: String,
            body: [UInt8]
        ) {
            self.workspace = workspace
            self.eventKey = eventKey
            self.shape = shape
            self.conversationKey = conversationKey
            self.body = body
        }
    }
}

/// The answer to a platform's request.
package struct Acknowledgement: Sendable {
    package var status: Int
    package var contentType: String?
    package var body: [UInt8]
    package var headers: [(name: String, value: String)]

    /// Describes an answer.
    package init(
        status: Int = 200,
        contentType: String? = nil,
        body: [UInt8] = [],
        headers: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    /// 200 without a body.
    package static let empty = Acknowledgement()
}

/// A stored row as the worker reads it back.
package struct StoredEvent: Sendable {
    package let workspace: WorkspaceID
    package let eventKey: String
    package let shape: String
    package let conversationKey: String
    package let body: [UInt8]
    package let receivedAt: Timestamp

    /// Describes a stored row.
    package init(
        workspace: WorkspaceID,
        eventKey: String,
        shape: String,
        conversationKey: String,
        body: [UInt8],
        receivedAt: Timestamp
    ) {
        self.workspace = workspace
        self.eventKey = eventKey
        self.shape = shape
        self.conversationKey = conversationKey
        self.body = body
        self.receivedAt = receivedAt
    }
}

/// What somebody did on a platform, in the same words for every platform.
package struct InboundEvent: Sendable {
    /// Who did it, by the platform's immutable id.
    package struct Actor: Hashable, Sendable {
        package let id: String
        package let displayName: String?
        /// Another program; it is answered only within the loop budget.
        package let isBot: Bool

        /// Describes an actor.
        package init(id: String, displayName: String? = nil, isBot: Bool = false) {
            self.id = id
            self.displayName = displayName
            self.isBot = isBot
        }
    }

    /// What was done.
    package enum Kind: Sendable {
        /// A message was written. `text` is Markdown without our own mention; `messageID` is the platform's id.
        case message(text: String, messageID: String, mentionsUs: Bool, isDirect: Bool)
        /// A slash command was given, such as `debate --rounds 3 Should we …`.
        case command(text: String)
        /// A button of ours was pressed.
        case button(token: String)
        /// A shortcut was used that asks for the question form; `text` is what it was used on, empty for none.
        case formRequested(text: String)
        /// A form came back.
        case formSubmitted(callback: String, answers: [String: String], state: String)
        /// The app was removed from the workspace, or its tokens were revoked; `at` is when, where the platform says so.
        case uninstalled(reason: String, at: Timestamp? = nil)
    }

    package let workspace: WorkspaceID
    /// Unique in the workspace for what was done, whatever event told us: twins have the same one.
    package let originKey: String
    package let conversationKey: String
    package let actor: Actor
    /// How to answer in the same place.
    package let address: Address
    package let kind: Kind
    /// The immutable ids of the people whom the text mentions, by the names that it has for them behind an `@`: only
    /// what the platform itself resolved, never a name as somebody typed it.
    package let mentions: [String: String]
    /// What it passes on, such as a forwarded message, as a quotation in Markdown; empty for nothing.
    package let quotation: String
    /// Whether files came with it; nobody reads them.
    package let hasFiles: Bool
    /// When it was written, by the platform's clock; nil where the platform does not say.
    package let writtenAt: Timestamp?

    /// Describes what was done.
    package init(
        workspace: WorkspaceID,
        originKey: String,
        conversationKey: String,
        actor: Actor,
        address: Address,
        kind: Kind,
        mentions: [String: String] = [:],
        quotation: String = "",
        hasFiles: Bool = false,
        writtenAt: Timestamp? = nil
    ) {
        self.writtenAt = writtenAt
        self.quotation = quotation
        self.hasFiles = hasFiles
        self.mentions = mentions
        self.workspace = workspace
        self.originKey = originKey
        self.conversationKey = conversationKey
        self.actor = actor
        self.address = address
        self.kind = kind
    }

    /// What was said, and behind it what it passes on.
    package func withQuotation(_ words: String) -> String {
        [words, quotation].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// What stands before a command everywhere but in threads, where platforms know no such commands.
    package static let slashPrefix = "/aragora "
    /// What stands before a command where everybody reads along.
    package static let mentionPrefix = "@Aragora "

    /// What stands before a command in an answer to this, so that it works for who types it there.
    package var commandPrefix: String {
        switch kind {
        case .command: Self.slashPrefix
        case .message(_, _, _, true): ""
        default: Self.mentionPrefix
        }
    }
}
