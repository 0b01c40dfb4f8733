import CoreTypes

/// The journal of a whole debate, for tests of the stream and for looking at the page.
enum DebateScript {
    static let task =
        "Should we move our 40-person team's PostgreSQL from self-managed virtual machines to a managed service this quarter?"

    /// Every event of the debate, in order.
    static func events(isDemo: Bool = false) -> [(type: String, data: JSONValue)] {
        [start(isDemo)] + proposals + roundOne + roundTwo + ending
    }

    private static func start(_ isDemo: Bool) -> (type: String, data: JSONValue) {
        let panel = ["anthropic", "openai", "gemini"].map { name -> JSONValue in
            [
                "demo": .bool(isDemo), "model": .string(isDemo ? "demo" : "\(name)-large"), "name": .string(name),
                "provider": .string("\(name) inc."),
            ]
        }
        return (
            "debate_start",
            [
                "background": "We run PostgreSQL 15 on three machines. One person knows it well and leaves in May.",
                "panel": .array(panel), "protocol": ["consensus": "judge", "rounds": 2], "requested_by": "local",
                "task": .string(task), "workspace": "local",
            ]
        )
    }

    private static func critique(_ agent: String, _ target: String, _ severity: Double, _ round: Int64, _ issue: String)
        -> (type: String, data: JSONValue)
    {
        (
            "critique",
            [
                "agent": .string(agent), "target_agent": .string(target), "severity": .number(severity),
                "round": .integer(round), "issues": [.string(issue), "No word on `pg_dump` restore times."],
                "suggestions": ["Rehearse the cut-over twice on a copy."],
                "reasoning": "The direction is right; the evidence for the **date** is not there.",
            ]
        )
    }

    private static func text(_ type: String, _ agent: String, _ round: Int64, _ content: String)
        -> (type: String, data: JSONValue)
    {
        (
            type,
            [
                "agent": .string(agent), "round": .integer(round), "content": .string(content),
                "usage": ["input_tokens": 812, "output_tokens": 344, "cost_microdollars": 5400],
            ]
        )
    }

    private static var proposals: [(type: String, data: JSONValue)] {
        [
            ("phase_change", ["from_phase": "context", "to_phase": "proposals"]),
            text(
                "propose",
                "anthropic",
                0,
                "**Yes, but not this quarter.** Move in Q3, after two rehearsals.\n\n1. Take an inventory of extensions.\n2. Set up logical replication.\n3. Rehearse the cut-over *twice*.\n\n| Option | Risk | Cost |\n|---|---|---|\n| Stay | high | 1.0× |\n| Move | medium | 1.4× |"
            ),
            text(
                "propose",
                "openai",
                0,
                "Move now.\n\n> The risk of losing the one expert is greater than the risk of the move.\n\n```sql\nselect pg_is_in_recovery();\n```\n\nSee https://www.postgresql.org/docs/current/logical-replication.html."
            ),
            text(
                "propose",
                "gemini",
                0,
                "Stay and **hire**. <script>alert('never')</script> A managed service moves the problem to a support queue."
            ),
        ]
    }

    private static var roundOne: [(type: String, data: JSONValue)] {
        [
            ("phase_change", ["from_phase": "proposals", "to_phase": "rounds"]),
            ("round_start", ["round": 1, "total_rounds": 2]),
            critique(
                "anthropic",
                "openai",
                0.72,
                1,
                "Moving *now* leaves no time for a rehearsal before the expert leaves."
            ),
            critique("anthropic", "gemini", 0.4, 1, "Hiring takes longer than the notice period."),
            critique("openai", "anthropic", 0.3, 1, "Waiting for Q3 means moving without the expert."),
            critique("openai", "gemini", 0.55, 1, "A single hire is again a single point of failure."),
            critique("gemini", "anthropic", 0.15, 1, "The cost estimate leaves out traffic between zones."),
            critique("gemini", "openai", 0.8, 1, "There is no way back described."),
            (
                "evidence_added",
                [
                    "author": "local", "cursor": 1, "key": "k",
                    "text": "The provider's maintenance window is Sunday 02:00–06:00.",
                ]
            ),
            text("revision", "anthropic", 1, "Start now, cut over **in April**, while the expert is still here."),
            text("revision", "openai", 1, "Start now with a rehearsal in March and a written way back."),
            (
                "agent_failed",
                [
                    "agent": "gemini", "code": "timeout", "message": "No answer within 120 seconds.",
                    "phase": "revision", "round": 1,
                ]
            ),
            ("convergence", ["round": 1, "similarity": 0.61, "status": "refining"]),
        ]
    }

