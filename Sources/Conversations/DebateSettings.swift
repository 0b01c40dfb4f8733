import Channels
package import CoreTypes
package import Debates

/// What was chosen for one debate, as it stands in its row: enough to run it on any process.
package struct DebateSettings: Sendable {
    package var agents: [String]
    package var debateProtocol: DebateProtocol
    package var background: String
    /// How the asker is called, where the platform told us.
    package var requester: String?
    /// Whom the end of the debate mentions, by the platform's id; nil where a program asked.
    package var mention: String?
    /// What the button that stops the debate carries; nil where there is no such button.
    package var stopToken: String?
    /// What the request can be told from another one with the same origin by.
    package var fingerprint: String?

    /// Describes a choice.
    package init(
        agents: [String],
        debateProtocol: DebateProtocol,
        background: String = "",
        requester: String? = nil,
        mention: String? = nil,
        stopToken: String? = nil,
        fingerprint: String? = nil
    ) {
        self.agents = agents
        self.debateProtocol = debateProtocol
        self.background = background
        self.requester = requester
        self.mention = mention
        self.stopToken = stopToken
        self.fingerprint = fingerprint
    }

    /// Reads what `json` wrote.
    /// - Throws: a `CodedError` where the row holds something else.
    package init(json: JSONValue) throws {
        guard let agents = json["agents"]?.array?.compactMap(\.string), let chosen = json["protocol"] else {
            throw ConversationError(.unreadable, "The settings of the debate cannot be read.")
        }
        self.init(
            agents: agents,
            debateProtocol: try DebateProtocol(json: chosen),
            background: json["background"]?.string ?? "",
            requester: json["requester"]?.string,
            mention: json["mention"]?.string,
            stopToken: json["stop_token"]?.string,
            fingerprint: json["fingerprint"]?.string
        )
    }

    /// The settings as they stand in the row.
    package var json: JSONValue {
        .record([
            "agents": .strings(agents),
            "protocol": debateProtocol.json,
            "background": .string(background),
            "requester": requester.map { .string($0) },
            "mention": mention.map { .string($0) },
            "stop_token": stopToken.map { .string($0) },
            "fingerprint": fingerprint.map { .string($0) },
        ])
    }
}

/// What an outbox row of ours is for; comes back when it was delivered.
package struct DeliveryContext: Sendable {
    /// The part that a message plays.
    package enum Role: String, Sendable {
        case start, progress, verdict, answer, quickAnswer = "quick_answer", form
    }

    package var role: Role
    package var debate: DebateID?
    /// What the person is told where the form cannot be shown.
    var otherwise: Post?

    init(role: Role, debate: DebateID?, otherwise: Post? = nil) {
        self.role = role
        self.debate = debate
        self.otherwise = otherwise
    }

    init?(json: JSONValue) {
        guard let role = json["role"]?.string.flatMap(Role.init(rawValue:)) else { return nil }
        self.init(role: role, debate: json["debate_id"]?.string.map { DebateID($0) })
        if let body = json["otherwise"]?.string {
            otherwise = Post(body: body, fallbackText: json["otherwise_text"]?.string ?? body)
        }
    }

    var json: JSONValue {
        .record([
            "role": .string(role.rawValue),
            "debate_id": debate.map { .string($0.rawValue) },
            "otherwise": otherwise.map { .string($0.body) },
            "otherwise_text": otherwise.map { .string($0.fallbackText) },
        ])
    }
}
