import CoreTypes

extension DebateEvent {
    /// Reads an event.
    /// - Throws: `DebateError` with code `invalid_journal` for unknown types and missing data.
    init(type: String, data: EventReader) throws(DebateError) {
        switch type {
        case "debate_start": self = .debateStart(try Start(data))
        case "phase_change": self = .phaseChange(from: try data.word("from_phase"), to: try data.word("to_phase"))
        case "round_start":
            self = .roundStart(round: try data.integer("round"), total: try data.integer("total_rounds"))
        case "propose": self = .propose(try Contribution(data))
        case "revision": self = .revision(try Contribution(data))
        case "critique":
            let critique = Critique(
                agent: try data.string("agent"),
                target: try data.string("target_agent"),
                issues: try data.strings("issues"),
                suggestions: try data.strings("suggestions"),
                severity: try data.double("severity"),
                reasoning: try data.string("reasoning")
            )
            let usage = try Usage(in: data)
            self = .critique(CritiqueGiven(critique: critique, round: try data.integer("round"), usage: usage))
        case "evidence_added":
            self = .evidenceAdded(
                DebateInput(
                    cursor: try data.integer64("cursor"),
                    key: try data.string("key"),
                    author: try data.string("author"),
                    text: try data.string("text")
                )
            )
        case "vote":
            let vote = Vote(
                agent: try data.string("agent"),
                choice: try data.string("choice"),
                confidence: try data.double("confidence"),
                reasoning: try data.string("reasoning")
            )
            self = .vote(VoteCast(vote: vote, usage: try Usage(in: data)))
        case "agent_failed":
            self = .agentFailed(
                Failure(
                    agent: try data.string("agent"),
                    kind: try data.word("phase"),
                    round: try data.integer("round"),
                    target: data.stringIfPresent("target_agent"),
                    code: try data.string("code"),
                    message: try data.string("message"),
                    usage: try Usage(in: data)
                )
            )
        case "convergence":
            self = .convergence(
                Convergence(
                    round: try data.integer("round"),
                    similarity: try data.double("similarity"),
                    status: try data.word("status")
                )
            )
        case "consensus": self = .consensus(try Consensus(data))
        case "synthesis":
            self = .synthesis(
                Synthesis(
                    agent: try data.string("agent"),
                    content: try data.string("content"),
                    sources: try data.strings("sources"),
                    fallback: data.stringIfPresent("fallback"),
                    usage: try Usage(in: data)
                )
            )
        case "budget_exceeded":
            self = .budgetExceeded(
                round: try data.integer("round"),
                tokens: try data.integer64("used_tokens"),
                microdollars: try data.integer64("used_microdollars")
            )
        case "deadline_exceeded": self = .deadlineExceeded(round: try data.integer("round"))
        case "breakpoint":
            self = .breakpoint(
                DebateBreakpoint(
                    number: try data.integer("number"),
                    round: try data.integer("round"),
                    triggers: try data.words("triggers"),
                    reason: try data.string("reason")
                )
            )
        case "breakpoint_resolved":
            self = .breakpointResolved(
                BreakpointResolution(
                    number: try data.integer("number"),
                    action: try data.word("action"),
                    by: try data.string("by"),
                    guidance: try data.string("guidance")
                )
            )
        case "cancel_requested": self = .cancelRequested(by: try data.string("requested_by"))
        case "debate_end": self = .debateEnd(try DebateResult(data))
        default: throw DebateError(.invalidJournal, "The journal holds an event of the unknown type \"\(type)\".")
        }
    }
}

extension DebateEvent.Start {
    fileprivate init(_ data: EventReader) throws(DebateError) {
        description = DebateDescription(
            id: DebateID(try data.string("debate_id")),
            workspace: WorkspaceID(try data.string("workspace")),
            task: try data.string("task"),
            background: try data.string("background"),
            requestedBy: try data.string("requested_by"),
            settings: try DebateProtocol(json: try data.value("protocol"))
        )
        var panel: [AgentProfile] = []
        for agent in try data.objects("panel") {
            panel.append(
                AgentProfile(
                    name: try agent.string("name"),
                    provider: try agent.string("provider"),
                    model: try agent.string("model"),
                    isDemo: try agent.bool("demo")
                )
            )
        }
        self.panel = panel
    }
}

extension DebateEvent.Contribution {
    fileprivate init(_ data: EventReader) throws(DebateError) {
        agent = try data.string("agent")
        content = try data.string("content")
        round = try data.integer("round")
        usage = try Usage(in: data)
    }
}

extension Consensus {
    fileprivate init(_ data: EventReader) throws(DebateError) {
        mode = try data.word("mode")
        reached = try data.bool("reached")
        winner = data.stringIfPresent("winner")
        leader = data.stringIfPresent("leader")
        confidence = try data.double("confidence")
        strength = try data.word("strength")
        shares = []
        groups = []
        dissent = []
        abstained = try data.strings("abstained")
        quorum = try data.integer("quorum")
        note = data.stringIfPresent("note")
        for share in try data.objects("shares") {
            let voters = try share.strings("voters")
            shares.append(Share(choice: try share.string("choice"), share: try share.double("share"), voters: voters))
        }
        for group in try data.objects("groups") {
            groups.append(Group(choice: try group.string("choice"), spellings: try group.strings("spellings")))
        }
        for vote in try data.objects("dissent") {
            dissent.append(
                Dissent(
                    agent: try vote.string("agent"),
                    choice: try vote.string("choice"),
                    confidence: try vote.double("confidence"),
                    reasoning: try vote.string("reasoning"),
                    proposal: try vote.string("proposal")
                )
            )
        }
    }
}

extension DebateResult {
    fileprivate init(_ data: EventReader) throws(DebateError) {
        status = try data.word("status")
        verdict = data.stringIfPresent("verdict").flatMap(Verdict.init)
        finalAnswer = try data.string("final_answer")
        confidence = try data.double("confidence")
        consensusReached = try data.bool("consensus_reached")
        winner = data.stringIfPresent("winner")
        synthesizedBy = data.stringIfPresent("synthesized_by")
        roundsUsed = try data.integer("rounds_used")
        totalRounds = try data.integer("total_rounds")
        usage = try Usage(in: data)
        reason = data.stringIfPresent("reason")
    }
}

extension Usage {
    fileprivate init(in data: EventReader) throws(DebateError) {
        guard let usage = data.objectIfPresent("usage") else {
            self.init()
            return
        }
        self.init(
            inputTokens: try usage.integer("input_tokens"),
            outputTokens: try usage.integer("output_tokens"),
            costMicrodollars: try usage.integer64("cost_microdollars"),
            fallbackModel: usage.stringIfPresent("fallback_model")
        )
    }
}