    private static var roundTwo: [(type: String, data: JSONValue)] {
        [
            ("round_start", ["round": 2, "total_rounds": 2]),
            critique("anthropic", "openai", 0.2, 2, "Name who decides on the way back."),
            critique("openai", "anthropic", 0.25, 2, "Say what happens if the rehearsal fails."),
            text("revision", "anthropic", 2, "Start now; cut over on a Sunday in April; abort rule: 30 minutes."),
            text("revision", "openai", 2, "Agreed with anthropic's plan, with a named decision maker."),
            ("convergence", ["round": 2, "similarity": 0.87, "status": "converged"]),
        ]
    }

    private static var ending: [(type: String, data: JSONValue)] {
        let dissent: JSONValue = [
            "agent": "gemini", "choice": "gemini", "confidence": 0.7, "proposal": "Stay and **hire** a second person.",
            "reasoning":
                "Nobody has shown that the team can debug replication lag inside somebody else's service at three in the morning.",
        ]
        return [
            ("phase_change", ["from_phase": "rounds", "to_phase": "consensus"]),
            (
                "vote",
                [
                    "agent": "anthropic", "choice": "anthropic", "confidence": 0.85,
                    "reasoning": "It has the abort rule.",
                ]
            ),
            (
                "vote",
                [
                    "agent": "openai", "choice": "anthropic", "confidence": 0.9,
                    "reasoning": "The plan keeps the expert on board for the cut-over.",
                ]
            ),
            (
                "vote",
                [
                    "agent": "gemini", "choice": "gemini", "confidence": 0.7,
                    "reasoning": dissent["reasoning"] ?? "",
                ]
            ),
            (
                "consensus",
                [
                    "mode": "judge", "reached": true, "winner": "anthropic", "leader": "anthropic",
                    "confidence": 0.5833, "strength": "medium", "abstained": [], "groups": [], "quorum": 2,
                    "dissent": [dissent],
                    "shares": [
                        ["choice": "anthropic", "share": 0.6667, "voters": ["anthropic", "openai"]],
                        ["choice": "gemini", "share": 0.3333, "voters": ["gemini"]],
                    ],
                ]
            ),
            (
                "synthesis",
                ["agent": "openai", "content": .string(answer), "sources": ["anthropic", "openai", "gemini"]]
            ),
            (
                "debate_end",
                [
                    "status": "completed", "verdict": "approved_with_conditions", "final_answer": .string(answer),
                    "confidence": 0.5833, "consensus_reached": true, "winner": "anthropic", "synthesized_by": "openai",
                    "rounds_used": 2, "total_rounds": 2,
                ]
            ),
        ]
    }

    private static let answer = """
        **Yes — start now, and cut over on a Sunday in April**, while the person who knows the present set-up is still here.

        1. **This week:** list the extensions in use and check that the provider offers each of them.
        2. **March:** set up logical replication and rehearse the cut-over *twice* on a copy, timing `pg_restore`.
        3. **April:** cut over inside the provider's window (Sunday 02:00–06:00).

        The move is off if the second rehearsal takes longer than three hours, and it is rolled back if writes are not
        flowing 30 minutes after the switch. Name one person who decides that.
        """
}
