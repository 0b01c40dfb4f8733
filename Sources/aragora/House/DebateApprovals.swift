import Approvals
import Conversations
import CoreTypes
import Crypto
import Debates
import Persistence

/// Asks people about debates that wait: the two rooms know nothing of each other.
struct DebateApprovals: BreakpointGate {
    /// The kind of its requests.
    static let kind = "debate"
    private static let conclude = ApprovalOption(id: "conclude", label: "Vote now", effect: .custom)

    let desk: ApprovalDesk
    /// Who is asked; empty asks where the debate was asked for, and the operators alone about the release of a verdict.
    let approvers: [Approver]
    /// How long people have; then a debate goes on, and a verdict is withheld.
    let timeout: Duration
    /// How it is decided beside that; an empty object where nothing is set.
    let rules: JSONValue
    private let requests = ApprovalRequestStore()

    /// - Throws: `ApprovalError` for rules that are none.
    init(desk: ApprovalDesk, approvers: [Approver], timeout: Duration, rules: JSONValue) throws {
        self.desk = desk
        self.approvers = approvers
        self.timeout = timeout
        self.rules = rules
        _ = try policy([.approve, .reject], .role(ApprovalPolicy.operators))
    }

    private func policy(_ options: [ApprovalOption], _ usual: Approver) throws -> ApprovalPolicy {
        var policy = try ApprovalPolicy(
            json: rules,
            usual: ApprovalPolicy(
                options: options,
                approvers: approvers.isEmpty ? [usual] : approvers,
                expiresAfter: timeout
            )
        )
        if rules["remind_in"] == nil { policy.reminderAfter = policy.expiresAfter.map { $0 / 2 } }
        return policy
    }

    func ask(
        about breakpoint: DebateBreakpoint,
        of debate: DebateRecord,
        context: String,
        in transaction: borrowing Transaction
    ) throws {
        let origin = Self.origin(breakpoint, debate)
        guard try requests.find(origin: origin, workspace: debate.workspace, in: transaction) == nil else { return }
        var operation: JSONValue = [
            "breakpoint": .integer(Int64(breakpoint.number)), "debate_id": .string(debate.id.rawValue),
        ]
        if breakpoint.isRelease {
            operation["verdict_sha256"] = .string(hexadecimal(SHA256.hash(data: Array(context.utf8))))
        }
        let hasAddress = debate.address.object != nil
        _ = try desk.openDecidable(
            ApprovalDraft(
                workspace: debate.workspace,
                originKey: origin,
                kind: Self.kind,
                title: breakpoint.isRelease
                    ? "Release the verdict of debate #\(debate.number)?" : "Debate #\(debate.number) waits for you",
                question: breakpoint.reason,
                context: shown(context, debate),
                operation: operation,
                policy: try policy(options(breakpoint), usual(breakpoint, debate)),
                priority: 2,
                requester: Self.asker(of: debate),
                requesterName: "debate #\(debate.number)",
                debate: debate.id,
                address: hasAddress ? debate.address : nil,
                metadata: ["triggers": .strings(breakpoint.triggers.map(\.rawValue))]
            ),
            in: transaction
        )
    }

    func resolution(
        of breakpoint: DebateBreakpoint,
        debate: DebateRecord,
        in transaction: borrowing Transaction
    ) throws -> BreakpointResolution? {
        let origin = Self.origin(breakpoint, debate)
        guard let record = try requests.find(origin: origin, workspace: debate.workspace, in: transaction),
            record.status != .pending
        else { return nil }
        let decision = try requests.decisions(of: record.id, workspace: debate.workspace, in: transaction)
            .last { $0.optionID == record.outcome }
        let action: BreakpointResolution.Action =
            switch record.status {
            case .approved, .revised, .pending: .continue
            case .rejected: .abort
            case .decided: record.outcome == Self.conclude.id ? .conclude : .continue
            case .expired, .withdrawn: breakpoint.isRelease ? .abort : .continue
            }
        return BreakpointResolution(
            number: breakpoint.number,
            action: action,
            by: decision?.name ?? "time",
            guidance: breakpoint.isRelease ? "" : decision?.comment ?? ""
        )
    }

    func withdraw(
        _ breakpoint: DebateBreakpoint,
        of debate: DebateRecord,
        in transaction: borrowing Transaction
    ) throws {
        let origin = Self.origin(breakpoint, debate)
        guard let record = try requests.find(origin: origin, workspace: debate.workspace, in: transaction) else {
            return
        }
        _ = try desk.withdraw(record.id, workspace: debate.workspace, in: transaction)
    }

    private static func origin(_ breakpoint: DebateBreakpoint, _ debate: DebateRecord) -> String {
        "debate:\(debate.id):breakpoint:\(breakpoint.number)"
    }

    /// Whoever asked for the debate, so that "not the requester" means them.
    private static func asker(of debate: DebateRecord) -> String {
        let isProgram = ["web", "terminal"].contains(debate.platform)
        return "\(isProgram ? "api" : debate.platform):\(debate.requestedBy)"
    }

    private func options(_ breakpoint: DebateBreakpoint) -> [ApprovalOption] {
        let no = ApprovalOption(
            id: "reject",
            label: breakpoint.isRelease ? "Withhold it" : "Stop the debate",
            effect: .reject,
            requiresComment: true
        )
        guard !breakpoint.isRelease else {
            return [ApprovalOption(id: "approve", label: "Release it", effect: .approve), no]
        }
        let goOn = ApprovalOption(id: "approve", label: "Go on", effect: .approve)
        guard !breakpoint.isAfterDecision else { return [goOn, no] }
        return [
            goOn,
            ApprovalOption(id: "revise", label: "Give guidance", effect: .revise, requiresComment: true),
            Self.conclude, no,
        ]
    }

    /// The channel that the debate was asked for in, else the operators.
    ///
    /// A verdict that waits for its release is not shown in the very thread from which it is kept.
    private func usual(_ breakpoint: DebateBreakpoint, _ debate: DebateRecord) -> Approver {
        guard !breakpoint.isRelease, let platform = debate.address["platform"]?.string,
            let channel = debate.address["channel"]?.string
        else { return .role(ApprovalPolicy.operators) }
        // What was asked for without a place, as by a form, is answered in a conversation of which only the platform
        // knows the channel.
        guard channel != debate.requestedBy else { return .person("\(platform):\(channel)") }
        return .channel("\(platform):\(channel)")
    }

    /// What people see: all of it, or where to read it; never a part of it.
    private func shown(_ context: String, _ debate: DebateRecord) -> String {
        let length = context.unicodeScalars.count
        guard length > Self.longestContext else { return context }
        return "The text has \(length) characters, too many for a prompt. The operator can read it on the page "
            + "of the debate, `/debates/\(debate.id)`."
    }

    /// Whatever a panel says fits, and four bytes for each of so many characters are what a request takes.
    private static let longestContext = 250_000
}

/// Lets a debate go on when people have decided.
struct DebateResumption: ApprovalFollowUp {
    let time: any TimeSource
    private let queue = JobQueue()

    init(time: any TimeSource) {
        self.time = time
    }

    /// A debate has no text to be changed.
    func problem(
        with text: String,
        for record: ApprovalRecord,
        in transaction: borrowing Transaction
    ) -> String? { nil }

    func approvalEnded(
        _ record: ApprovalRecord,
        decisions: [ApprovalDecision],
        in transaction: borrowing Transaction
    ) throws {
        guard let debate = record.debate else { return }
        try queue.wake(
            JobID(debate.rawValue),
            workspaceID: record.workspace,
            now: time.now(),
            in: transaction
        )
    }
}
