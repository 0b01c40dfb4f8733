import Approvals
import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ApprovalDeskTests {
    @Test(arguments: DatabaseEngine.allCases)
    func oneDecisionMakesEveryCopySayTheSame(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open {
                $0.quorum = 2
                $0.approvers.append(.person("email:Ann@example.org"))
            }
            try await house.deliver()
            #expect(house.platform.channel.messages.map(\.address.channel).sorted() == ["C1", "U1", "U2"])
            #expect(house.platform.channel.messages.allSatisfy { $0.payload.contains("Status: 0 of 2 so far") })
            let token = try #require(house.platform.channel.token("Approve", in: "U1"))
            #expect(token.utf8.count <= 20)
            let answer = try await house.press(token, by: "U1", in: "U1")
            #expect(answer?.text.contains("not decided yet") == true)
            try await house.deliver()
            #expect(
                house.platform.channel.messages.allSatisfy {
                    $0.payload.contains("Status: approved by Person U1 at") && $0.payload.contains(", 1 of 2")
                        && $0.payload.contains("[Approve]")
                }
            )
            let link = try #require(house.mail.channel.token("Look at it and decide", in: "ann@example.org"))
            #expect(link.hasPrefix("https://aragora.example/approvals/answer/"))
            let mailed = try await house.service.decide(
                token: String(link.split(separator: "/").last ?? ""),
                option: "approve",
                comment: "",
                editedText: nil,
                evidence: "r1"
            )
            #expect(mailed?.code == "counted")
            try await house.deliver()
            #expect(
                house.platform.channel.messages.allSatisfy {
                    $0.payload.contains("approved by ann@example.org at") && $0.payload.contains(", 2 of 2")
                        && !$0.payload.contains("[")
                }
            )
            #expect(house.mail.channel.texts.last?.contains("approved") == true)
            let detail = try #require(try await house.detail(record))
            #expect(detail.record.status == .approved && detail.prompts.allSatisfy { $0.state == .closed })
            #expect(Set(detail.prompts.map(\.shown)).count == 1)
            #expect(detail.decisions.map(\.identity) == ["chat:U1", "email:ann@example.org"])
            #expect(detail.log.map(\.type) == ["requested", "decided", "decided"])
            #expect(try await house.problems().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func everyClickThatDoesNotCountGetsItsOwnAnswer(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open { $0.quorum = 2 }
            try await house.deliver()
            let own = try #require(house.platform.channel.token("Approve", in: "U1"))
            let shared = try #require(house.platform.channel.token("Approve", in: "C1"))
            let foreign = try await house.press(own, by: "U2", in: "U1")
            #expect(foreign?.text.contains("not among those") == true)
            #expect(foreign?.text.contains(record.title) == false)
            let elsewhere = try await house.press(shared, by: "U5", in: "C7")
            #expect(elsewhere?.text.contains("not among those") == true)
            #expect(try await house.press("nothing", by: "U1") == nil)
            _ = try await house.press(own, by: "U1", in: "U1")
            let second = try await house.press(own, by: "U1", in: "U1")
            #expect(second?.text.contains("answered #\(record.number)") == true)
            // The same button of a channel is everybody's there, once.
            _ = try await house.press(shared, by: "U5")
            let late = try await house.press(
                try #require(house.platform.channel.token("Approve", in: "U2")),
                by: "U2",
                in: "U2"
            )
            #expect(late?.text.contains("Too late") == true)
            let decisions = try #require(try await house.detail(record)?.decisions)
            #expect(decisions.map(\.actor) == ["chat:U1", "chat:U5"])

            let slow = try await house.open("slow") { $0.expiresAfter = .seconds(60) }
            try await house.deliver()
            house.time.advance(by: .seconds(61))
            let event = house.event(by: "U1", in: "U1")
            let expired = try await house.database.write {
                try house.chat.decide("\(slow.number)", effect: .approve, comment: "", event, in: $0)
            }
            #expect(expired.text.contains("was over") == true)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aButtonThatNeedsAReasonAsksForIt(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open()
            try await house.deliver()
            let token = try #require(house.platform.channel.token("Reject", in: "U1"))
            let asked = try await house.press(token, by: "U1", in: "U1", trigger: "t1")
            let form = try #require(asked?.form)
            #expect(form.callback == "approval" && form.state == token)
            let plain = try await house.press(token, by: "U1", in: "U1")
            #expect(plain?.text.contains("reject \(record.number) <reason>") == true)
            let event = house.event(by: "U1", in: "U1")
            _ = try await house.database.write {
                try house.chat.submit(
                    callback: form.callback,
                    answers: ["comment": "too dear"],
                    state: form.state,
                    event,
                    in: $0
                )
            }
            let detail = try #require(try await house.detail(record))
            #expect(detail.record.status == .rejected && detail.decisions.first?.comment == "too dear")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aNumberInTheThreadDecides(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open()
            try await house.deliver()
            let message = try #require(house.platform.channel.messages.first { $0.address.channel == "C1" })
            func say(_ text: String, in thread: String) async throws -> ApprovalChat.Answer? {
                let event = house.event(by: "U4", in: "C1", thread: thread)
                return try await house.database.write {
                    try house.chat.reply(text, isDirect: false, event, in: $0)
                }
            }
            for sentence in [
                "2026 was a good year", "1 more thing: check GDPR", "1. First, check GDPR", "1: yes", "2 too dear",
                "2.5 million", "2:30 is too late", "3. And the cost?", "1, 2 or 3?",
            ] {
                #expect(try await say(sentence, in: message.id) == nil, "\(sentence)")
            }
            #expect(try await house.detail(record)?.decisions.isEmpty == true)
            #expect(try await say("1", in: "another") == nil)
            #expect(try await say("7", in: message.id)?.text.contains("1 to 2") == true)
            #expect(try await say("2", in: message.id)?.text.contains("needs a reason") == true)
            #expect(try await say("2. too dear", in: message.id)?.text.contains("is rejected") == true)
            let decision = try #require(try await house.detail(record)?.decisions.first)
            #expect(decision.surface == "reply" && decision.comment == "too dear")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLateNumberIsAnsweredAndASentenceIsNot(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            func say(_ text: String, by person: String, in channel: String, thread: String?) async throws -> String? {
                let event = house.event(
                    by: person,
                    in: channel,
                    thread: thread,
                    kind: .message(text: text, messageID: "m1000", mentionsUs: false, isDirect: thread == nil)
                )
                return try await house.database.write {
                    try house.chat.reply(text, isDirect: thread == nil, event, in: $0)?.text
                }
            }
            let old = try await house.open("old")
            try await house.deliver()
            let thread = try #require(house.platform.channel.messages.first { $0.address.channel == "C1" }).id
            for sentence in ["1", "1."] { #expect(try await say(sentence, by: "U4", in: "D4", thread: nil) == nil) }
            #expect(try await say("1)", by: "U4", in: "C1", thread: thread)?.contains("is approved") == true)
            let late = "Too late: #\(old.number)"
            #expect(try await say("1", by: "U5", in: "C1", thread: thread)?.hasPrefix(late) == true)
            #expect(try await say("2: dear", by: "U5", in: "C1", thread: thread)?.hasPrefix(late) == true)
            #expect(try await say("1", by: "U1", in: "D1", thread: nil)?.hasPrefix(late) == true)
            for sentence in ["1 more thing", "2 of us agree", "7", "1. First"] {
                #expect(try await say(sentence, by: "U5", in: "C1", thread: thread) == nil, "\(sentence)")
                #expect(try await say(sentence, by: "U1", in: "D1", thread: nil) == nil, "\(sentence)")
            }

            // Of those who may not decide, a number alone is answered; their words belong to the thread.
            _ = try await house.open("new") { $0.approvers = [.person("chat:U7")] }
            try await house.deliver()
            let other = try #require(house.platform.channel.messages.last { $0.address.channel == "U7" }).id
            let foreign = try await say("1", by: "U8", in: "U7", thread: other)
            #expect(foreign?.contains("not among those") == true)
            #expect(try await say("2: the second plan is better", by: "U8", in: "U7", thread: other) == nil)
            #expect(try await say("1", by: "U7", in: "D7", thread: nil)?.contains("is approved") == true)
        }
    }

    /// The command that somebody is told to write is one that there is.
    @Test(arguments: DatabaseEngine.allCases)
    func everyAnswerHasACommand(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let later = ApprovalOption(id: "later", label: "Next week", effect: .custom, requiresComment: true)
            let never = ApprovalOption(id: "never", label: "Never", effect: .reject, requiresComment: true)
            func open(_ key: String) async throws -> ApprovalRecord {
                try await house.open(key) { $0.options = [.approve, .reject, .revise, later, never] }
            }
            let effects: [String: ApprovalOption.Effect] = ["reject": .reject, "revise": .revise]
            for option in ["reject", "revise", "later", "never"] {
                let record = try await open(option)
                let number = "\(record.number)"
                func decide(_ comment: String) async throws -> String {
                    let event = house.event(by: "U1", in: "U1", key: option)
                    return try await house.database.write { transaction in
                        if let effect = effects[option] {
                            try house.chat.decide(number, effect: effect, comment: comment, event, in: transaction).text
                        } else {
                            try house.chat.decide(number, option: option, comment: comment, event, in: transaction).text
                        }
                    }
                }
                let command = effects[option] == nil ? "answer \(number) \(option)" : "\(option) \(number)"
                let asked = try await decide("")
                #expect(asked.hasSuffix("needs a reason: `/aragora \(command) <reason>`."), "\(asked)")
                #expect(try await decide("because").hasPrefix("Recorded"))
                #expect(try await house.detail(record)?.decisions.map(\.optionID) == [option])
            }
            let record = try await open("unknown")
            let event = house.event(by: "U1", in: "U1")
            let unknown = try await house.database.write {
                try house.chat.decide("\(record.number)", option: "maybe", comment: "", event, in: $0).text
            }
            #expect(unknown.contains("has no answer “maybe”"))
            let mention = house.event(
                by: "U1",
                in: "C1",
                kind: .message(text: "", messageID: "m", mentionsUs: true, isDirect: false)
            )
            let none = try await house.database.write {
                try house.chat.decide("none", effect: .approve, comment: "", mention, in: $0).text
            }
            #expect(none.contains("`@Aragora approvals` lists"))
        }
    }

    /// The prompt stands where everybody can read it: a text that was kept back must not stay there.
    @Test(arguments: DatabaseEngine.allCases)
    func whatWasNotApprovedIsShownNoMore(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            for (option, isShown) in [("approve", true), ("reject", false)] {
                let record = try await house.open(option, operation: ["text": "The secret plan."])
                func shown(_ operation: String) async throws -> [Bool] {
                    try await house.database.run(
                        "select payload_json from outbox where operation = \(operation) order by outbox_id"
                    ).map { try $0.text("payload_json").contains("The secret plan.") }
                }
                #expect(try await shown("post").suffix(3) == [true, true, true])
                let actor = ApprovalActor(identity: "chat:U1", name: "Ann", surface: .api, evidence: "e")
                let answer = try await house.service.decide(
                    record.id.rawValue,
                    ApprovalReply(actor: actor, optionID: option, comment: "no")
                )
                #expect(answer.code == "counted")
                #expect(try await shown("edit").suffix(3) == [isShown, isShown, isShown])
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anApprovalIsOfExactlyOneThing(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            let record = try await house.open(operation: ["text": "Hello"]) { $0.allowsEdit = true }
            let other = ApprovalDesk.hash(kind: "workflow", operation: ["text": "Bye"], workspace: house.workspace)
            let actor = ApprovalActor(identity: "chat:U1", name: "Ann", surface: .api, evidence: "e")
            let wrong = try await house.service.decide(
                record.id.rawValue,
                ApprovalReply(actor: actor, optionID: "approve", operationHash: other)
            )
            #expect(wrong.code == "changed")
            let edited = try await house.service.decide(
                record.id.rawValue,
                ApprovalReply(
                    actor: actor,
                    optionID: "approve",
                    editedText: "Bye",
                    operationHash: record.operationHash
                )
            )
            #expect(edited.code == "counted")
            let approved = try await house.detail(record)?.record
            #expect(approved?.status == .approved && approved?.operationHash == other)
            await #expect(throws: ApprovalError.self) {
                try await house.open("k", operation: ["do": "other"]) { $0.quorum = 2 }
            }
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func oneUserOnTwoPlatformsIsOnePerson(engine: DatabaseEngine) async throws {
        try await ApprovalHouse.with(engine) { house in
            try await house.database.write { transaction in
                for (platform, id) in [("chat", "U1"), ("email", "ann@example.org")] {
                    try UserMappingStore().upsert(
                        UserMapping(
                            workspaceID: house.workspace,
                            platform: platform,
                            platformUserID: id,
                            userID: "42"
                        ),
                        now: house.time.now(),
                        in: transaction
                    )
                }
            }
            let record = try await house.open {
                $0.approvers = [.person("user:42"), .person("chat:U2")]
                $0.quorum = 2
            }
            try await house.deliver()
            _ = try await house.press(
                try #require(house.platform.channel.token("Approve", in: "U1")),
                by: "U1",
                in: "U1"
            )
            let link = try #require(house.mail.channel.token("Look at it and decide", in: "ann@example.org"))
            let again = try await house.service.decide(
                token: String(link.split(separator: "/").last ?? ""),
                option: "approve",
                comment: "",
                editedText: nil,
                evidence: "r"
            )
            #expect(again?.code == "already_answered")
            #expect(try await house.detail(record)?.decisions.map(\.actor) == ["user:42"])
        }
    }
}
