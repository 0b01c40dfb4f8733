import ChannelSupport
import Conversations
import CoreTypes
import DatabaseSupport
import Debates
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ReceiptTests {
    @Test(arguments: DatabaseEngine.allCases)
    func receiptAndJournalVerifyTogetherAndNoByteMayChange(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            let debate = try await house.debate()
            let receipt = try #require(
                try await house.service.receipt(of: debate.id, workspace: debate.workspace)
            )
            let journal = try await house.service.entries(
                of: debate.id,
                workspace: debate.workspace,
                after: 0,
                limit: 1000
            ).map(\.bytes)
            let statement = try ReceiptVerifier.verify(
                receipt,
                trustedKey: house.signer.publicKey,
                journal: journal
            )
            #expect(statement.isJournalChecked && statement.debateID == debate.id.rawValue)
            for line in journal.indices {
                var changed = journal
                changed[line][changed[line].count / 2] ^= 1
                #expect(throws: ReceiptError.self) { try ReceiptVerifier.verify(receipt, journal: changed) }
            }
            #expect(throws: ReceiptError.self) {
                try ReceiptVerifier.verify(receipt, journal: Array(journal.dropLast()))
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLinkOpensOneDebateOfOneWorkspace(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let (id, workspace) = (DebateID("d1"), house.workspace)
            let code = house.links.code(id, workspace)
            #expect(house.service.opensReceipt(code, of: id, workspace: workspace))
            #expect(!house.service.opensReceipt(code, of: DebateID("d2"), workspace: workspace))
            #expect(!house.service.opensReceipt(code, of: id, workspace: WorkspaceID("chat:T2")))
            #expect(!house.service.opensReceipt("", of: id, workspace: workspace))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func withoutAPublicAddressTheButtonSaysWhatToDo(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            var house = house
            house.links = try ReceiptLinks(publicURL: nil, sealer: .forTests)
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.work()
            try await house.deliver()
            let token = try #require(house.publicMessages.last?.token("Receipt"))
            try await house.receive(house.press(token, "1"))
            try await house.deliver()
            let debate = try await house.debate()
            let receipt = try #require(
                try await house.service.receipt(of: debate.id, workspace: debate.workspace)
            )
            let id = try #require(try JSONValue(parsing: receipt)["receipt_id"]?.string)
            let answer = house.answers.last?.payload ?? ""
            for part in [id, "ARAGORA_PUBLIC_URL", "aragora receipt export 1", "SHA-256"] {
                #expect(answer.contains(part), "\(part)")
            }
        }
    }
}
