import CoreTypes

extension DebateEvent {
    /// The event's name in the journal and in live streams (engine inventory 12.9).
    package var type: StaticString {
        switch self {
        case .debateStart: "debate_start"
        case .phaseChange: "phase_change"
        case .roundStart: "round_start"
        case .propose: "propose"
        case .critique: "critique"
        case .revision: "revision"
        case .evidenceAdded: "evidence_added"
        case .vote: "vote"
        case .agentFailed: "agent_failed"
        case .convergence: "convergence"
        case .consensus: "consensus"
        case .synthesis: "synthesis"
        case .budgetExceeded: "budget_exceeded"
        case .deadlineExceeded: "deadline_exceeded"
        case .cancelRequested: "cancel_requested"
        case .breakpoint: "breakpoint"
        case .breakpointResolved: "breakpoint_resolved"
        case .debateEnd: "debate_end"
        }
    }

    /// The event's data as canonical JSON, as the journal and live streams carry it.
    package var data: [UInt8] {
        var writer = JSONWriter(bytes: [])
        writeData(to: &writer)
        return writer.bytes
    }

    /// Appends the data; the members stand in the order of their keys.
    func writeData(to writer: inout JSONWriter) {
        writer.openObject()
        switch self {
        case .debateStart(let start): start.writeMembers(to: &writer)
        case .phaseChange(let from, let to):
            writer.member("from_phase", from.rawValue)
            writer.member("to_phase", to.rawValue)
        case .roundStart(let round, let total):
            writer.member("round", round)
            writer.member("total_rounds", total)
        case .propose(let contribution), .revision(let contribution):
            writer.member("agent", contribution.agent)
            writer.member("content", contribution.content)
            writer.member("round", contribution.round)
            contribution.usage.writeMember(to: &writer)
        case .critique(let given):
            writer.member("agent", given.critique.agent)
            writer.member("issues", given.critique.issues)
            writer.member("reasoning", given.critique.reasoning)
            writer.member("round", given.round)
            writer.member("severity", given.critique.severity)
            writer.member("suggestions", given.critique.suggestions)
            writer.member("target_agent", given.critique.target)
            given.usage.writeMember(to: &writer)
        case .evidenceAdded(let input):
            writer.member("author", input.author)
            writer.member("cursor", input.cursor)
            writer.member("key", input.key)
            writer.member("text", input.text)
        case .vote(let cast):
            writer.member("agent", cast.vote.agent)
            writer.member("choice", cast.vote.choice)
            writer.member("confidence", cast.vote.confidence)
            writer.member("reasoning", cast.vote.reasoning)
            cast.usage.writeMember(to: &writer)
        case .agentFailed(let failure):
            writer.member("agent", failure.agent)
            writer.member("code", failure.code)
            writer.member("message", failure.message)
            writer.member("phase", failure.kind.rawValue)
            writer.member("round", failure.round)
            writer.member("target_agent", failure.target)
            failure.usage.writeMember(to: &writer)
        case .convergence(let convergence):
            writer.member("round", convergence.round)
            writer.member("similarity", convergence.similarity)
            writer.member("status", convergence.status.rawValue)
        case .consensus(let consensus): consensus.writeMembers(to: &writer)
        case .synthesis(let synthesis):
            writer.member("agent", synthesis.agent)
            writer.member("content", synthesis.content)
            writer.member("fallback", synthesis.fallback)
            writer.member("sources", synthesis.sources)
            synthesis.usage.writeMember(to: &writer)
        case .budgetExceeded(let round, let tokens, let microdollars):
            writer.member("round", round)
            writer.member("used_microdollars", microdollars)
            writer.member("used_tokens", tokens)
        case .deadlineExceeded(let round): writer.member("round", round)
        case .cancelRequested(let person): writer.member("requested_by", person)
        case .breakpoint(let breakpoint):
            writer.member("number", breakpoint.number)
            writer.member("reason", breakpoint.reason)
            writer.member("round", breakpoint.round)
            writer.member("triggers", breakpoint.triggers.map(\.rawValue))
        case .breakpointResolved(let resolution):
            writer.member("action", resolution.action.rawValue)
            writer.member("by", resolution.by)
            writer.member("guidance", resolution.guidance)
            writer.member("number", resolution.number)
        case .debateEnd(let result): result.writeMembers(to: &writer)
        }
        writer.closeObject()
    }
}

extension DebateEvent.Start {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("background", description.background)
        writer.member("debate_id", description.id.rawValue)
        writer.key("panel")
        writer.openArray()
        for agent in panel {
            writer.separate()
            writer.openObject()
            writer.member("demo", agent.isDemo)
            writer.member("model", agent.model)
            writer.member("name", agent.name)
            writer.member("provider", agent.provider)
            writer.closeObject()
        }
        writer.closeArray()
        writer.key("protocol")
        description.settings.write(to: &writer)
        writer.member("requested_by", description.requestedBy)
        writer.member("task", description.task)
        writer.member("workspace", description.workspace.rawValue)
    }
}

extension Consensus {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("abstained", abstained)
        writer.member("confidence", confidence)
        writer.key("dissent")
        writer.openArray()
        for vote in dissent {
            writer.separate()
            writer.openObject()
            writer.member("agent", vote.agent)
            writer.member("choice", vote.choice)
            writer.member("confidence", vote.confidence)
            writer.member("proposal", vote.proposal)
            writer.member("reasoning", vote.reasoning)
            writer.closeObject()
        }
        writer.closeArray()
        writer.key("groups")
        writer.openArray()
        for group in groups {
            writer.separate()
            writer.openObject()
            writer.member("choice", group.choice)
            writer.member("spellings", group.spellings)
            writer.closeObject()
        }
        writer.closeArray()
        writer.member("leader", leader)
        writer.member("mode", mode.rawValue)
        writer.member("note", note)
        writer.member("quorum", quorum)
        writer.member("reached", reached)
        writer.key("shares")
        writer.openArray()
        for share in shares {
            writer.separate()
            writer.openObject()
            writer.member("choice", share.choice)
            writer.member("share", share.share)
            writer.member("voters", share.voters)
            writer.closeObject()
        }
        writer.closeArray()
        writer.member("strength", strength.rawValue)
        writer.member("winner", winner)
    }
}

extension DebateResult {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("confidence", confidence)
        writer.member("consensus_reached", consensusReached)
        writer.member("final_answer", finalAnswer)
        writer.member("reason", reason)
        writer.member("rounds_used", roundsUsed)
        writer.member("status", status.rawValue)
        writer.member("synthesized_by", synthesizedBy)
        writer.member("total_rounds", totalRounds)
        usage.writeMember(to: &writer)
        writer.member("verdict", verdict?.rawValue)
        writer.member("winner", winner)
    }
}

extension Usage {
    /// Appends the usage under its key; usage of nothing is left out.
    fileprivate func writeMember(to writer: inout JSONWriter) {
        guard inputTokens != 0 || outputTokens != 0 || costMicrodollars != 0 || fallbackModel != nil else { return }
        writer.key("usage")
        writer.openObject()
        writer.member("cost_microdollars", costMicrodollars)
        writer.member("fallback_model", fallbackModel)
        writer.member("input_tokens", inputTokens)
        writer.member("output_tokens", outputTokens)
        writer.closeObject()
    }
}
