import ChannelSupport
import Channels
import CoreTypes
import SlackIntegration
import TestSupport
import Testing

@Suite("What comes in from Slack")
struct ReceptionTests {
    private let bench: SlackBench
    private var payloads: SlackPayloads { bench.payloads }

    init() throws {
        bench = try SlackBench()
    }

    private func text(_ acknowledgement: Acknowledgement) -> String {
        String(decoding: acknowledgement.body, as: UTF8.self)
    }

    @Test("The contract of all adapters holds for every kind of request")
    func contract() throws {
        let signed = [
            payloads.mention("Should we move?", ts: "1750000000.000100"),
            payloads.message("I agree", ts: "1750000001.000100", thread: "1750000000.000100"),
            payloads.directMessage("Should we move?", ts: "1750000000.000200"),
            payloads.command("debate Should we move?"),
            payloads.press("token1", messageTS: "1750000003.000100", thread: "1750000000.000100"),
            payloads.shortcut(),
            payloads.messageShortcut(on: "Should we?", ts: "1750000000.000300"),
            payloads.urlVerification("challenge"), payloads.uninstalled(), payloads.sslCheck(), payloads.suggestion(),
        ].map { bench.request($0) }
        let stale = [bench.request(payloads.command("help"), signedAt: SlackBench.now - .seconds(3600))]
        let contract = AdapterContract(adapter: bench.adapter, signedRequests: signed, staleRequests: stale)
        // A word of fifty thousand letters stands in no single part; `RenderingTests.longWord` looks for its pieces.
        #expect(contract.violations().filter { !$0.hasSuffix("is lost: one long word") } == [])
    }

    @Test("The URL's challenge comes back as it came")
    func challenge() throws {
        let reception = try bench.receive(payloads.urlVerification("3eZbrw1aB\"ä"))
        #expect(reception.entries.isEmpty)
        #expect(reception.acknowledgement.status == 200)
        #expect(text(reception.acknowledgement) == #"{"challenge":"3eZbrw1aB\"ä"}"#)
    }

    @Test("A message keeps its key under a new event id, and its body as it came")
    func twins() throws {
        let first = try bench.receive(payloads.mention("Why?", ts: "1.1", eventID: "Ev1"))
        let again = try bench.receive(payloads.mention("Why?", ts: "1.1", eventID: "Ev2"))
        let other = try bench.receive(payloads.mention("Why?", ts: "1.2", eventID: "Ev1"))
        #expect(first.entries.map(\.eventKey) == ["event:C0CHANNEL1:1.1"])
        #expect(again.entries.map(\.eventKey) == first.entries.map(\.eventKey))
        #expect(other.entries.map(\.eventKey) != first.entries.map(\.eventKey))
        #expect(first.entries.first?.workspace == WorkspaceID("slack:T0TEAM0001"))
        #expect(first.entries.first?.body == payloads.mention("Why?", ts: "1.1", eventID: "Ev1").body)
    }

    @Test(
        "A mention's two events have one key, one conversation and one origin",
        arguments: [nil, "file_share", "thread_broadcast"]
    )
    func mentionTwins(subtype: String?) throws {
        let mention = payloads.mention("Why?", ts: "1.1")
        let message = payloads.message("<@U0BOT00001> Why?", ts: "1.1", subtype: subtype)
        let entries = try [mention, message].flatMap { try bench.receive($0).entries }
        #expect(entries.map(\.eventKey) == ["event:C0CHANNEL1:1.1", "event:C0CHANNEL1:1.1"])
        #expect(Set(entries.map(\.conversationKey)) == ["slack:C0CHANNEL1:1.1"])
        let events = try [mention, message].flatMap { try bench.events($0) }
        #expect(events.map(\.originKey) == ["slack:C0CHANNEL1:1.1", "slack:C0CHANNEL1:1.1"])
        // A message that an edit makes a mention of is heard as one.
        let before = try bench.receive(payloads.message("Why?", ts: "1.1", thread: "1.0")).entries
        #expect(before.map(\.eventKey) == ["event:message:C0CHANNEL1:1.1"])
    }

    @Test("A thread is one conversation, and so is everything outside of threads that is said to us directly")
    func conversations() throws {
        func key(_ payload: SlackPayload) throws -> String? {
            try bench.receive(payload).entries.first?.conversationKey
        }
        #expect(try key(payloads.mention("a", ts: "1.1")) == "slack:C0CHANNEL1:1.1")
        #expect(try key(payloads.message("b", ts: "1.2", thread: "1.1")) == "slack:C0CHANNEL1:1.1")
        #expect(try key(payloads.press("t", messageTS: "1.3", thread: "1.1")) == "slack:C0CHANNEL1:1.1")
        #expect(try key(payloads.press("t", messageTS: "1.1")) == "slack:C0CHANNEL1:1.1")
        #expect(try key(payloads.directMessage("c", ts: "1.4")) == "slack:D0DIRECT01")
        #expect(try key(payloads.directMessage("d", ts: "1.5", thread: "1.4")) == "slack:D0DIRECT01:1.4")
        #expect(try key(payloads.command("e", trigger: "9.9")) == "slack:C0CHANNEL1:9.9")
    }

