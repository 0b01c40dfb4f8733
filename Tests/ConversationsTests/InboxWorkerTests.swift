import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@testable import Conversations

@Suite(.timeLimit(.minutes(5))) struct InboxWorkerTests {
    /// Works the inbox off for as long as a row is tried again.
    private func settle(_ house: ConversationHouse) async throws {
        let worker = house.inboxWorker()
        for _ in 0..<600 {
            while try await worker.workOnce() > 0 {}
            house.time.advance(by: .seconds(1))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRowThatNobodyCanReadEndsVisiblyAndHoldsNobodyBack(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.store(eventKey: "poison", conversationKey: "chat:C1:1")
            try await house.store([house.mention("Same thread?", "1")])
            try await house.store([house.mention("Another thread?", "2")])
            let worker = house.inboxWorker()
            while try await worker.workOnce() > 0 {}
            #expect(try await house.debates().map(\.task).contains("Another thread?"))
            try await settle(house)
            #expect(Set(try await house.debates().map(\.task)) == ["Same thread?", "Another thread?"])
            let counts = try await house.database.read { try InboxStore().counts(in: $0) }
            #expect(counts.waiting == 0 && counts.givenUp == 1)
            let row = try await house.database.run("select attempts, last_error, body from inbox where status = 2")
            #expect(try row.first?.integer("attempts") == 8)
            #expect(try row.first?.text("last_error") == "The event cannot be read.")
            #expect(try row.first?.blob("body") == Array("{}".utf8))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRowThatCannotBeCarriedOutHoldsNobodyBack(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.receive(house.mention("Tabs or spaces?", "1"))
            try await house.database.run("update debates set status = 'nonsense'")
            try await house.store([
                house.command("status 1", "t1"), house.mention("How wide?", "2"), house.command("help", "t3"),
            ])
            try await settle(house)
            #expect(try await house.count("debates") == 2)
            #expect(try await house.count("inbox", where: "status = 1") == 3)
            #expect(try await house.count("inbox", where: "status = 2 and attempts = 8") == 1)
            try await house.deliver()
            #expect(house.answers.count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRowOfAnUnknownPlatformIsKept(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.store(eventKey: "e", conversationKey: "c", platform: "pigeon")
            _ = try await house.inboxWorker().workOnce()
            let row = try #require(try await house.database.run("select status, last_error, body from inbox").first)
            #expect(try row.integer("status") == 0)
            #expect(try row.text("last_error").contains("pigeon"))
            #expect(try row.blob("body") == Array("{}".utf8))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func twoWorkersDoEverythingOnce(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            let events = (1...60).map { house.mention("Question \($0)?", "\($0)") }
            try await house.store(events + events)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let worker = house.inboxWorker()
                        while try await house.count("inbox", where: "status = 0") > 0 {
                            _ = try await worker.workOnce()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await house.debates().count == 60)
            #expect(try await house.outboxKeys().count == 60)
            #expect(try await house.openJobs() == 60)
        }
    }

    @Test("Who has to be named is asked for between two transactions, and an id nobody knows stands in for itself")
    func unnamed() async throws {
        try await ConversationHouse.with(.sqlite) { house in
            house.platform.introduce(["U2": "Ben"])
            try await house.store([
                house.mention("Tabs or spaces?", "1"), house.command("approvals", "t2", by: "U2"),
                house.command("approvals", "t3", by: "U3"), house.command("approvals", "t4"),
            ])
            let worker = house.inboxWorker(decisions: NamingDecisions())
            #expect(try await worker.workOnce() == 4)
            #expect(try await house.count("debates") == 1)
            #expect(try await house.count("inbox", where: "status = 1") == 4)
            try await house.deliver()
            #expect(house.answers.map(\.payload).sorted() == ["Ada", "Ben", "U3"])
        }
    }

    @Test func acknowledgementsComeFirstButNotForEver() {
        #expect(InboxWorker.rest(worked: .milliseconds(20), waited: .seconds(9)) == .milliseconds(380))
        #expect(InboxWorker.rest(worked: .milliseconds(200), waited: .zero) == .seconds(1))
        #expect(InboxWorker.rest(worked: .milliseconds(20), waited: .seconds(10)) == .zero)
    }

    @Test(arguments: DatabaseEngine.allCases)
    func theServiceWorksAtAWakeUp(engine: DatabaseEngine) async throws {
        try await ConversationHouse.with(engine) { house in
            try await house.alongside([house.inboxWorker().run]) {
                try await house.store([house.mention("Tabs or spaces?", "1")])
                try await house.wait { try await house.debates().count == 1 }
                try await house.store([house.mention("How wide?", "2")])
                try await house.wait { try await house.debates().count == 2 }
            }
        }
    }
}

/// Tells people what they are called, which has to be known.
private struct NamingDecisions: HumanDecisions {
    func perform(
        _ command: HumanDecisionCommand,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer {
        guard let name = event.actor.displayName else { throw UnnamedActor(of: event) }
        return .say(Post(body: name, fallbackText: name))
    }
}
