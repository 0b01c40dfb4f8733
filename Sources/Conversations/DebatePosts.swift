import Channels
import CoreTypes
import Debates
import Persistence

/// Writes the messages of a debate in its thread: the one that is edited while it runs, and its end.
package struct DebatePosts: Sendable {
    let links: ReceiptLinks

    /// Makes the writer.
    package init(links: ReceiptLinks) {
        self.links = links
    }

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
        let rounds = DebateWords.rounds(settings.debateProtocol.rounds)
        return Post(
            title: "Debate #\(debate.number)",
            body: DebateWords.quoted(debate.task),
            fields: [
                .init("Panel", settings.agents.joined(separator: ", ")),
                .init("Rules", "\(rounds), \(settings.debateProtocol.consensus.rawValue)"),
                .init("Progress", "Starting"),
            ],
            buttons: settings.stopToken.map { [.init(label: "Stop", token: $0, style: .danger)] } ?? [],
            footer: DebateWords.footer(
                of: debate,
                "\(settings.requester.map { "\(askedBy($0)) " } ?? "")Reply in this thread to add evidence."
            ),
            fallbackText: "Debate #\(debate.number) has started: \(DebateWords.plainLine(debate.task))"
        )
    }

    private func askedBy(_ requester: String) -> String { "Asked by \(DebateWords.name(requester))." }

    func progress(of debate: DebateRecord, settings: DebateSettings, _ projection: DebateProjection) -> Post {
        var post = start(of: debate, settings: settings)
        post.fields[2] = .init("Progress", DebateWords.progressLine(projection))
        let failed = Set(projection.failures.map(\.agent)).sorted()
        if !failed.isEmpty { post.fields.append(.init("Had trouble", failed.joined(separator: ", "))) }
        if !projection.evidence.isEmpty { post.fields.append(.init("Evidence added", "\(projection.evidence.count)")) }
        return post
    }

    /// - Parameter result: nil where the debate could not be brought to its end.
    func finished(_ debate: DebateRecord, settings: DebateSettings, result: DebateResult?) -> Post {
        let outcome = result.map(DebateWords.outcomeLine) ?? "Failed"
        var post = start(of: debate, settings: settings)
        post.buttons = []
        post.fields[2] = .init("Progress", outcome)
        post.footer = DebateWords.footer(of: debate, settings.requester.map(askedBy) ?? "")
        post.fallbackText = "Debate #\(debate.number): \(outcome)"
        return post
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
        var body = debate.isDemo ? "> **\(DebateWords.demoNotice)**\n\n" : ""
        body += MarkdownDocument.closed(result.finalAnswer)
        if let reason = result.reason { body += "\n\n_\(reason)_" }
        body += dissent(projection.consensus)
        let agreed = projection.consensus?.shares.first { $0.choice == result.winner }?.voters ?? []
        let verdict = DebateWords.verdict(result.verdict)
        let confidence = DebateWords.percent(result.confidence)
        var fields: [Post.Field] = [
            .init("Verdict", verdict),
            .init("Confidence", confidence),
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
            footer: DebateWords.footer(
                of: debate,
                [signature(result), lateness(late), receiptLink(debate)].filter { !$0.isEmpty }.joined(separator: " ")
            ),
            fallbackText: "Verdict of debate #\(debate.number): \(verdict), \(confidence) sure"
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
            footer: DebateWords.footer(
                of: debate,
                [lateness(late), link].filter { !$0.isEmpty }.joined(separator: " ")
            ),
            fallbackText: "\(title): \(DebateWords.oneLine(reason))"
        )
    }

    func failure(of debate: DebateRecord, reason: String) -> Post {
        let title = "Debate #\(debate.number) failed"
        return Post(
            title: title,
            body: "\(reason)\n\nThe log and `aragora doctor` tell the operator more.",
            footer: DebateWords.footer(of: debate, ""),
            fallbackText: "\(title): \(DebateWords.oneLine(reason))"
        )
    }

    private func dissent(_ consensus: Consensus?) -> String {
        guard let dissent = consensus?.dissent, !dissent.isEmpty else { return "" }
        return dissent.reduce(into: "\n\n**Dissent**") { text, vote in
            let confidence = DebateWords.percent(vote.confidence)
            text += "\n\n**\(vote.agent)** voted for \(vote.choice) (\(confidence) sure):\n\n"
            text += DebateWords.quoted(vote.reasoning.isEmpty ? vote.proposal : vote.reasoning)
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
        parts.append("\(result.roundsUsed) of \(DebateWords.rounds(result.totalRounds)).")
        if result.usage.costMicrodollars > 0 {
            parts.append("Cost \(DebateWords.dollars(result.usage.costMicrodollars)).")
        }
        return parts.joined(separator: " ")
    }

    func consensusLine(_ result: DebateResult, _ consensus: Consensus?) -> String {
        guard let consensus else { return "no vote was held" }
        let share = consensus.shares.first.map { ", \(DebateWords.percent($0.share)) for \($0.choice)" } ?? ""
        return
            (result.consensusReached
            ? "reached (\(consensus.mode.rawValue)" : "not reached (\(consensus.mode.rawValue)")
            + "\(share))"
    }
}
