import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("Forms as Slack's dialogs")
struct ModalTests {
    static let question = Form(
        title: "Ask Aragora",
        callback: "debate",
        submitLabel: "Debate",
        fields: [
            .init(
                name: "question",
                label: "Question",
                hint: "A hard one",
                kind: .text(multiline: true),
                initial: "Why?"
            ),
            .init(
                name: "agents",
                label: "Panel",
                kind: .choices([.init(value: "openai", label: "OpenAI"), .init(value: "gemini", label: "Gemini")]),
                initial: "gemini, openai",
                isOptional: true
            ),
            .init(name: "rounds", label: "Rounds", kind: .text(multiline: false), isOptional: true),
            .init(
                name: "consensus",
                label: "Rule",
                kind: .choice([.init(value: "majority", label: "Majority")]),
                isOptional: true
            ),
            .init(name: "nothing", label: "Nothing to choose", kind: .choices([]), isOptional: true),
        ],
        state: "opaque"
    )
    static let forms: [Form] = [
        question,
        Form(
            title: String(repeating: "A very long title ", count: 5),
            callback: "c",
            submitLabel: String(repeating: "Submit ", count: 10),
            fields: [
                .init(
                    name: "many",
                    label: String(repeating: "label ", count: 500),
                    kind: .choices((0..<150).map { .init(value: "v\($0)", label: String(repeating: "o", count: 100)) })
                ),
                .init(
                    name: "text",
                    label: "Text",
                    kind: .text(multiline: true),
                    initial: String(repeating: "x", count: 5000)
                ),
            ],
            state: String(repeating: "s", count: 2000)
        ),
    ]

    /// Opens the question form where somebody used the shortcut on a message.
    private func opened(_ form: Form = question, _ body: (SlackBench, JSONValue) throws -> Void) async throws {
        try await withSlack { slack, bench in
            let event = try #require(
                try bench.events(bench.payloads.messageShortcut(on: "Why?", ts: "1.1")).first
            )
            let outcome = await bench.adapter.open(form, at: event.address, key: "key")
            #expect(word(outcome) == "sent")
            try body(bench, try #require(await slack.views.first))
        }
    }

    @Test("What came of a form knows where it was asked for, and whether anybody has replied there")
    func origin() async throws {
        try await withSlack { slack, bench in
            for (position, thread) in [nil, "1.0"].enumerated() {
                let about = bench.payloads.messageShortcut(
                    on: "Why?",
                    ts: "1.1",
                    thread: thread,
                    trigger: "t\(position)"
                )
                let asked = try #require(try bench.events(about).first).address
                #expect(word(await bench.adapter.open(Self.question, at: asked, key: "k")) == "sent")
                let view = try #require(await slack.views.last)
                let answers = ["required:question": "Why?"]
                let back = try #require(try bench.events(bench.payloads.submission(of: view, answers: answers)).first)
                #expect(back.address.thread == thread ?? "1.1")
                #expect(back.address.threadIsNew == (thread == nil))
            }
        }
    }

    @Test("What has no value is left out: Slack refuses a form with null in it", arguments: forms.indices)
    func noNulls(index: Int) async throws {
        try await opened(Self.forms[index]) { _, view in #expect(!view.text.contains(":null")) }
    }

    @Test("An answer whose value is too long to come back whole is not offered")
    func longValues() async throws {
        let long = Form.Field.Option(value: String(repeating: "v", count: 151), label: "Long")
        let longest = Form.Field.Option(value: String(repeating: "w", count: 150), label: "Longest")
        let form = Form(
            title: "Ask",
            callback: "debate",
            submitLabel: "Debate",
            fields: [
                .init(name: "agents", label: "Panel", kind: .choices([long, longest]), initial: long.value),
                .init(name: "rule", label: "Rule", kind: .choice([long]), initial: long.value),
            ]
        )
        try await opened(form) { _, view in
            let blocks = try #require(view["blocks"]?.array)
            #expect(blocks.map { $0["block_id"]?.string } == ["required:agents"])
            let element = try #require(blocks.first?["element"])
            #expect(element["options"]?.array?.map { $0["value"]?.string } == [longest.value])
            #expect(element["initial_options"] == nil)
        }
    }

    @Test("A form comes back with its answers, its state and the place that it was asked for in")
    func roundTrip() async throws {
        try await opened { bench, view in
            let payload = bench.payloads.submission(
                of: view,
                answers: [
                    "required:question": "Should we?", "optional:agents": "openai,gemini", "optional:rounds": "3",
                    "optional:consensus": "majority",
                ]
            )
            let reception = try bench.receive(payload)
            #expect(reception.acknowledgement.body.isEmpty)
            #expect(reception.entries.map(\.eventKey) == ["view:V1:hash-1"])
            #expect(reception.entries.map(\.conversationKey) == ["slack:C0CHANNEL1:1.1"])
            let event = try #require(try bench.events(payload).first)
            guard case .formSubmitted(let callback, let answers, let state) = event.kind else {
                Issue.record("It is no form")
                return
            }
            #expect(callback == "debate")
            #expect(state == "opaque")
            #expect(
                answers == [
                    "question": "Should we?", "agents": "openai,gemini", "rounds": "3", "consensus": "majority",
                ]
            )
            #expect(event.address.channel == "C0CHANNEL1")
            #expect(event.address.thread == "1.1")
            #expect(event.address.responseURL?.contains("C0CHANNEL1-U0ALICE001") == true)
            #expect(event.address.responseURLExpires == SlackBench.now + .seconds(1800))
            #expect(event.actor.id == "U0ALICE001")
        }
    }

    @Test(
        "Mistakes are told in the form, and nothing is stored",
        arguments: [
            (["required:question": "   "], ["required:question"]),
            ([:], ["required:question"]),
            (["required:question": "Why?", "optional:rounds": "13"], ["optional:rounds"]),
            (["required:question": "Why?", "optional:rounds": "0"], ["optional:rounds"]),
            (["required:question": "", "optional:rounds": "many"], ["optional:rounds", "required:question"]),
        ]
    )
    func mistakes(_ answers: [String: String], _ wrong: [String]) async throws {
        try await opened { bench, view in
            let reception = try bench.receive(bench.payloads.submission(of: view, answers: answers))
            #expect(reception.entries.isEmpty)
            let answer = try JSONValue(parsing: reception.acknowledgement.body)
            #expect(answer["response_action"]?.string == "errors")
            #expect(answer["errors"]?.object?.keys.sorted() == wrong)
        }
    }

    @Test("A form without a trigger, or with one that was used, says why it cannot open")
    func triggers() async throws {
        try await withSlack { _, bench in
            var address = bench.address
            #expect(word(await bench.adapter.open(Self.question, at: address, key: "k")) == "permanent no_trigger")
            address.trigger = "1.1"
            #expect(word(await bench.adapter.open(Self.question, at: address, key: "k")) == "sent")
            let again = await bench.adapter.open(Self.question, at: address, key: "k")
            #expect(word(again) == "permanent exchanged_trigger_id")
        }
    }
}
