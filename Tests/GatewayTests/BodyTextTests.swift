import CoreTypes
import Gateway
import Synchronization
import TestSupport
import Testing

/// The texts in the bodies of the API: how long they may be, and what would not be read as it was meant.
@Suite("Texts in bodies", .timeLimit(.minutes(5)))
struct BodyTextTests {
    private static let path = "/api/v1/debates"
    private let harness = GatewayHarness()

    @Test("A body over the limit is 413 in the flat form")
    func tooLarge() async throws {
        var harness = harness
        harness.configuration.maximumQuestionBytes = 100
        let answer = try await harness.run {
            try await $0.post(Self.path, #"{"task":""# + String(repeating: "x", count: 100) + #""}"#)
        }
        #expect(answer.status == 413)
        #expect(try answer.json["code"]?.string == "too_large")
    }

    @Test("Every mark of a letter counts as a character")
    func marks() async throws {
        func marked(_ count: Int) -> String { "a" + String(repeating: "\u{301}", count: count) }
        harness.debates.add("d1")
        let bodies = [
            ("", #"{"task":"\#(marked(100_000))"}"#),
            ("", #"{"task":"a","context":"\#(marked(500_000))"}"#),
            ("/d1/messages", #"{"content":"\#(marked(100_000))"}"#),
        ]
        try await harness.run { client async throws in
            for (path, body) in bodies {
                let answer = try await client.post(Self.path + path, body)
                #expect(answer.status == 400)
                #expect(try answer.json["error"]?.string?.contains("characters at most") == true)
            }
            let headers = [("Content-Type", "application/json")]
            let title = #"{"title":"\#(marked(500))"}"#
            #expect(try await client.request("PATCH", Self.path + "/d1", headers: headers, body: title).status == 400)
            #expect(try await client.post(Self.path, #"{"task":"\#(marked(40_000))"}"#).status == 201)
        }
    }

    @Test("The longest texts fit in whatever script, as they are and in escapes", arguments: ["問", #"\u554f"#])
    func longest(letter: String) async throws {
        func text(_ count: Int) -> String { String(repeating: letter, count: count) }
        harness.debates.add("d1")
        try await harness.run { client async throws in
            let whole = #"{"task":"\#(text(100_000))","context":"\#(text(500_000))"}"#
            #expect(try await client.post(Self.path, whole).status == 201)
            let over = try await client.post(Self.path, #"{"task":"a","context":"\#(text(500_001))"}"#)
            #expect(over.status == 400)
            #expect(try over.json["error"]?.string?.contains("500000 characters") == true)
            let messages = Self.path + "/d1/messages"
            #expect(try await client.post(messages, #"{"content":"\#(text(100_000))"}"#).status == 201)
            #expect(try await client.post(messages, #"{"content":"\#(text(100_001))"}"#).status == 400)
        }
        #expect(harness.debates.state.withLock { $0.questions.map(\.background.unicodeScalars.count) } == [500_000])
    }

    @Test("Only so many questions may be larger than other bodies at once")
    func crowd() async throws {
        var harness = harness
        harness.configuration.maximumBodyBytes = 100
        harness.configuration.maximumLongQuestions = 0
        let long = #"{"task":"\#(String(repeating: "a", count: 100))"}"#
        try await harness.run { client async throws in
            #expect(try await client.post(Self.path, #"{"task":"Why?"}"#).status == 201)
            let refused = try await client.post(Self.path, long)
            #expect(refused.status == 503)
            #expect(try refused.json["code"] == "overloaded")
            let chunked = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
            let piece = "2\r\n{}\r\n0\r\n\r\n"
            #expect(try await client.request("POST", Self.path, headers: chunked, body: piece).status == 503)
        }
    }

    @Test(
        "What another reader would read differently is refused by its name",
        arguments: [
            ("", #"{"task":"a","task":"b"}"#, "task"), ("", #"{"task":"a","t\u0061sk":"b"}"#, "task"),
            ("", #"{"task":"a","metadata":{"x":[{"y":1,"y":2}]}}"#, "metadata.x.y"),
            ("", #"{"task":"a\ud800b"}"#, "task"), ("", #"{"task":"a","metadata":{"n":["\udc00"]}}"#, "metadata.n"),
            ("/d1/messages", #"{"content":"a","content":"a"}"#, "content"),
            ("/d1/messages", #"{"content":"\ude00\ud83d"}"#, "content"),
        ]
    )
    func ambiguous(tail: String, body: String, name: String) async throws {
        harness.debates.add("d1")
        let answer = try await harness.run { try await $0.post(Self.path + tail, body) }
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?.string?.hasPrefix("`\(name)` ") == true)
        #expect(harness.debates.state.withLock { $0.questions.isEmpty && $0.inputs.isEmpty })
    }

    @Test("A character of two halves is whole")
    func pair() async throws {
        let answer = try await harness.run { try await $0.post(Self.path, #"{"task":"\ud83d\ude00"}"#) }
        #expect(answer.status == 201)
        #expect(harness.debates.state.withLock { $0.questions.map(\.task) } == ["😀"])
    }
}
