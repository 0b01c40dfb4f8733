import CoreTypes

/// Every type of event: the 29 of the original under their names, and those that are this program's own.
package enum EventCatalogue {
    /// All of them, in the order in which the API lists them.
    package static let all: [EventType] = debate + inside + program + original

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The type of this name.
    package static func type(named name: String) -> EventType? { byName[name] }

    /// The version of a type's payload; 1 for one that is not listed.
    static func version(of name: String) -> Int64 { byName[name]?.version ?? 1 }

    /// Whether somebody may subscribe to this: a type, `*`, or the beginning of types as `approval.*`.
    static func knows(_ pattern: String) -> Bool {
        if pattern == "*" || byName[pattern] != nil { return true }
        guard pattern.hasSuffix(".*") else { return false }
        return all.contains { $0.name.hasPrefix(pattern.dropLast()) }
    }

    private typealias Member = EventType.Member

    private static let debateMembers: [Member] = [
        Member(name: "debate_id", type: "string", meaning: "the debate", example: "01k9zq3v5wexampledebate0000"),
        Member(name: "number", type: "integer", meaning: "its short name for people", example: 42),
        Member(name: "task", type: "string", meaning: "what was asked", example: "Should we ship on Friday?"),
    ]
    private static let outcomeMembers: [Member] = [
        Member(name: "status", type: "string", meaning: "completed, failed or cancelled", example: "completed"),
        Member(
            name: "consensus_reached",
            type: "boolean",
            meaning: "whether the panel agreed",
            example: true,
            isRequired: false
        ),
        Member(name: "confidence", type: "number", meaning: "from 0 to 1", example: 0.82, isRequired: false),
        Member(
            name: "final_answer",
            type: "string",
            meaning: "the verdict's text, in Markdown",
            example: "Yes, behind a flag.",
            isRequired: false
        ),
        Member(name: "winner", type: "string", meaning: "whose proposal won", example: "anthropic", isRequired: false),
        Member(
            name: "rounds_used",
            type: "integer",
            meaning: "the rounds that were debated",
            example: 3,
            isRequired: false
        ),
        Member(name: "reason", type: "string", meaning: "why it ended so", example: "consensus", isRequired: false),
    ]
    private static let entryMembers: [Member] = [
        Member(name: "debate_id", type: "string", meaning: "the debate", example: "01k9zq3v5wexampledebate0000"),
        Member(name: "sequence", type: "integer", meaning: "the place in the debate's journal", example: 7),
    ]

    private static let breakpointNumber = Member(
        name: "number",
        type: "integer",
        meaning: "the breakpoint's, from 1",
        example: 1
    )

    private static func agent(_ meaning: String) -> Member {
        Member(name: "agent", type: "string", meaning: meaning, example: "anthropic")
    }

    private static let debate: [EventType] = [
        EventType("debate_start", "debate", "A debate has begun.", debateMembers),
        EventType("consensus", "debate", "The panel has decided.", debateMembers + outcomeMembers),
        EventType("verdict", "debate", "A debate has brought its verdict.", debateMembers + outcomeMembers),
        EventType("debate_end", "debate", "A debate is over, however it ended.", debateMembers + outcomeMembers),
        EventType(
            "debate_failed",
            "debate",
            "A debate could not be brought to its end.",
            debateMembers + outcomeMembers
        ),
        EventType("debate_cancelled", "debate", "A debate was stopped by a person.", debateMembers + outcomeMembers),
        EventType(
            "receipt_ready",
            "debate",
            "The signed receipt of a debate can be fetched.",
            debateMembers + [
                Member(name: "receipt_id", type: "string", meaning: "the receipt", example: "rcpt-5f0c6a1b")
            ]
        ),
        EventType(
            "receipt_exported",
            "debate",
            "Somebody took the signed receipt of a debate.",
            debateMembers + [
                Member(name: "receipt_id", type: "string", meaning: "the receipt", example: "rcpt-5f0c6a1b"),
                Member(
                    name: "exported_by",
                    type: "string",
                    meaning: "a person, a program, `link` for the holder of a link, or `terminal`",
                    example: "slack:U012345"
                ),
            ]
        ),
        EventType(
            "explanation_ready",
            "debate",
            "The votes, their reasons and the dissent of a debate can be fetched.",
            debateMembers + [
                Member(
                    name: "path",
                    type: "string",
                    meaning: "where, at the gateway",
                    example: "/api/v1/debates/01k9zq3v5wexampledebate0000/consensus"
                )
            ]
        ),
    ]

    private static let inside: [EventType] = [
        EventType(
            "round_start",
            "debate",
            "A round of criticism and revision begins.",
            entryMembers + [
                Member(name: "round", type: "integer", meaning: "from 1", example: 1),
                Member(name: "total_rounds", type: "integer", meaning: "the most rounds", example: 4),
            ]
        ),
        EventType(
            "agent_message",
            "debate",
            "An agent proposed, revised or summed up.",
            entryMembers + [
                agent("who said it"),
                Member(name: "role", type: "string", meaning: "proposer, reviser or synthesizer", example: "proposer"),
                Member(name: "content", type: "string", meaning: "what was said", example: "Ship behind a flag."),
                Member(name: "round", type: "integer", meaning: "0 for first proposals", example: 0, isRequired: false),
            ]
        ),
        EventType(
            "critique",
            "debate",
            "An agent criticised another one's proposal.",
            entryMembers + [
                agent("who criticised"),
                Member(name: "target_agent", type: "string", meaning: "whose proposal", example: "openai"),
                Member(name: "severity", type: "number", meaning: "from 0 to 1", example: 0.4, isRequired: false),
                Member(
                    name: "reasoning",
                    type: "string",
                    meaning: "why",
                    example: "It has no way back.",
                    isRequired: false
                ),
            ]
        ),
        EventType(
            "vote",
            "debate",
            "An agent voted.",
            entryMembers + [
                agent("who voted"),
                Member(name: "choice", type: "string", meaning: "for whose proposal", example: "openai"),
                Member(name: "confidence", type: "number", meaning: "from 0 to 1", example: 0.9, isRequired: false),
            ]
        ),
        EventType(
            "evidence_found",
            "debate",
            "Somebody added something that the panel takes up.",
            entryMembers + [
                Member(name: "author", type: "string", meaning: "who added it", example: "U012345"),
                Member(name: "text", type: "string", meaning: "what was added", example: "The freeze begins at noon."),
            ]
        ),
        EventType(
            "agent_fallback_triggered",
            "debate",
            "A substitute model answered for an agent.",
            entryMembers + [
                agent("for whom"),
                Member(
                    name: "fallback_model",
                    type: "string",
                    meaning: "which model answered",
                    example: "openrouter/auto"
                ),
            ]
        ),
        EventType(
            "breakpoint",
            "debate",
            "A debate waits for a person.",
            entryMembers + [
                breakpointNumber,
                Member(name: "reason", type: "string", meaning: "why it waits", example: "The panel is divided."),
                Member(name: "round", type: "integer", meaning: "after which round", example: 2),
                Member(
                    name: "triggers",
                    type: "array",
                    meaning: "what made it wait",
                    example: ["low_confidence"]
                ),
            ]
        ),
        EventType(
            "breakpoint_resolved",
            "debate",
            "A person let a debate go on, or ended it.",
            entryMembers + [
                breakpointNumber,
                Member(name: "action", type: "string", meaning: "what the person chose", example: "continue"),
                Member(name: "by", type: "string", meaning: "who chose", example: "slack:U012345", isRequired: false),
                Member(
                    name: "guidance",
                    type: "string",
                    meaning: "what the panel was told",
                    example: "Mind the freeze.",
                    isRequired: false
                ),
            ]
        ),
    ]

    private static func approval(_ verb: String, _ summary: String) -> EventType {
        EventType(
            "approval.\(verb)",
            "approval",
            summary,
            [
                Member(
                    name: "approval_id",
                    type: "string",
                    meaning: "the request",
                    example: "01k9zq3v5wexampleapproval00"
                ),
                Member(
                    name: "title",
                    type: "string",
                    meaning: "what it is about",
                    example: "Publish to X",
                    isRequired: false
                ),
                Member(
                    name: "status",
                    type: "string",
                    meaning: "where it stands",
                    example: "approved",
                    isRequired: false
                ),
            ]
        )
    }

    private static func publication(_ verb: String, _ summary: String) -> EventType {
        EventType(
            "publication.\(verb)",
            "publication",
            summary,
            [
                Member(
                    name: "id",
                    type: "string",
                    meaning: "the publication",
                    example: "01k9zq3v5wexamplepublication"
                ),
                Member(name: "state", type: "string", meaning: "where it stands", example: "published"),
                Member(name: "platform", type: "string", meaning: "x or youtube", example: "x", isRequired: false),
                Member(
                    name: "url",
                    type: "string",
                    meaning: "where it can be seen",
                    example: "https://x.com/i/1",
                    isRequired: false
                ),
            ]
        )
    }

    private static let program: [EventType] = [
        approval("requested", "Somebody is asked to decide."),
        approval("answered", "One of the approvers has answered."),
        approval("decided", "A request was decided."),
        approval("reminded", "The approvers were reminded."),
        approval("escalated", "A request went on to the next approvers."),
        approval("expired", "A request ran out undecided."),
        approval("withdrawn", "A request was taken back."),
        EventType(
            "approval.delegated",
            "approval",
            "An approver let somebody else decide for a while.",
            [
                Member(name: "delegator", type: "string", meaning: "who passed it on", example: "slack:U012345"),
                Member(name: "delegate", type: "string", meaning: "to whom", example: "slack:U067890"),
                Member(name: "ends_at", type: "string", meaning: "until when", example: "2026-02-01T00:00:00.000Z"),
            ]
        ),
        EventType(
            "approval.delegation_ended",
            "approval",
            "A delegation is over.",
            [
                Member(name: "delegator", type: "string", meaning: "who had passed it on", example: "slack:U012345"),
                Member(name: "delegate", type: "string", meaning: "to whom", example: "slack:U067890"),
            ]
        ),
        publication("drafted", "Something is to be published."),
        publication("previewed", "A draft is shown to those who may release it."),
        publication("released", "A person released a publication."),
        publication("sending", "A publication is under way."),
        publication("published", "Something was published."),
        publication("failed", "Something could not be published."),
        publication("unknown", "Nobody knows whether a publication has arrived."),
        publication("withdrawing", "A publication is being taken back."),
        publication("withdrawn", "A publication was taken back."),
        EventType(
            EventMessage.testType,
            "webhook",
            "Somebody tests a webhook; sent to that one alone, once.",
            [Member(name: "webhook_id", type: "string", meaning: "the webhook", example: "wh_01k9zq3v5w")]
        ),
        EventType(
            "webhook.disabled",
            "webhook",
            "Another webhook of the workspace was given up.",
            [
                Member(name: "webhook_id", type: "string", meaning: "the webhook", example: "wh_01k9zq3v5w"),
                Member(name: "reason", type: "string", meaning: "why", example: "it answered 410 Gone"),
            ]
        ),
    ]

    /// What the original can tell of and this program has no room for yet.
    private static let original: [EventType] = [
        ("insight_extracted", "memory", "An insight was drawn from a debate."),
        ("memory_stored", "memory", "Something was remembered."),
        ("memory_retrieved", "memory", "Something was recalled for a debate."),
        ("claim_verification_result", "verification", "A claim was checked."),
        ("formal_verification_result", "verification", "A claim was checked formally."),
        ("gauntlet_complete", "gauntlet", "A gauntlet is over."),
        ("gauntlet_verdict", "gauntlet", "A gauntlet has brought its verdict."),
        ("graph_branch_created", "graph", "A debate branched."),
        ("graph_branch_merged", "graph", "Two branches were merged."),
        ("genesis_evolution", "evolution", "A generation of agents has evolved."),
        ("agent_elo_updated", "ranking", "An agent's rating has changed."),
        ("knowledge_indexed", "knowledge", "A document was taken in."),
        ("knowledge_queried", "knowledge", "The knowledge was asked."),
        ("mound_updated", "knowledge", "The knowledge has changed."),
        ("calibration_update", "ranking", "The calibration has changed."),
        ("agent_calibration_changed", "ranking", "An agent's calibration has changed."),
    ].map { EventType($0.0, $0.1, $0.2, isTold: false) }
}
