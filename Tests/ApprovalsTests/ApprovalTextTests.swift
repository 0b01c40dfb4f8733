import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

/// What people see is what they decide about: whole, exactly, and changed only by whom they let.
@Suite(.timeLimit(.minutes(5))) struct ApprovalTextTests {
    private let actor = ApprovalActor(identity: "chat:U1", name: "Ann", surface: .api, evidence: "e")

    @Test(arguments: DatabaseEngine.allCases)
    func aPromptShowsAllThatItsHashBinds(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let text = "**Paid** ```` [x](https://evil.example)\n> quoted"
            let record = try await house.open(operation: ["text": .string(text), "pay": 7, "to": "DE02"])
            try await house.deliver()
            let prompt = try #require(house.platform.channel.texts.first)
            #expect(prompt.contains("`````\n\(text)\n`````"))
            #expect(prompt.contains("```\n{\"pay\":7,\"to\":\"DE02\"}\n```"))
            #expect(prompt.contains("operation `\(record.operationHash.prefix(12))`"))
        }
    }

    @Test func aSignIsEscapedWhateverCharacterItIsAPartOf() {
        // An Arabic number sign and an accent make one character with what follows or stands before them.
        #expect(MarkdownDocument.escaped("\u{600}<b *\u{301}") == "\u{600}\\<b \\*\u{301}")
    }

    @Test(arguments: DatabaseEngine.allCases)
    func everyMarkOfAReasonCounts(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open()
            let reason = "a" + String(repeating: "\u{301}", count: 10_000)
            let reply = ApprovalReply(actor: actor, optionID: "reject", comment: reason)
            let answer = try await house.service.decide(record.id.rawValue, reply)
            #expect(answer.code == "invalid_answer" && answer.text.contains("10001 characters"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aVerdictOfAnyLengthIsShownWhole(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let verdict = String(repeating: "A long verdict. ", count: 12_500)
            let draft = ApprovalDraft(
                workspace: house.workspace,
                originKey: "verdict",
                kind: "debate",
                title: "Release it?",
                question: "?",
                context: verdict,
                operation: ["breakpoint": 1],
                policy: ApprovalPolicy(approvers: [.person("chat:U1")]),
                requester: "debate:d1"
            )
            _ = try await house.service.open(draft)
            try await house.deliver()
            let prompt = house.platform.channel.texts.joined()
            #expect(prompt.contains(verdict) && prompt.contains("{\"breakpoint\":1}"))
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aTextIsTakenWholeOrNotAtAll(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open(operation: ["text": "one\ntwo"]) { $0.allowsEdit = true }
            func answer(_ option: String, _ comment: String = "", text: String? = nil) async throws -> ApprovalAnswer {
                try await house.service.decide(
                    record.id.rawValue,
                    ApprovalReply(actor: actor, optionID: option, comment: comment, editedText: text)
                )
            }
            for refused in [
                try await answer("approve", text: String(repeating: "x", count: 100_001)),
                try await answer("approve", String(repeating: "x", count: 10_001)),
                try await answer("approve", text: "a\0b"),
                try await answer("reject", String(repeating: "x", count: 10_001)),
            ] {
                #expect(refused.code == "invalid_answer" && refused.text.contains("Nothing was recorded"))
            }
            #expect(try await house.detail(record)?.decisions.isEmpty == true)
            // A browser sends other line ends; that changes nothing.
            #expect(try await answer("approve", text: "one\r\ntwo").code == "counted")
            #expect(try await house.detail(record)?.record.operationHash == record.operationHash)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aFormShowsTheTextBeforeItIsApproved(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open(operation: ["text": "Hello"]) { $0.allowsEdit = true }
            try await house.deliver()
            let token = try #require(house.platform.channel.token("Approve", in: "U1"))
            let asked = try await house.press(token, by: "U1", in: "U1", trigger: "t1")
            let form = try #require(asked?.form)
            #expect(form.fields.map(\.name) == ["text", "comment"])
            #expect(form.fields[0].initial == "Hello" && !form.fields[0].isOptional && form.fields[1].isOptional)
            #expect(try await house.detail(record)?.decisions.isEmpty == true)
            #expect(try await house.press(token, by: "U5", in: "U1", trigger: "t1")?.form == nil)
            let event = house.event(by: "U1", in: "U1")
            let answer = try await house.database.write {
                try house.chat.submit(
                    callback: form.callback,
                    answers: ["text": "Good morning", "comment": ""],
                    state: form.state,
                    event,
                    in: $0
                )
            }
            #expect(answer?.text.contains("is approved") == true)
            #expect(try await house.detail(record)?.record.operation["text"]?.string == "Good morning")

            // What no form can hold whole is approved as it is.
            let long = try await house.open("long", operation: ["text": .string(String(repeating: "x", count: 3001))]) {
                $0.approvers = [.person("chat:U7")]
                $0.allowsEdit = true
            }
            try await house.deliver()
            let button = try #require(house.platform.channel.token("Approve", in: "U7"))
            #expect(try await house.press(button, by: "U7", in: "U7", trigger: "t2")?.form == nil)
            #expect(try await house.detail(long)?.record.status == .approved)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aYesCountsOnlyForTheTextThatItsAuthorWasShown(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open(operation: ["text": "Hello"]) {
                $0.approvers = [.person("chat:U1"), .person("chat:U2"), .person("chat:U3"), .person("api:local")]
                $0.allowsEdit = true
                $0.quorum = 4
            }
            try await house.deliver()
            let name = record.id.rawValue
            let edited = ApprovalReply(actor: actor, optionID: "approve", editedText: "Pay *7*")
            #expect(try await house.service.decide(name, edited).code == "counted")
            // What Ann made of it has not reached anybody else yet.
            let thread = try #require(house.platform.channel.messages.first { $0.address.channel == "U2" }).id
            func reply() async throws -> ApprovalChat.Answer? {
                let event = house.event(by: "U2", in: "U2", thread: thread)
                return try await house.database.write { try house.chat.reply("1", isDirect: true, event, in: $0) }
            }
            func approve(by person: String, _ comment: String = "") async throws -> ApprovalChat.Answer {
                let event = house.event(by: person, in: person)
                return try await house.database.write {
                    try house.chat.decide("\(record.number)", effect: .approve, comment: comment, event, in: $0)
                }
            }
            let answers: [ApprovalChat.Answer?] = [try await reply(), try await approve(by: "U3")]
            for answer in answers {
                guard case .say(let post) = answer else { throw CancellationError() }
                #expect(post.fallbackText.contains("was changed after it was asked"))
                #expect(post.body.contains("```\nPay *7*\n```"))
            }
            let program = ApprovalActor(identity: "api:local", name: "a program", surface: .api, evidence: "r")
            let blind = try await house.service.decide(name, ApprovalReply(actor: program, optionID: "approve"))
            #expect(blind.code == "changed")
            #expect(try await house.detail(record)?.decisions.count == 1)

            let now = try #require(try await house.detail(record)).record
            let seen = ApprovalReply(actor: program, optionID: "approve", operationHash: now.operationHash)
            #expect(try await house.service.decide(name, seen).code == "counted")
            // By its hash, wherever it was read; and by a copy that shows it now.
            #expect(try await approve(by: "U3", "\(now.operationHash.prefix(12)) fine").text.contains("Recorded"))
            try await house.deliver()
            #expect(try await reply()?.text.contains("is approved") == true)
            #expect(try await house.detail(record)?.decisions.first { $0.actor == "chat:U3" }?.comment == "fine")
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func oneKeyIsForOneOperation(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            func open(_ text: String, mayEdit: Bool, key: String) async throws -> ApprovalRecord {
                try await house.open(key, operation: ["text": .string(text)]) {
                    $0.allowsEdit = mayEdit
                    $0.quorum = 2
                }
            }
            for (key, mayEdit) in [("fixed", false), ("edited", true)] {
                let record = try await open("Hello", mayEdit: mayEdit, key: key)
                _ = try await house.service.decide(
                    record.id.rawValue,
                    ApprovalReply(actor: actor, optionID: "approve", editedText: mayEdit ? "Bye" : nil)
                )
                #expect(try await open("Hello", mayEdit: mayEdit, key: key).id == record.id)
                for other in ["Bye", "Pay"] {
                    let error = await #expect(throws: ApprovalError.self) {
                        try await open(other, mayEdit: mayEdit, key: key)
                    }
                    #expect(error?.reason == .conflict)
                }
            }
        }
    }

    @Test(
        arguments: DatabaseEngine.allCases,
        [ApprovalPolicy.ExpiryOutcome.approved, .rejected, .expired]
    )
    func timeIsNamedAsTheReason(engine: DatabaseEngine, outcome: ApprovalPolicy.ExpiryOutcome) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open {
                $0.quorum = 2
                $0.expiresAfter = .seconds(60)
                $0.expiryOutcome = outcome
            }
            _ = try await house.service.decide(
                record.id.rawValue,
                ApprovalReply(actor: actor, optionID: "approve", comment: "fine")
            )
            house.time.advance(by: .seconds(60))
            _ = try await house.clock(house.database).fireDue()
            let line = try #require(try await house.detail(record)).record.outcomeLine
            #expect(line.hasPrefix("\(outcome.rawValue) because its time was over at "))
            #expect(line.hasSuffix(", 1 of 2") && !line.contains("Ann"))
        }
    }
}
