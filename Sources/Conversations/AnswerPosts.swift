import Channels
import CoreTypes
import Crypto
import Debates
import Persistence

/// Writes the answers to commands and buttons.
struct AnswerPosts: Sendable {
    let links: ReceiptLinks

    func help(prefix: String, isDemo: Bool) -> Post {
        var body = """
            Ask a hard question; a panel of AI models proposes, criticises, revises and votes, and the verdict comes back \
            here with its dissent and a receipt that anyone can check.

            - `\(prefix)debate <question>` – start a debate
            - `\(prefix)ask <question>` – get a quick answer from one agent, without rounds
            - `\(prefix)status [number]` – see how a debate is going
            - `\(prefix)stop [number]` – stop a debate; it ends with what the panel has so far, where nobody has to release it
            - `\(prefix)verdict <number>` – see a verdict again
            - `\(prefix)recent` – list the newest debates
            - `\(prefix)agents` – list who can sit on the panel
            - `\(prefix)leaderboard` – see whose proposals win
            - `\(prefix)approvals` – see what waits for your decision
            - `\(prefix)approve <number>`, `\(prefix)reject <number> <reason>` – decide it
            - `\(prefix)revise <number> <guidance>`, `\(prefix)answer <number> <answer> [reason]` – where a request \
            has such answers
            - `\(prefix)delegate <person> until <date>` – let somebody else decide for you
            - `\(prefix)delegations`, `\(prefix)undelegate` – who decides for whom, and an end to it

            Options for `debate`: `--rounds 1…12`, `--agents name,name`, \
            `--consensus \(DebateOptions.consensusRules.joined(separator: "|"))`.

            Whatever you write in the thread of a running debate becomes evidence for its next round, as long as \
            there is one; what comes after the last round is counted in the verdict.
            """
        if isDemo { body += "\n\n**\(DebateWords.demoNotice)**" }
        return Post(title: "Aragora", body: body, fallbackText: "Aragora: the commands")
    }

    /// - Parameters:
    ///   - debates: each with the address of its thread, where there is one.
    ///   - prefix: what stands before a command where the list is read.
    func list(of debates: [(debate: DebateRecord, thread: String?)], prefix: String) -> Post {
        let lines = debates.map { debate, thread in
            let state =
                debate.status == .completed
                ? "verdict, \(DebateWords.percent(debate.confidence ?? 0)) sure" : debate.status.rawValue
            let number = thread.map { "[#\(debate.number)](\($0))" } ?? "#\(debate.number)"
            return "- \(number) \(MarkdownDocument.escaped(DebateWords.plainLine(debate.task))) – \(state)"
        }
        return Post(
            title: "Newest debates",
            body: lines.joined(separator: "\n"),
            footer: "`\(prefix)verdict <number>` shows one.",
            fallbackText: "The newest debates"
        )
    }

    func agents(_ profiles: [AgentProfile]) -> Post {
        let lines = profiles.map { profile in
            "- **\(profile.name)** – "
                + (profile.isDemo ? "offline demo agent, not an AI model" : "\(profile.model) by \(profile.provider)")
        }
        return Post(
            title: "The panel",
            body: lines.joined(separator: "\n"),
            footer: profiles.contains(where: \.isDemo) ? DebateWords.demoNotice : "Choose with `--agents name,name`.",
            fallbackText: "The agents that can sit on a panel"
        )
    }

    func leaderboard(_ standings: [(agent: String, wins: Int, debates: Int)]) -> Post {
        guard !standings.isEmpty else {
            let text = "No debate has been finished yet."
            return Post(title: "Leaderboard", body: text, fallbackText: text)
        }
        let rows = standings.enumerated().map { rank, entry in
            "| \(rank + 1) | \(MarkdownDocument.escaped(entry.agent)) | \(entry.wins) | \(entry.debates) | "
                + "\(DebateWords.percent(Double(entry.wins) / Double(max(1, entry.debates)))) |"
        }
        return Post(
            title: "Leaderboard",
            body: "| | Agent | Wins | Debates | Rate |\n|---|---|---|---|---|\n" + rows.joined(separator: "\n"),
            fallbackText: "Whose proposals win"
        )
    }

    /// - Parameters:
    ///   - thread: the address of the debate's thread, where there is one.
    ///   - prefix: what stands before a command where the state is read.
    func status(of debate: DebateRecord, _ projection: DebateProjection, thread: String?, prefix: String) -> Post {
        let state: String =
            if let result = projection.result {
                DebateWords.outcomeLine(result)
            } else if debate.status == .created {
                "Waiting for its turn"
            } else if debate.status.isFinal {
                "Ended without a verdict"
            } else {
                DebateWords.progressLine(projection)
            }
        var leads = thread.map { ["[Open the thread](\($0))."] } ?? []
        if debate.status == .completed { leads.append("`\(prefix)verdict \(debate.number)` shows the verdict.") }
        return Post(
            title: "Debate #\(debate.number)",
            body: DebateWords.quoted(debate.task),
            fields: [.init("Status", debate.status.rawValue), .init("Progress", state)],
            footer: DebateWords.footer(of: debate, leads.joined(separator: " ")),
            fallbackText: "Debate #\(debate.number): \(state)"
        )
    }

