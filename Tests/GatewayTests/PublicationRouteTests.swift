import CoreTypes
import DatabaseSupport
import Gateway
import Persistence
import Publishing
import TestSupport
import Testing

/// What may be said of a publication over HTTP.
@Suite(.timeLimit(.minutes(5))) struct PublicationRouteTests {
    /// A gateway without any platform, and a debate in it.
    private func withGateway(_ body: @Sendable @escaping (RawClient) async throws -> Void) async throws {
        try await withDatabase(.sqlite) { test in
            var harness = GatewayHarness()
            harness.debates.add("d1", status: "completed")
            let desk = PublicationDesk(
                database: test.database,
                platforms: [],
                sealer: try Sealer(keys: Secret("test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
                time: SystemTime(),
                identifiers: RandomIdentifiers()
            )
            harness.publishing = PublishingParts(desk: desk, connectors: [])
            try await harness.run { client in try await body(client) }
        }
    }

    @Test(
        "An option that nobody would look at is refused by its name",
        arguments: [
            ("/debates/d1/publish/x", #"{"reply_to":1900000000000000001}"#, "reply_to"),
            ("/debates/d1/publish/x", #"{"text":5}"#, "text"), ("/debates/d1/publish/twitter", #"{"txt":"a"}"#, "txt"),
            ("/debates/d1/publish/x", #"{"replyTo":"19"}"#, "replyTo"),
            ("/debates/d1/publish/youtube", #"{"title":5}"#, "title"),
            ("/debates/d1/publish/youtube", #"{"tags":"a"}"#, "tags"),
            ("/debates/d1/publish/youtube", #"{"tags":["a",5]}"#, "tags"),
            ("/publications", #"{"debate_id":"d1","platform":"x","options":5}"#, "options"),
            ("/publications", #"{"debate_id":"d1","platform":"x","optoins":{"text":"a"}}"#, "optoins"),
            ("/publications", #"{"debate_id":"d1","platform":5}"#, "platform"),
        ]
    )
    func misspelt(path: String, body: String, name: String) async throws {
        try await withGateway { client async throws in
            let answer = try await client.post("/api/v1\(path)", body)
            #expect(answer.status == 400 && answer.body.contains("`\(name)`"), "\(answer.body)")
        }
    }

    @Test(
        "What a platform knows goes to it",
        arguments: [
            ("/debates/d1/publish/x", #"{"text":"a","reply_to":"19"}"#), ("/debates/d1/publish/x", ""),
            ("/debates/d1/publish/twitter", #"{"message":"a"}"#),
            ("/debates/d1/publish/youtube", #"{"title":"a","tags":["b"],"privacy":"private"}"#),
            ("/publications", #"{"debate_id":"d1","platform":"x","options":{"text":"a"}}"#),
        ]
    )
    func known(path: String, body: String) async throws {
        try await withGateway { client async throws in
            let answer = try await client.post("/api/v1\(path)", body)
            // There is no such platform here.
            #expect(answer.body.contains("Nothing can be published"), "\(answer.body)")
        }
    }
}
