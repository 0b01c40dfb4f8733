import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ApprovalTokenTests {
    private func link(_ house: ApprovalHouse) throws -> String {
        let url = try #require(house.mail.channel.token("Look at it and decide", in: "ann@example.org"))
        return String(url.split(separator: "/").last ?? "")
    }

    private func follow(_ link: String, _ house: ApprovalHouse, comment: String = "") async throws -> ApprovalAnswer? {
        try await house.service.decide(
            token: link,
            option: "approve",
            comment: comment,
            editedText: nil,
            evidence: "r"
        )
    }

    @Test(arguments: DatabaseEngine.allCases)
    func nothingThatDecidesIsKept(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            _ = try await house.open { $0.approvers = [.person("email:ann@example.org"), .person("chat:U1")] }
            house.mail.channel.script(.workThenAnswer(.permanent(code: "550", description: "No such mailbox.")))
            try await house.deliver()
            let tokens = [try link(house), try #require(house.platform.channel.token("Approve", in: "U1"))]
            for row in try await house.database.run("select payload_json, parts_json, status from outbox") {
                #expect(try [2, 3].contains(row.integer("status")))
                let kept = try row.text("payload_json") + (row.textOrNil("parts_json") ?? "")
                #expect(kept == "{}")
            }
            #expect(tokens.allSatisfy { $0.utf8.count == 20 })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func onlyALinkDecidesWithoutItsPlatform(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open { $0.approvers = [.person("email:ann@example.org"), .person("chat:U1")] }
            try await house.deliver()
            let button = try #require(house.platform.channel.token("Approve", in: "U1"))
            #expect(try await house.service.look(token: button) == nil)
            #expect(try await follow(button, house)?.code == "not_found")
            let pressed = try await house.press(try link(house), by: "U1", in: "U1")
            #expect(pressed?.text.contains("no longer leads to a request") == true)
            #expect(try await house.detail(record)?.decisions.isEmpty == true)
            #expect(try await follow(try link(house), house)?.code == "counted")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLinkWorksAsLongAsItsRequestWaits(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            _ = try await house.open {
                $0.approvers = [.person("email:ann@example.org")]
                $0.expiresAfter = nil
            }
            try await house.deliver()
            let link = try link(house)
            house.time.advance(by: .seconds(200 * 86_400))
            #expect(try await follow(link, house)?.code == "counted")
            house.time.advance(by: .seconds(89 * 86_400))
            #expect(try await house.service.look(token: link) != nil)
            house.time.advance(by: .seconds(86_400))
            #expect(try await house.service.look(token: link) == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func nobodyMakesATokenWithoutTheKey(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open()
            try await house.deliver()
            let token = try #require(house.platform.channel.token("Reject", in: "U1"))
            // Another answer, another copy, another code, no token at all.
            var others = [token.dropLast() + (token.hasSuffix("A") ? "B" : "A"), token.dropLast(), "-\(token)"[...]]
            for position in 0..<7 {
                var characters = Array(token)
                characters[position] = characters[position] == "B" ? "C" : "B"
                others.append(String(characters)[...])
            }
            for other in others { #expect(try await house.press(String(other), by: "U1", in: "U1") == nil) }
            var stranger = house
            let other = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
            stranger.sealer = try Sealer(keys: Secret("new:\(other)"))
            #expect(try await stranger.press(token, by: "U1", in: "U1") == nil)
            // A key that is not the first any more still counts.
            stranger.sealer = try Sealer(
                keys: Secret("new:\(other),test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            )
            #expect(try await stranger.press(token, by: "U1", in: "U1")?.text.contains("needs a reason") == true)
            #expect(try await house.detail(record)?.decisions.isEmpty == true)
        }
    }
}
