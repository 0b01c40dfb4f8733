import Channels
import CoreTypes
import Debates
import Persistence

/// Writes every message about a debate that people read in a chat.
package struct DebatePosts: Sendable {
    let links: ReceiptLinks

    /// Makes the writer.
    package init(links: ReceiptLinks) {
        self.links = links
    }

    /// Said wherever demo agents speak: they must never be taken for models.
    static let demoNotice =
        "Offline demo agents – no AI model took part. Set a model key to put real models on the panel."

    /// The tokens of a verdict's buttons.
    struct VerdictTokens: Sendable {
        var details: String
        var receipt: String
        var agree: String
        var disagree: String
        var again: String
    }

    // MARK: The one message that is edited while the debate runs

    func start(of debate: DebateRecord, settings: DebateSettings) -> Post {
        Post(
            title: "Debate #\(debate.number)",
            body: quoted(debate.task),
            fields: [
                .init("Panel", settings.agents.joined(separator: ", ")),
                .init(
                    "Rules",
                    "\(rounds(settings.debateProtocol.rounds)), \(settings.debateProtocol.consensus.rawValue)"
                ),
                .init("Progress", "Starting"),
            ],
            buttons: settings.stopToken.map { [.init(label: "Stop", token: $0, style: .danger)] } ?? [],
            footer: footer(
                of: debate,
                "\(settings.requester.map { "Asked by \($0). " } ?? "")Reply in this thread to add evidence."
            ),
            fallbackText: "Debate #\(debate.number) has started: \(plainLine(debate.task))"
        )
    }

    func progress(of debate: DebateRecord, settings: DebateSettings, _ projection: DebateProjection) -> Post {
        var post = start(of: debate, settings: settings)
        post.fields[2] = .init("Progress", progressLine(projection))
        let failed = Set(projection.failures.map(\.agent)).sorted()
        if !failed.isEmpty { post.fields.append(.init("Had trouble", failed.joined(separator: ", "))) }
        if !projection.evidence.isEmpty { post.fields.append(.init("Evidence added", "\(projection.evidence.count)")) }
        return post
    }

    /// - Parameter result: nil where the debate could not be brought to its end.
    func finished(_ debate: DebateRecord, settings: DebateSettings, result: DebateResult?) -> Post {
        let outcome = result.map(outcomeLine) ?? "Failed"
        var post = start(of: debate, settings: settings)
        post.buttons = []
        post.fields[2] = .init("Progress", outcome)
        post.footer = footer(of: debate, settings.requester.map { "Asked by \($0)." } ?? "")
        post.fallbackText = "Debate #\(debate.number): \(outcome)"
        return post
    }

    func progressLine(_ projection: DebateProjection) -> String {
        if let breakpoint = projection.waiting { return "Waiting for people: \(breakpoint.reason)" }
        let waiting = projection.awaited
        let tail = waiting.isEmpty ? "" : " – waiting for \(waiting.joined(separator: ", "))"
        switch projection.phase {
        case .context: return "Reading the context"
        case .proposals: return "Proposals\(tail)"
        case .rounds: return "Round \(projection.round) of \(projection.totalRounds)\(tail)"
        case .consensus: return projection.votes.isEmpty ? "Voting\(tail)" : "Deciding\(tail)"
        }
    }

    // MARK: The verdict

    /// - Parameter late: how many remarks nobody on the panel has read.
    func verdict(
        of debate: DebateRecord,
        _ projection: DebateProjection,
        tokens: VerdictTokens?,
        late: Int
    ) -> Post {
        guard let result = projection.result, result.status == .completed else {
            return ending(of: debate, projection, tokens: tokens, late: late)
        }
        var body = debate.isDemo ? "> **\(Self.demoNotice)**\n\n" : ""
        body += MarkdownDocument.closed(result.finalAnswer)
        if let reason = result.reason { body += "\n\n_\(reason)_" }
        body += dissent(projection.consensus)
        let agreed = projection.consensus?.shares.first { $0.choice == result.winner }?.voters ?? []
        var fields: [Post.Field] = [
            .init("Verdict", words(result.verdict)),
            .init("Confidence", percent(result.confidence)),
            .init("Consensus", consensusLine(result, projection.consensus)),
        ]
        if !agreed.isEmpty { fields.append(.init("Agreed", agreed.joined(separator: ", "))) }
        let failed = Set(projection.failures.map(\.agent)).sorted()
        if !failed.isEmpty { fields.append(.init("Had trouble", failed.joined(separator: ", "))) }
        let replaced = projection.seats.compactMap { seat in
            seat.usage.fallbackModel.map { "\(seat.agent.name) (answered by \($0))" }
        }
        if !replaced.isEmpty { fields.append(.init("Replaced", replaced.joined(separator: ", "))) }
        return Post(
            title: "Verdict of debate #\(debate.number)",
            body: body,
            fields: fields,
            buttons: tokens.map { buttons($0, debate) } ?? [],
            footer: footer(
                of: debate,
                [signature(result), lateness(late), receiptLink(debate)].filter { !$0.isEmpty }.joined(separator: " ")
            ),
            fallbackText:
                "Verdict of debate #\(debate.number): \(words(result.verdict)), \(percent(result.confidence)) sure"
        )
    }

    private func ending(
        of debate: DebateRecord,
        _ projection: DebateProjection,
        tokens: VerdictTokens?,
        late: Int
    ) -> Post {
        let result = projection.result
        let link = result == nil || projection.isHeldBack ? "" : receiptLink(debate)
        let isCancelled = result?.status == .cancelled || debate.status == .cancelled
        let title = isCancelled ? "Debate #\(debate.number) was stopped" : "Debate #\(debate.number) failed"
        let reason = result?.reason ?? (isCancelled ? "Somebody stopped it." : "No agent gave a usable answer.")
        var body = reason
        if let answer = result?.finalAnswer, !answer.isEmpty {
            body += "\n\n**What the panel had so far**\n\n\(MarkdownDocument.closed(answer))"
        }
        if !isCancelled { body += "\n\nThe operator can check the model keys with `aragora doctor`; then ask again." }
        return Post(
            title: title,
            body: body,
            buttons: tokens.map { buttons($0, debate, isVerdict: false, isHeldBack: projection.isHeldBack) } ?? [],
            footer: footer(of: debate, [lateness(late), link].filter { !$0.isEmpty }.joined(separator: " ")),
            fallbackText: "\(title): \(oneLine(reason))"
        )
    }

    func failure(of debate: DebateRecord, reason: String) -> Post {
        let title = "Debate #\(debate.number) failed"
        return Post(
            title: title,
            body: "\(reason)\n\nThe log and `aragora doctor` tell the operator more.",
            footer: footer(of: debate, ""),
            fallbackText: "\(title): \(oneLine(reason))"
        )
    }

    private func dissent(_ consensus: Consensus?) -> String {
        guard let dissent = consensus?.dissent, !dissent.isEmpty else { return "" }
        return dissent.reduce(into: "\n\n**Dissent**") { text, vote in
            text += "\n\n**\(vote.agent)** voted for \(vote.choice) (\(percent(vote.confidence)) sure):\n\n"
            text += quoted(vote.reasoning.isEmpty ? vote.proposal : vote.reasoning)
        }
    }

    /// - Parameters:
    ///   - isVerdict: whether there is something to agree with.
    ///   - isHeldBack: whether what was said is not to be shown.
    private func buttons(
        _ tokens: VerdictTokens,
        _ debate: DebateRecord,
        isVerdict: Bool = true,
        isHeldBack: Bool = false
    ) -> [Post.Button] {
        var buttons: [Post.Button] = []
        if isVerdict {
            buttons += [
                .init(label: "Agree", token: tokens.agree, style: .primary),
                .init(label: "Disagree", token: tokens.disagree),
            ]
        }
        if !isHeldBack {
            buttons += [
                .init(label: "Details", token: tokens.details),
                .init(label: "Receipt", token: tokens.receipt),
            ]
        }
        buttons.append(.init(label: "Ask again", token: tokens.again))
        if let publicURL = links.publicURL {
            buttons.append(.init(label: "Open page", url: "\(publicURL)/debates/\(debate.id)"))
        }
        return buttons
    }

    /// The button's answer is for one person and a while; the link stays with the verdict.
    private func receiptLink(_ debate: DebateRecord) -> String {
        links.receipt(of: debate).map { "[Signed receipt](\($0))." } ?? ""
    }

    private func lateness(_ remarks: Int) -> String {
        switch remarks {
        case 0: ""
        case 1: "1 remark came too late for the panel."
        default: "\(remarks) remarks came too late for the panel."
        }
    }

    private func signature(_ result: DebateResult) -> String {
        var parts: [String] = []
        if let author = result.synthesizedBy { parts.append("Written by \(author).") }
        parts.append("\(result.roundsUsed) of \(rounds(result.totalRounds)).")
        if result.usage.costMicrodollars > 0 { parts.append("Cost \(dollars(result.usage.costMicrodollars)).") }
        return parts.joined(separator: " ")
    }

    func consensusLine(_ result: DebateResult, _ consensus: Consensus?) -> String {
        guard let consensus else { return "no vote was held" }
        let share = consensus.shares.first.map { ", \(percent($0.share)) for \($0.choice)" } ?? ""
        return
            (result.consensusReached
            ? "reached (\(consensus.mode.rawValue)" : "not reached (\(consensus.mode.rawValue)")
            + "\(share))"
    }

    func outcomeLine(_ result: DebateResult) -> String {
        switch result.status {
        case .completed: "Finished – \(words(result.verdict)), \(percent(result.confidence)) sure."
        case .cancelled: result.reason ?? "Stopped"
        default: "Failed"
        }
    }

    // MARK: Words

    func footer(of debate: DebateRecord, _ text: String) -> String {
        var parts = ["Debate `\(debate.id)`."]
        if !text.isEmpty { parts.append(text) }
        if debate.isDemo { parts.append("**\(Self.demoNotice)**") }
        return parts.joined(separator: " ")
    }

    func words(_ verdict: Verdict?) -> String {
        switch verdict {
        case .approved: "approved"
        case .approvedWithConditions: "approved with conditions"
        case .needsReview: "needs review"
        case .rejected: "rejected"
        case nil: "none"
        }
    }

    func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded()))%" }

    func rounds(_ count: Int) -> String { count == 1 ? "1 round" : "\(count) rounds" }

    private func dollars(_ microdollars: Int64) -> String {
        let cents = (microdollars + 5_000) / 10_000
        return cents == 0 ? "under $0.01" : "$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }

    /// Markdown of a quotation that keeps every line of a text inside it.
    func quoted(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "> \($0)" }
            .joined(separator: "\n")
    }

    /// The beginning of a Markdown text on one line, without its markup.
    func plainLine(_ markdown: String) -> String {
        oneLine(MarkdownDocument(parsing: String(markdown.prefix(2000))).plainText)
    }

    /// The beginning of a text on one line, for notifications.
    func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 150 ? "\(line.prefix(149))…" : line
    }
}
