import CoreTypes

/// The sentences about where a request stands and about answers that do not count.
enum ApprovalLines {
    /// What every copy of a prompt says.
    /// - Parameter seatName: what the person is called for whom the last answer was given; nil where that is not known.
    static func standing(_ machine: ApprovalMachine, seatName: String? = nil, now: Timestamp) -> String {
        let quorum = machine.policy.quorum
        switch machine.status {
        case .pending:
            guard let last = machine.decisions.last else { return "0 of \(quorum) so far" }
            return "\(line(last, seatName: seatName)), \(machine.progress) of \(quorum)"
        case .approved, .rejected, .revised, .decided:
            if machine.isTimeOver { return timeOver(machine, now: now) }
            guard let deciding = machine.decisions.last, machine.outcome != nil else {
                return "rejected: everybody has answered, no \(quorum) agree"
            }
            let reason = deciding.comment.isEmpty ? "" : ": \(clipped(deciding.comment))"
            return
                "\(line(deciding, seatName: seatName)), \(machine.progress) of \(machine.status == .approved ? quorum : machine.progress)\(reason)"
        case .expired: return timeOver(machine, now: now)
        case .withdrawn: return "withdrawn at \(ApprovalPosts.minute(now))"
        }
    }

    private static func timeOver(_ machine: ApprovalMachine, now: Timestamp) -> String {
        "\(machine.status.rawValue) because its time was over at \(ApprovalPosts.minute(now)), "
            + "\(machine.progress) of \(machine.policy.quorum)"
    }

    /// One answer, such as `approved by Ann at 2026-01-31 09:05 UTC`.
    static func line(_ decision: ApprovalDecision, seatName: String? = nil) -> String {
        let verb =
            switch decision.effect {
            case .approve: "approved"
            case .reject: "rejected"
            case .revise: "sent back"
            case .custom: "answered “\(decision.optionID)”"
            }
        let onBehalf = decision.seat == decision.actor ? "" : " for \(seatName ?? decision.seat)"
        return "\(verb) by \(decision.name)\(onBehalf) at \(ApprovalPosts.minute(decision.decidedAt))"
    }

    /// What somebody is told whose answer counts.
    static func counted(_ record: ApprovalRecord) -> String {
        let what = "#\(record.number) “\(clipped(record.title))”"
        return record.status == .pending
            ? "Recorded for \(what): \(record.outcomeLine). It is not decided yet."
            : "Recorded. \(what) is \(record.status.rawValue): \(record.outcomeLine)."
    }

    /// What somebody is told whose answer does not count.
    /// - Parameter prefix: what stands before a command where it is read.
    static func refused(_ record: ApprovalRecord, _ refusal: ApprovalRefusal, prefix: String) -> String {
        let what = "#\(record.number) “\(clipped(record.title))”"
        switch refusal {
        case .second(let earlier):
            return
                "You have answered \(what) before: \(line(earlier)). It counts once; it stands at: \(record.outcomeLine)."
        case .represented(let earlier):
            return "\(earlier.name) has answered \(what) on your behalf: \(line(earlier))."
        case .late:
            return "Too late: \(what) is \(record.status.rawValue) already, \(record.outcomeLine). Nothing was changed."
        case .expired:
            let moment = record.expiresAt.map { " at \(ApprovalPosts.minute($0))" } ?? ""
            return "The time for \(what) was over\(moment). Nothing was changed."
        case .foreign:
            // Whoever may not decide it learns nothing about it.
            return "You are not among those who may decide #\(record.number). Nothing was changed."
        case .requester:
            return "You asked for \(what) yourself, so somebody else has to decide it. Nothing was changed."
        case .unknownOption(let id):
            let ids = record.policy.options.map(\.id).joined(separator: ", ")
            return "\(what) has no answer “\(clipped(id))”; it takes: \(ids)."
        case .changed:
            return "\(what) was changed after it was asked. "
                + "`\(prefix)approve \(record.number) \(record.shortHash)` approves it as it is now."
        case .commentRequired(let option):
            return "“\(option.label)” needs a reason: `\(prefix)\(command(option, record)) <reason>`."
        case .editRefused:
            return "The text of \(what) cannot be changed any more. Nothing was recorded."
        case .mayEdit:
            return
                "The text of \(what) may be changed before it is approved; "
                + "`\(prefix)approve \(record.number)` approves it as it is."
        case .unusable(let problem):
            return "\(problem) Nothing was recorded for \(what)."
        }
    }

    /// What somebody is told whose button or link nobody knows.
    static func unknown(prefix: String) -> String {
        "This no longer leads to a request. `\(prefix)approvals` lists what waits for you."
    }

    /// What somebody writes to give an answer: the command of its effect where it is the first of that effect.
    static func command(_ option: ApprovalOption, _ record: ApprovalRecord) -> String {
        let isUsual = record.policy.options.first { $0.effect == option.effect } == option
        guard option.effect != .custom, isUsual else { return "answer \(record.number) \(option.id)" }
        return "\(option.effect.rawValue) \(record.number)"
    }

    private static func clipped(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").shortened(to: 200)
    }
}