    /// Everything that was said, round by round.
    func details(of debate: DebateRecord, _ projection: DebateProjection) -> Post {
        var body = ""
        for proposal in projection.proposals {
            body += "### \(proposal.agent)\n\n\(MarkdownDocument.closed(proposal.content))\n\n"
        }
        if !projection.critiques.isEmpty {
            body += "### Criticism\n\n"
            for given in projection.critiques {
                let issues = given.critique.issues.map(escapedLine).joined(separator: "; ")
                body += "- Round \(given.round): **\(given.critique.agent)** on **\(given.critique.target)** "
                body += "(severity \(DebateWords.percent(given.critique.severity))): \(issues)\n"
            }
        }
        if !projection.votes.isEmpty {
            body += "\n### Votes\n\n"
            for vote in projection.votes {
                body += "- **\(vote.agent)** for **\(MarkdownDocument.escaped(vote.choice))**, "
                body += "\(DebateWords.percent(vote.confidence)) sure: \(escapedLine(vote.reasoning))\n"
            }
        }
        for failure in projection.failures {
            body += "\n- **\(failure.agent)** had trouble (\(failure.kind.rawValue)): "
            body += MarkdownDocument.escaped(failure.message)
        }
        return Post(
            title: "Details of debate #\(debate.number)",
            body: body.isEmpty ? "Nothing was said yet." : body,
            footer: DebateWords.footer(of: debate, ""),
            fallbackText: "Details of debate #\(debate.number)"
        )
    }

    func receipt(_ document: [UInt8], id: String, of debate: DebateRecord) -> Post {
        let facts = try? JSONValue(parsing: document)
        var fields: [Post.Field] = [.init("Receipt", id)]
        if let verdict = facts?["verdict"]?.string { fields.append(.init("Verdict", verdict)) }
        fields.append(.init("SHA-256 of the file", hexadecimal(SHA256.hash(data: document))))
        if let head = facts?["journal"]?["head"]?.string { fields.append(.init("Journal head", head)) }
        if let key = facts?["public_key"]?.string { fields.append(.init("Signed by", key)) }
        let body: String
        if let link = links.receipt(of: debate) {
            body = """
                [Download the receipt](\(link)) and check it offline with `aragora receipt verify FILE`: one changed byte \
                makes it fail. The link opens this receipt alone; whoever has it needs no token.
                """
        } else {
            body = """
                There is no link because the operator has not set `ARAGORA_PUBLIC_URL`. On the gateway's machine, \
                `aragora receipt export \(debate.number) --output FILE` writes the receipt; `aragora receipt verify FILE` \
                checks it offline, wherever it is, and one changed byte makes it fail.
                """
        }
        return Post(
            title: "Receipt of debate #\(debate.number)",
            body: body,
            fields: fields,
            footer: DebateWords.footer(of: debate, ""),
            fallbackText: "Receipt \(id) of debate #\(debate.number)"
        )
    }

    private func escapedLine(_ text: String) -> String { MarkdownDocument.escaped(DebateWords.oneLine(text)) }

    /// The most of a message that is put into the form: forms take 3,000 characters on Slack, and what is beyond the
    /// basic plane counts twice.
    private static let prefilled = 2900

    func questionForm(question: String, agents: [AgentProfile]) -> Form {
        let cut = question.unicodeScalars.prefix(Self.prefilled)
        let hint =
            cut.endIndex == question.endIndex
            ? "A hard one: what should be decided, and what has to be weighed?"
            : "The message is too long for a form: only its first \(Self.prefilled) characters are here. "
                + "To have all of it debated, mention the app in its thread, or send it with the command `debate`."
        return Form(
            title: "Ask Aragora",
            callback: "debate",
            submitLabel: "Debate",
            fields: [
                .init(
                    name: "question",
                    label: "Question",
                    hint: hint,
                    kind: .text(multiline: true),
                    initial: String(cut)
                ),
                .init(
                    name: "agents",
                    label: "Panel",
                    hint: "Nobody chosen means the usual panel.",
                    kind: .choices(agents.prefix(100).map { .init(value: $0.name, label: $0.name) }),
                    isOptional: true
                ),
                .init(
                    name: "rounds",
                    label: "Rounds",
                    kind: .choice(DebateOptions.rounds.map { .init(value: "\($0)", label: DebateWords.rounds($0)) }),
                    isOptional: true
                ),
                .init(
                    name: "consensus",
                    label: "Consensus rule",
                    kind: .choice(DebateOptions.consensusRules.map { .init(value: $0, label: $0) }),
                    isOptional: true
                ),
            ]
        )
    }
}
