import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// A number that somebody types decides the request whose prompt it answers, or nothing.
@Suite(.timeLimit(.minutes(5))) struct ApprovalNumberTests {
    /// What somebody is told who writes a number; nil where it is no answer.
    /// - Parameters:
    ///   - id: the platform's id of what is written.
    ///   - moment: when it was written; nil for now.
    private func write(
        text: String = "1",
        by person: String = "U1",
        in channel: String = "U1",
        thread: String? = nil,
        id: String = "m1000",
        at moment: Timestamp? = nil,
        _ house: ApprovalHouse
    ) async throws -> String? {
        let isDirect = channel != "C1"
        let event = house.event(
            by: person,
            in: channel,
            thread: thread,
            key: id,
            kind: .message(text: text, messageID: id, mentionsUs: false, isDirect: isDirect),
            writtenAt: moment
        )
        return try await house.database.write { try house.chat.reply(text, isDirect: isDirect, event, in: $0)?.text }
    }

    private func open(_ key: String, _ house: ApprovalHouse) async throws -> ApprovalRecord {
        try await house.open(key) { $0.approvers = [.person("chat:U1"), .person("chat:U2")] }
    }

    /// Somebody else approves it over the API.
    private func approve(_ record: ApprovalRecord, _ house: ApprovalHouse) async throws {
        let actor = ApprovalActor(identity: "chat:U2", name: "Ben", surface: .api, evidence: "r")
        let answer = try await house.service.decide(
            record.id.rawValue,
            ApprovalReply(actor: actor, optionID: "approve")
        )
        #expect(answer.code == "counted")
    }

    private func status(_ record: ApprovalRecord, _ house: ApprovalHouse) async throws -> ApprovalStatus? {
        try await house.detail(record)?.record.status
    }

    /// The message with which U1 was asked.
    private func prompt(of record: ApprovalRecord, in channel: String = "U1", _ house: ApprovalHouse) -> String? {
        house.platform.channel.messages.first {
            $0.address.channel == channel && $0.payload.contains("Request #\(record.number),")
        }?.id
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLateNumberInOnePromptsThreadDecidesNoOther(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let first = try await open("first", house)
            let second = try await open("second", house)
            try await house.deliver()
            let thread = try #require(prompt(of: first, house))
            try await approve(first, house)
            let late = "Too late: #\(first.number)"
            #expect(try await write(thread: thread, house)?.hasPrefix(late) == true)
            // The copy says by now how it ended.
            try await house.deliver()
            #expect(try await write(thread: thread, id: "m1001", house)?.hasPrefix(late) == true)
            #expect(try await status(second, house) == .pending)
            #expect(try await house.detail(second)?.decisions.isEmpty == true)

            let own = try #require(prompt(of: second, house))
            #expect(try await write(thread: own, id: "m1002", house)?.contains("is approved") == true)
            #expect(try await status(second, house) == .approved)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatHasNotArrivedIsNotDecided(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let first = try await open("first", house)
            let second = try await open("second", house)
            try await approve(first, house)
            #expect(try await write(house) == nil)
            #expect(try await write(thread: "m1", house) == nil)
            #expect(try await status(second, house) == .pending)
            try await house.deliver()
            #expect(try await write(house)?.contains("is approved") == true)
            #expect(try await house.detail(second)?.decisions.map(\.identity) == ["chat:U1"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNumberIsNoAnswerToWhatIsAskedLater(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await open("only", house)
            try await house.deliver()
            #expect(try await write(id: "m0", house) == nil)
            #expect(try await status(record, house) == .pending)
            // Where nobody can say which came first, a thread has to.
            #expect(try await write(id: "without a number", house) == nil)
            #expect(try await status(record, house) == .pending)
            #expect(try await write(id: "m10", house)?.contains("is approved") == true)
        }
    }

    /// An edit keeps the number of its message, so that only the time says which text was there.
    @Test(arguments: DatabaseEngine.allCases)
    func aNumberIsNoAnswerToATextThatCameBehindIt(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open(operation: ["text": "Hello"]) {
                $0.approvers = [.person("chat:U1"), .person("chat:U2")]
                $0.allowsEdit = true
                $0.quorum = 2
            }
            try await house.deliver()
            let thread = try #require(prompt(of: record, house))
            let written = house.time.now()
            house.time.advance(by: .seconds(60))
            let ben = ApprovalActor(identity: "chat:U2", name: "Ben", surface: .api, evidence: "r")
            let edited = ApprovalReply(actor: ben, optionID: "approve", editedText: "Pay 7")
            #expect(try await house.service.decide(record.id.rawValue, edited).code == "counted")
            try await house.deliver()
            // Told us late: the copy shows what Ben made of it by now.
            let told = try await write(thread: thread, at: written, house)
            #expect(told?.contains("was changed after it was asked") == true)
            let command = house.event(by: "U1", in: "U1", key: "c", kind: .command(text: "approve"), writtenAt: written)
            let commanded = try await house.database.write { transaction in
                try house.chat.decide("\(record.number)", effect: .approve, comment: "", command, in: transaction).text
            }
            #expect(commanded.contains("was changed after it was asked"))
            #expect(try await house.detail(record)?.decisions.count == 1)
            #expect(try await write(thread: thread, id: "m1001", house)?.contains("is approved") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNumberInAForeignThreadDecidesNothing(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await open("only", house)
            try await house.deliver()
            #expect(try await write(thread: "m77", house) == nil)
            #expect(try await write(text: "2: too dear", thread: "m77", house) == nil)
            #expect(try await status(record, house) == .pending)
            #expect(try await house.detail(record)?.decisions.isEmpty == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func besideAllThreadsANumberAnswersThePromptAboveIt(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let older = try await open("older", house)
            let newer = try await open("newer", house)
            try await house.deliver()
            #expect(try await write(in: "D1", house)?.hasPrefix("Several requests wait here.") == true)
            try await approve(newer, house)
            // What stands above it was decided by somebody else: the one before that is not what is meant.
            let late = try await write(in: "D1", id: "m1001", house)
            #expect(late?.hasPrefix("Too late: #\(newer.number)") == true)
            #expect(try await status(older, house) == .pending)
            let newest = try await open("newest", house)
            try await house.deliver()
            try await approve(older, house)
            #expect(try await write(in: "D1", id: "m1002", house)?.contains("#\(newest.number)") == true)
            #expect(try await status(newest, house) == .approved)
        }
    }

    /// The prompts of one debate stand in its thread, one after the other.
    @Test(arguments: DatabaseEngine.allCases)
    func inASharedThreadANumberAnswersThePromptAboveIt(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            func ask(_ key: String) async throws -> ApprovalRecord {
                let place = Address(platform: "chat", workspace: house.workspace, channel: "C1", thread: "m0")
                let draft = ApprovalDraft(
                    workspace: house.workspace,
                    originKey: key,
                    kind: "workflow",
                    title: "Go on?",
                    question: "Go on?",
                    operation: ["do": .string(key)],
                    policy: ApprovalPolicy(options: [.approve, .reject], approvers: [.channel("chat:C1")]),
                    requester: "chat:U9",
                    address: place.json
                )
                let record = try await house.service.open(draft)
                try await house.deliver()
                return record
            }
            let first = try await ask("first")
            // Written to the first, and told us once the second has been asked.
            let written = "m1.5"
            let other = try await write(by: "U2", in: "C1", thread: "m0", id: "m1.4", house)
            #expect(other?.contains("is approved") == true)
            let second = try await ask("second")
            let told = try await write(in: "C1", thread: "m0", id: written, house)
            #expect(told?.hasPrefix("Too late: #\(first.number)") == true)
            #expect(try await status(second, house) == .pending)
            let own = try #require(prompt(of: second, in: "C1", house))
            #expect(try await write(in: "C1", thread: "m0", id: "\(own).5", house)?.contains("is approved") == true)
            #expect(try await status(second, house) == .approved)
        }
    }
}
