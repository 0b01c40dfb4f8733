import Channels

/// Posts as the product writes them.
enum SamplePosts {
    static let verdict = Post(
        title: "Verdict of debate #42",
        body: """
            ## Move to four-day weeks

            The panel agrees, **with one condition**: output is measured _before_ and after, as in `pilot.md`.
            Nobody was ~~forced~~ asked twice.

            1. Start with one team.
            2. Measure for a quarter:
               - tickets closed
               - nights slept
            3. Decide again.

            - [x] legal
            - [ ] payroll

            > "Fewer hours, same work?"
            >
            > - asked by finance

            | Option | Votes | Confidence |
            |:--|--:|:-:|
            | Four days | 3 | 0.82 |
            | Five days | 1 | 0.40 |

            ```swift
            let week = days.filter { $0 != .friday } // <!channel> & co
            ```

            ---

            See [the pilot](https://example.com/pilot?a=1&b=2), https://example.com, and [nothing](javascript:alert(1)).
            """,
        fields: [.init("Consensus", "yes, 3 of 4"), .init("Rounds", "2"), .init("Cost", "$0.04 <@U1>")],
        buttons: [
            .init(label: "Agree", token: "tokagree", style: .primary), .init(label: "Disagree", token: "tokdisagree"),
            .init(label: "Receipt", url: "https://aragora.example.com/debates/42"),
        ],
        footer: "Asked by **alice** in `#general`. [Replay](https://aragora.example.com/d/42)",
        fallbackText: "Verdict of debate #42: move to four-day weeks & measure"
    )
    static let prompt = Post(
        title: "Approve the deployment?",
        body: "The panel recommends to deploy *tonight*.",
        fields: [.init("Expires", "in 30 minutes")],
        buttons: [
            .init(label: "Approve", token: "tokapprove", style: .primary),
            .init(label: "Reject", token: "tokreject", style: .danger),
        ],
        fallbackText: "Approve the deployment?"
    )
    static let tables = Post(
        body: """
            | a | b |
            |---|---|
            | 1 | `x` |

            and

            | c | d |
            |---|---|
            | 2 | y |
            """,
        fallbackText: "Two tables"
    )
}
