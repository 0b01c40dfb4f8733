import CoreTypes
import Foundation
import Gateway
import TestSupport
import Testing
import WebIntegration

@Suite("The built-in page", .timeLimit(.minutes(5)))
struct PageTests {
    @Test("The page is the same at its two addresses, and a browser that has it gets no second copy")
    func caching() async throws {
        try await GatewayHarness().run { client async throws in
            let page = try await client.request("GET", "/")
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(try await client.request("GET", "/debates/any").body == page.body)
            for path in ["/", "/page.js", "/page.css"] {
                let tag = try #require(try await client.request("GET", path).headers["etag"])
                let again = try await client.request("GET", path, headers: [("If-None-Match", tag)])
                #expect(again.status == 304)
                #expect(again.body.isEmpty)
                #expect(try await client.request("GET", path, headers: [("If-None-Match", "\"0\"")]).status == 200)
            }
            #expect(try await client.request("HEAD", "/").body.isEmpty)
        }
    }

    @Test("Browsers are told that nothing comes from elsewhere and nothing is inline")
    func policy() async throws {
        let page = try await GatewayHarness().run { try await $0.request("GET", "/") }
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.contains("default-src 'self'"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(page.headers["x-content-type-options"] == "nosniff")
        #expect(page.headers["referrer-policy"] == "no-referrer")
        #expect(!page.body.contains("style="))
        #expect(page.body.firstMatch(of: /\son[a-z]+=/) == nil)
        #expect(page.body.firstMatch(of: /(src|href)="(https?:)?\/\//) == nil)
    }

    @Test("The script makes nodes, never markup")
    func script() throws {
        let page = try WebPage(isDemo: false)
        let scripts = page.files.filter { $0.key.hasSuffix(".js") }
        #expect(scripts.count == 4)
        let files = try scripts.map(\.value) + [ApprovalPages().script]
        let script = files.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"] {
            #expect(!script.contains(word), "\(word)")
        }
    }

    @Test("The demo says what it is before any script runs", arguments: [true, false])
    func demo(isDemo: Bool) throws {
        let html = String(decoding: try WebPage(isDemo: isDemo).html.bytes, as: UTF8.self)
        #expect(html.contains("Offline demo agents — not AI models.") == isDemo)
    }

    @Test("A page asks for the gateway's token where it wants one, and lives on when nobody gives it")
    func token() async throws {
        var harness = GatewayHarness()
        harness.configuration.apiToken = Secret("right-token")
        try await harness.run { client async throws in
            let browser = try await client.openInBrowser("/")
            let wasWrong = "That was not the token"
            try await browser.wait(for: "This gateway asks for its token")
            #expect(try await !browser.html().contains(wasWrong))
            try await browser.press(.escape)
            try await browser.wait(for: "The token is needed for this.")
            #expect(try await !browser.html().contains("<dialog"))
            for (token, outcome) in [("wrong-token", wasWrong), ("right-token", "No debates yet")] {
                try await browser.evaluate("if (!document.querySelector('dialog')) void route()")
                try await browser.wait(until: "document.activeElement?.id === 'token'")
                try await browser.type(token)
                try await browser.press(.enter)
                try await browser.wait(for: outcome)
            }
            try await browser.wait(until: "!document.querySelector('dialog') && $('trouble').hidden")
        }
    }

    private static let shownTrouble = #"id="trouble" role="status">"#

    @Test("A page says what is wrong, as all of them do")
    func trouble() async throws {
        // This gateway has no webhooks.
        let page = try await GatewayHarness().run { try await $0.browse("/webhooks", until: Self.shownTrouble) }
        #expect(page.contains(Self.shownTrouble))
    }

    @Test("In a browser a debate's link shows the verdict, its dissent, and hostile text as mere text")
    func browser() async throws {
        var harness = GatewayHarness()
        harness.debates = FakeDebates(isDemo: true)
        let id = harness.debates.add("d1", status: "completed", task: DebateScript.task)
        for event in DebateScript.events(isDemo: true) { harness.debates.append(event.type, event.data, to: id) }
        let page = try await harness.run { client async throws in
            try await client.browse("/debates/d1", until: "Approved with conditions")
        }
        #expect(page.contains("Approved with conditions"))
        #expect(page.contains("cut over on a Sunday in April</strong>"))
        #expect(page.contains("Nobody has shown that the team can debug replication lag"))
        #expect(page.contains("not AI models. It shows how a debate works"))
        #expect(page.contains("aragora receipt verify aragora-receipt-d1.json"))
        #expect(page.contains("&lt;script&gt;alert"))
        #expect(!page.contains("<script>alert"))
    }

    /// What the page of a debate shows whose journal begins with these events.
    private static func page(
        _ events: [(type: String, data: JSONValue)],
        status: String,
        until text: String
    ) async throws -> String {
        let harness = GatewayHarness()
        let id = harness.debates.add("d1", status: status, task: DebateScript.task)
        for event in events { harness.debates.append(event.type, event.data, to: id) }
        return try await harness.run { client async throws in try await client.browse("/debates/d1", until: text) }
    }

    /// The events up to the first of a type.
    private static func events(before type: String) -> [(type: String, data: JSONValue)] {
        Array(DebateScript.events().prefix { $0.type != type })
    }

    private static let pause: [(type: String, data: JSONValue)] = [
        (
            "breakpoint",
            ["number": 1, "round": 2, "reason": "2 rounds were held.", "triggers": ["round_limit"]]
        )
    ]

    @Test("A debate that waits says for what, and where it is answered, until people have answered")
    func waiting() async throws {
        let waits = "Waiting for people: 2 rounds were held."
        let asked = try await Self.page(Self.events(before: "vote") + Self.pause, status: "paused", until: waits)
        #expect(asked.contains(waits) && asked.contains(#"<a href="/approvals">Answer in the inbox</a>"#))
        #expect(asked.contains(#"<span class="status paused" id="status">Waiting for people</span>"#))
        // Nobody reads any more what is added once the vote has begun.
        #expect(asked.contains(#"<form id="followup" hidden="">"#))
        let answer: [(type: String, data: JSONValue)] = [
            ("breakpoint_resolved", ["number": 1, "action": "continue", "by": "Ann", "guidance": ""])
        ]
        let answered = try await Self.page(
            Self.events(before: "phase_change") + Self.pause + answer,
            status: "paused",
            until: "Decided by Ann: it goes on."
        )
        #expect(answered.contains("Decided by Ann: it goes on.") && !answered.contains(waits))
        #expect(answered.contains(#"id="status">Running</span>"#) && answered.contains(#"<form id="followup">"#))
    }

    @Test("An answer of a model that stood in names it, beside the answer and on the panel")
    func standIn() async throws {
        let events = DebateScript.events().map { event -> (type: String, data: JSONValue) in
            guard event.type == "revision", event.data["agent"] == "openai" else { return event }
            var data = event.data
            data["usage"] = ["fallback_model": "other/model"]
            return (type: event.type, data: data)
        }
        let page = try await Self.page(events, status: "completed", until: "Approved with conditions")
        #expect(page.contains("openai-large<span class=\"substitute\""))
        // One on the panel, and one for each round's revision.
        #expect(page.components(separatedBy: "answered by other/model").count == 4)
    }
}
