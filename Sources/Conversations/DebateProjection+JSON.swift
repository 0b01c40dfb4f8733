package import CoreTypes
package import Debates

extension DebateProjection {
    /// The debate as programs and the page read it.
    package var json: JSONValue {
        .record([
            "status": .string(status.rawValue),
            "phase": .string(phase.rawValue),
            "round": .integer(Int64(round)),
            "total_rounds": .integer(Int64(totalRounds)),
            "demo": .bool(isDemo),
            "waiting_for": .strings(awaited),
            "breakpoint": waiting.map {
                [
                    "number": .integer(Int64($0.number)), "reason": .string($0.reason),
                    "round": .integer(Int64($0.round)), "triggers": .strings($0.triggers.map(\.rawValue)),
                ]
            },
            "panel": .array(seats.map(\.json)),
            "proposals": .array(proposals.map { ["agent": .string($0.agent), "content": .string($0.content)] }),
            "critiques": .array(critiques.map { $0.critique.json(round: $0.round) }),
            "votes": .array(votes.map(\.json)),
            "messages": .array(messages.map(\.json)),
            "evidence": .array(evidence.map { ["author": .string($0.author), "text": .string($0.text)] }),
            "consensus": consensus?.json(result: result),
            "convergence": .array(
                convergence.map {
                    [
                        "round": .integer(Int64($0.round)), "similarity": .number($0.similarity),
                        "status": .string($0.status.rawValue),
                    ]
                }
            ),
            "failures": .array(
                failures.map {
                    .record([
                        "agent": .string($0.agent), "phase": .string($0.kind.rawValue),
                        "round": .integer(Int64($0.round)), "code": .string($0.code),
                        "message": .string($0.message),
                    ])
                }
            ),
            "usage": usage.json,
            "verdict": verdict.map { .string($0.rawValue) },
            "final_answer": result.map { .string($0.finalAnswer) },
            "synthesized_by": result?.synthesizedBy.map { .string($0) },
            "confidence": result.map { .number($0.confidence) },
            "winner": result?.winner.map { .string($0) },
            "reason": result?.reason.map { .string($0) },
            "rounds_used": result.map { .integer(Int64($0.roundsUsed)) },
            "dissent": .array(consensus?.dissent.map(\.json) ?? []),
            "last_sequence": .integer(Int64(lastSequence)),
        ])
    }
}

extension DebateProjection.Seat {
    /// The agent, and the model that last answered in place of its own, where one did.
    fileprivate var json: JSONValue {
        var json = agent.json
        json["fallback_model"] = usage.fallbackModel.map { .string($0) }
        return json
    }
}

extension AgentProfile {
    /// The agent as the API lists it.
    package var json: JSONValue {
        [
            "name": .string(name), "provider": .string(provider), "model": .string(model), "demo": .bool(isDemo),
        ]
    }
}

extension Critique {
    fileprivate func json(round: Int) -> JSONValue {
        [
            "agent": .string(agent), "target": .string(target), "round": .integer(Int64(round)),
            "issues": .strings(issues), "suggestions": .strings(suggestions), "severity": .number(severity),
            "reasoning": .string(reasoning),
        ]
    }
}

extension Vote {
    fileprivate var json: JSONValue {
        [
            "agent": .string(agent), "choice": .string(choice), "confidence": .number(confidence),
            "reasoning": .string(reasoning),
        ]
    }
}

extension DebateMessage {
    fileprivate var json: JSONValue {
        [
            "index": .integer(Int64(index)), "role": .string(role.rawValue), "agent": .string(agent),
            "round": .integer(Int64(round)), "content": .string(content), "timestamp": .string(at.iso8601),
        ]
    }
}

extension Usage {
    fileprivate var json: JSONValue {
        [
            "input_tokens": .integer(Int64(inputTokens)), "output_tokens": .integer(Int64(outputTokens)),
            "cost_usd": .number(Double(costMicrodollars) / 1_000_000),
        ]
    }
}

extension Consensus.Dissent {
    fileprivate var json: JSONValue {
        [
            "agent": .string(agent), "choice": .string(choice), "confidence": .number(confidence),
            "reasoning": .string(reasoning), "proposal": .string(proposal),
        ]
    }
}

extension Consensus {
    /// The consensus object of the public client (engine inventory 12.2, row 4).
    fileprivate func json(result: DebateResult?) -> JSONValue {
        .record([
            "reached": .bool(reached),
            "mode": .string(mode.rawValue),
            "agreement": .number(shares.first?.share ?? 0),
            "confidence": .number(confidence),
            "strength": .string(strength.rawValue),
            "winner": winner.map { .string($0) },
            "leader": leader.map { .string($0) },
            "final_answer": result.map { .string($0.finalAnswer) },
            "conclusion": result.map { .string($0.finalAnswer) },
            "supporting_agents": .strings(shares.first { $0.choice == (winner ?? leader) }?.voters ?? []),
            "dissenting_agents": .strings(dissent.map(\.agent)),
            "abstained": .strings(abstained),
            "shares": .array(
                shares.map {
                    ["choice": .string($0.choice), "share": .number($0.share), "voters": .strings($0.voters)]
                }
            ),
            "note": note.map { .string($0) },
        ])
    }
}