    @Test("What we say ourselves is not stored, nor joins, edits and deletions")
    func noise() throws {
        let silent = [
            payloads.message("joined", ts: "1.1", thread: "1.0", subtype: "channel_join"),
            payloads.ownMessage("Debate #1", ts: "1.2", thread: "1.1"),
            payloads.edit(of: "1.1", to: "<@U0BOT00001> Why not?", at: "1.3"),
            payloads.deletion(of: "1.1", at: "1.4"),
            payloads.tokensRevoked(bot: false).route == "events" ? payloads.closedView() : payloads.shortcut(),
        ]
        for payload in silent {
            let reception = try bench.receive(payload)
            #expect(reception.entries.isEmpty)
            #expect(reception.acknowledgement.status == 200)
        }
        #expect(
            try bench.receive(payloads.message("a file", ts: "1.5", thread: "1.1", subtype: "file_share")).entries.count
                == 1
        )
    }

    @Test("Commands and buttons are keyed by what triggered them")
    func triggers() throws {
        #expect(try bench.receive(payloads.command("help", trigger: "7.7")).entries.map(\.eventKey) == ["command:7.7"])
        let press = try bench.receive(payloads.press("t", messageTS: "1.1", trigger: "8.8"))
        #expect(press.entries.map(\.eventKey) == ["interaction:8.8"])
        #expect(press.acknowledgement.body.isEmpty)
    }

    @Test("Links, other apps' buttons and closed forms give nothing")
    func foreignButtons() throws {
        #expect(try bench.receive(payloads.press("t", messageTS: "1.1", actionID: "link:0")).entries.isEmpty)
        #expect(try bench.receive(payloads.press("t", messageTS: "1.1", actionID: "approve")).entries.isEmpty)
        #expect(try bench.receive(payloads.closedView()).entries.isEmpty)
    }

    @Test("A certificate check and a request for options are answered at once")
    func probes() throws {
        #expect(try bench.receive(payloads.sslCheck()).entries.isEmpty)
        #expect(text(try bench.receive(payloads.suggestion()).acknowledgement) == #"{"options":[]}"#)
    }

    @Test("An organisation stands in where there is no team")
    func organisations() throws {
        var grid = payloads
        grid.enterprise = "E0GRID0001"
        #expect(
            try bench.receive(grid.mention("a", ts: "1.1")).entries.first?.workspace == WorkspaceID("slack:T0TEAM0001")
        )
        grid.team = ""
        #expect(
            try bench.receive(grid.mention("a", ts: "1.1")).entries.first?.workspace == WorkspaceID("slack:E0GRID0001")
        )
    }

    @Test("Whatever is done in a workspace of an organisation belongs to that workspace")
    func organisationsInteractions() throws {
        var grid = payloads
        grid.enterprise = "E0GRID0001"
        grid.isOrganisations = true
        let view: JSONValue = ["id": "V1", "blocks": []]
        func workspaces(_ payload: SlackPayload) throws -> [String] {
            try bench.receive(payload).entries.map(\.workspace.rawValue)
        }
        for payload in [
            grid.press("t", messageTS: "1.1"), grid.shortcut(), grid.messageShortcut(on: "a", ts: "1.1"),
            grid.submission(of: view, answers: [:]), grid.mention("a", ts: "1.1"), grid.command("help"),
        ] {
            #expect(try workspaces(payload) == ["slack:T0TEAM0001"])
        }
        #expect(try workspaces(grid.submission(of: view, answers: [:], installedTeam: "T9")) == ["slack:T9"])
        // The end of the organisation's installation is the organisation's.
        #expect(try workspaces(grid.uninstalled()) == ["slack:E0GRID0001"])
        #expect(try workspaces(grid.tokensRevoked(bot: true)) == ["slack:E0GRID0001"])
        grid.isOrganisations = false
        #expect(try workspaces(grid.uninstalled()) == ["slack:T0TEAM0001"])
    }

    @Test("An event of a shared channel belongs to the workspace that we are installed in")
    func sharedChannels() throws {
        var shared = payloads
        shared.hostTeam = "T0HOST0001"
        #expect(
            try bench.receive(shared.mention("a", ts: "1.1")).entries.map(\.workspace.rawValue) == ["slack:T0TEAM0001"]
        )
    }

    @Test(
        "Bodies that are none of Slack's are refused",
        arguments: [
            SlackPayload.json("events", ["type": "event_callback", "event": ["type": "message"]]),
            SlackPayload.json("events", ["type": "url_verification"]),
            SlackPayload(route: "events", contentType: "application/json", body: Array("{\"type\":".utf8)),
            SlackPayload(route: "commands", contentType: "", body: Array("text=hello".utf8)),
            SlackPayload(route: "interactions", contentType: "", body: Array("payload=%7B".utf8)),
            SlackPayload(route: "interactions", contentType: "", body: []),
        ]
    )
    func malformed(_ payload: SlackPayload) throws {
        let request = try bench.adapter.verify(bench.request(payload))
        let refusal = #expect(throws: RequestRefusal.self) { _ = try bench.adapter.receive(request) }
        #expect(refusal?.status == 400)
    }
}
