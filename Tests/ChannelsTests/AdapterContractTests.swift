import ChannelSupport
import Channels
import CoreTypes
import TestSupport
import Testing

/// The contract suite has to notice an adapter that breaks it.
@Suite struct AdapterContractTests {
    @Test func anAdapterThatVerifiesNothingIsNoticed() {
        let request = RawRequest(
            method: "POST",
            route: "events",
            query: "",
            headers: [("x-signature", "right")],
            body: Array("{}".utf8),
            receivedAt: Timestamp(milliseconds: 0)
        )
        let violations = AdapterContract(
            adapter: CarelessAdapter(),
            signedRequests: [request],
            staleRequests: [request]
        ).violations()
        for part in [
            "accepted without headers", "accepted with byte 0 changed", "long ago", "no event key", "is lost",
            "is not on the last part alone", "is no operation of the dispatcher", "does not name its platform",
        ] {
            #expect(violations.contains { $0.contains(part) }, "\(part)")
        }
        let sending = AdapterContract(sendOnly: CarelessAdapter()).violations()
        #expect(sending.contains("There are routes."))
        #expect(sending.contains("A request is accepted by an adapter that only sends."))
    }
}

private struct CarelessAdapter: ChannelAdapter {
    let platform = "careless"
    let routes = [AdapterRoute(path: "events")]
    let limits = ChannelLimits(
        channelBurst: 1,
        channelInterval: .zero,
        methodsPerMinute: ["chat.post": 1],
        editInterval: .zero
    )

    func verify(_ request: RawRequest) throws(RequestRefusal) -> VerifiedRequest { VerifiedRequest(verified: request) }

    func receive(_ request: VerifiedRequest) throws(RequestRefusal) -> Reception {
        let entry = Reception.Entry(
            workspace: WorkspaceID("w"),
            eventKey: "",
            shape: "event",
            conversationKey: "c",
            body: request.raw.body
        )
        return Reception(entries: [entry])
    }

    func interpret(_ event: StoredEvent) throws -> [InboundEvent] { [] }

    func render(_ post: Post) -> [RenderedPart] {
        [RenderedPart(payload: JSONText(.string(String(post.body.prefix(100)))))]
    }

    func send(_ part: RenderedPart, to address: Address, key: String) async -> SendOutcome { .sent(messageID: "1") }
}
