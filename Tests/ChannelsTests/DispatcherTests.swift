import ChannelSupport
import Channels
import CoreTypes
import DatabaseSupport
import Persistence
import TestSupport
import Testing

@Suite struct DispatcherTests {
    @Test(arguments: DatabaseEngine.allCases)
    func aPostIsSentOnceAndItsHookIsCalled(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let dispatcher = house.dispatcher()
            try await house.post("hello", key: "k")
            #expect(try await dispatcher.sendDue() == 1)
            #expect(try await dispatcher.sendDue() == 0)
            #expect(house.channel.calls == ["post k#1"])
            #expect(try await house.status("k") == .sent)
            let delivered = try #require(house.ends.delivered.first)
            #expect(delivered.key == "k")
            #expect(delivered.messageIDs == ["m1"])
            #expect(delivered.context["for"]?.string == "k")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aLongPostIsSentInOrder(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 10)) { house in
            try await house.post("aaaa bbbb cccc dddd", key: "k")
            try await house.settle(house.dispatcher())
            #expect(house.channel.texts == ["aaaa bbbb ", "cccc dddd"])
            #expect(house.channel.calls == ["post k#1", "post k#2"])
            #expect(house.ends.delivered.map(\.messageIDs) == [["m1", "m2"]])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRetrySendsTheSameBytesAndOnlyTheRest(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine, channel: ScriptedChannel(partSize: 10)) { house in
            house.channel.script(
                .workThenRun({}),
                .answer(.transient(code: "http_503", description: "Try later.")),
                .answer(.transient(code: "http_503", description: "Try later."))
            )
            try await house.post("aaaa bbbb cccc dddd", key: "k")
            let first = house.dispatcher()
            #expect(try await first.sendDue() == 1)
            #expect(try await house.errorCode("k") == "http_503")
            // Another version of the program would render other parts.
            let other = ScriptedChannel(partSize: 3)
            house.time.advance(by: .seconds(60))
            let second = house.dispatcher("two", adapters: [other])
            #expect(try await second.sendDue() == 1)
            #expect(other.texts == ["cccc dddd"])
            #expect(house.channel.texts == ["aaaa bbbb "])
            #expect(try await house.status("k") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRateLimitIsKeptAndCountsNoAttempt(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let dispatcher = house.dispatcher()
            for _ in 0..<10 {
                house.channel.script(.answer(.rateLimited(retryAfter: .seconds(30), scope: .channel)))
            }
            try await house.post("hello", key: "k")
            for _ in 0..<10 {
                #expect(try await dispatcher.sendDue() == 1)
                house.time.advance(by: .seconds(29))
                #expect(try await dispatcher.sendDue() == 0)
                house.time.advance(by: .seconds(1))
            }
            try await house.post("other thread", key: "l", to: house.address(thread: "t"))
            #expect(try await dispatcher.sendDue() == 2)
            // Two threads are two destinations: neither waits for the other.
            #expect(Set(house.channel.texts) == ["hello", "other thread"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aRateLimitedChannelHoldsItsOtherThreads(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let dispatcher = house.dispatcher()
            house.channel.script(.answer(.rateLimited(retryAfter: .seconds(30), scope: .channel)))
            try await house.post("one", key: "k")
            _ = try await dispatcher.sendDue()
            try await house.post("two", key: "l", to: house.address(thread: "t"))
            _ = try await dispatcher.sendDue()
            #expect(house.channel.calls == ["post k#1"])
            house.time.advance(by: .seconds(30))
            _ = try await dispatcher.sendDue()
            #expect(Set(house.channel.texts) == ["one", "two"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aServerErrorAfterTheWriteIsReconciled(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.workThenAnswer(.unknown(code: "http_500", description: "Internal error.")))
            try await house.post("hello", key: "k")
            let dispatcher = house.dispatcher()
            _ = try await dispatcher.sendDue()
            #expect(try await house.status("k") == .unknown)
            #expect(try await dispatcher.sendDue() == 0)
            try await house.settle(dispatcher)
            #expect(house.channel.calls == ["post k#1", "reconcile k#1"])
            #expect(house.channel.texts == ["hello"])
            #expect(try await house.status("k") == .sent)
            #expect(house.ends.delivered.map(\.messageIDs) == [["m1"]])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anUnclearSendThatDidNotArriveIsSentAgain(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.unknown(code: "timeout", description: "No answer.")))
            house.channel.scriptReconciliations(.undecided(retryAfter: .seconds(3)))
            try await house.post("hello", key: "k")
            try await house.settle(house.dispatcher())
            #expect(house.channel.calls == ["post k#1", "reconcile k#1", "reconcile k#1", "post k#1"])
            #expect(house.channel.texts == ["hello"])
            #expect(try await house.status("k") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatCannotBeReconciledIsLeftAndHoldsNobodyBack(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.workThenAnswer(.unknown(code: "timeout", description: "No answer.")))
            try await house.post("one", key: "k")
            try await house.post("two", key: "l")
            let limited = house.dispatcher(adapters: [LimitedChannel(house.channel)])
            try await house.settle(limited)
            #expect(try await house.status("k") == .unknown)
            #expect(try await house.row("k")?.isOpen == false)
            #expect(house.channel.calls == ["post k#1", "post l#1"])
            let outbox = house.outbox
            let findings = try await house.database.read { try outbox.findings(in: $0) }
            #expect(findings.contains { $0.level == .problem && $0.message.contains("1 unknown on scripted: timeout") })
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func troublesOfOneKindAreToldAsOne(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let gone = SendOutcome.permanent(code: "channel_not_found", description: "The channel is gone.")
            for number in 1...3 {
                house.channel.script(.answer(gone))
                try await house.post("text", key: "k\(number)")
                try await house.settle(house.dispatcher())
            }
            let outbox = house.outbox
            let findings = try await house.database.read { try outbox.findings(in: $0) }
            #expect(findings.count == 2)
            let told = findings.last?.message ?? ""
            #expect(told.hasPrefix("3 failed on scripted: channel_not_found, The channel is gone."), "\(told)")
            #expect(told.contains("the post k3 of"), "\(told)")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func refusedCredentialsHoldTheWorkspaceUntilTheyChange(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.authentication(code: "invalid_auth", description: "The token is not valid.")))
            let dispatcher = house.dispatcher()
            try await house.post("one", key: "k")
            _ = try await dispatcher.sendDue()
            try await house.post("two", key: "l", to: house.address("C2"))
            _ = try await dispatcher.sendDue()
            #expect(house.channel.calls == ["post k#1"])
            #expect(try await house.errorCode("k") == OutboxStore.authentication)
            #expect(try await house.errorCode("l") == OutboxStore.authentication)
            house.time.advance(by: .seconds(1))
            #expect(try await dispatcher.sendDue() == 0)
            try await dispatcher.credentialsChanged(workspace: house.workspace)
            #expect(try await dispatcher.sendDue() == 2)
            #expect(Set(house.channel.texts) == ["one", "two"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anAnswerThroughAResponseURLWaitsForNoCredentials(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.authentication(code: "invalid_auth", description: "The token is not valid.")))
            let dispatcher = house.dispatcher()
            try await house.post("one", key: "k")
            _ = try await dispatcher.sendDue()
            var address = house.address()
            address.person = "U1"
            address.responseURL = "https://example.com/respond"
            address.responseURLExpires = house.time.now() + .seconds(10)
            try await house.answer("in time", key: "in-time", to: address)
            _ = try await dispatcher.sendDue()
            #expect(house.channel.texts == ["in time"])
            house.time.advance(by: .seconds(10))
            try await house.answer("late", key: "late", to: address)
            _ = try await dispatcher.sendDue()
            #expect(house.channel.calls == ["post k#1", "ephemeral in-time#1"])
            #expect(try await house.errorCode("late") == OutboxStore.authentication)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anUnclearAnswerThatLastsIsReconciled(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let unclear = SendOutcome.unknown(code: "http_500", description: "Internal error.")
            house.channel.script(.workThenAnswer(unclear))
            try await house.answer("there", key: "k", to: house.address("D1"))
            try await house.settle(house.dispatcher())
            #expect(house.channel.calls == ["ephemeral k#1", "reconcile k#1"])
            house.channel.script(.answer(unclear))
            try await house.answer("lost", key: "l", to: house.address("D1"))
            try await house.settle(house.dispatcher())
            #expect(house.channel.calls.suffix(3) == ["ephemeral l#1", "reconcile l#1", "ephemeral l#1"])
            #expect(house.channel.texts == ["there", "lost"])
            #expect(try await house.status("k") == .sent)
            #expect(try await house.status("l") == .sent)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func anUnclearAnswerThatPassesIsNeverRepeated(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            var throughURL = house.address("D1")
            throughURL.person = "U1"
            throughURL.responseURL = "https://example.com/respond"
            throughURL.responseURLExpires = house.time.now() + .seconds(60)
            for (key, address) in [("k", house.address("C1")), ("l", throughURL)] {
                house.channel.script(.workThenAnswer(.unknown(code: "http_500", description: "Internal error.")))
                try await house.answer("psst", key: key, to: address)
                try await house.settle(house.dispatcher())
                #expect(try await house.status(key) == .unknown)
            }
            #expect(house.channel.calls == ["ephemeral k#1", "ephemeral l#1"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aPermanentFailureEndsTheRowAndTellsTheHook(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "channel_not_found", description: "No such channel.")))
            try await house.post("one", key: "k")
            try await house.post("two", key: "l")
            try await house.settle(house.dispatcher())
            #expect(try await house.status("k") == .failed)
            #expect(house.ends.undeliverable.map(\.note.code) == ["channel_not_found"])
            #expect(house.channel.texts == ["two"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aPlatformThatIsAwayForADayIsWaitedFor(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            for _ in 0..<310 { house.channel.script(.answer(.transient(code: "http_503", description: "Later."))) }
            let begin = house.time.now()
            try await house.post("one", key: "k")
            let dispatcher = house.dispatcher()
            while try await house.status("k") == .queued {
                _ = try await dispatcher.sendDue()
                house.time.advance(by: .seconds(300))
            }
            #expect(house.channel.calls.count == 300)
            #expect(house.time.now() - begin > .seconds(24 * 3600))
            #expect(try await house.status("k") == .failed)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aThreadIsTheMessageThatOpenedIt(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.transient(code: "http_503", description: "Later.")))
            try await house.post("opening", key: "root")
            try await house.post("reply", key: "reply", to: house.address(openedBy: "root"))
            try await house.settle(house.dispatcher())
            #expect(house.channel.texts == ["opening", "reply"])
            #expect(house.channel.messages.last?.address.thread == "m1")
            #expect(house.ends.delivered.last?.address.thread == "m1")
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aThreadThatCouldNotBeOpenedIsDoneWithout(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.permanent(code: "gone", description: "Gone.")))
            try await house.post("opening", key: "root")
            try await house.post("reply", key: "reply", to: house.address(openedBy: "root"))
            try await house.settle(house.dispatcher())
            #expect(house.channel.texts == ["reply"])
            #expect(house.channel.messages.last?.address.thread == nil)
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func formsAndAnswersToOneWaitBehindNothing(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            house.channel.script(.answer(.transient(code: "http_503", description: "Later.")))
            let dispatcher = house.dispatcher()
            try await house.post("slow", key: "k")
            _ = try await dispatcher.sendDue()
            let (outbox, address) = (house.outbox, house.address())
            try await house.database.write { transaction in
                let form = Form(title: "T", callback: "c", submitLabel: "Go", fields: [])
                try outbox.open(form, at: address, key: "form", in: transaction)
                try outbox.ephemeral(Post(body: "psst", fallbackText: ""), to: address, key: "e", in: transaction)
            }
            #expect(try await dispatcher.sendDue() == 2)
            #expect(house.channel.forms.map(\.callback) == ["c"])
            #expect(house.channel.messages.map(\.isEphemeral) == [true])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatNobodyWantsAnyMoreIsNotSent(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            let (outbox, now) = (house.outbox, house.time.now())
            var address = house.address()
            address.responseURL = "https://example.com/respond"
            address.responseURLExpires = now + .seconds(1800)
            let expiring = address
            try await house.database.write { transaction in
                let form = Form(title: "T", callback: "c", submitLabel: "Go", fields: [])
                try outbox.open(form, at: expiring, key: "form", in: transaction)
                try outbox.ephemeral(Post(body: "psst", fallbackText: ""), to: expiring, key: "e", in: transaction)
            }
            house.time.advance(by: .seconds(3))
            house.channel.script(.answer(.transient(code: "http_503", description: "Later.")))
            _ = try await house.dispatcher().sendDue()
            #expect(try await house.errorCode("form") == "expired")
            house.time.advance(by: .seconds(1800))
            _ = try await house.dispatcher().sendDue()
            #expect(try await house.errorCode("e") == "expired")
            #expect(house.channel.messages.isEmpty && house.channel.forms.isEmpty)
            // A person can be answered without the URL.
            address.person = "U1"
            let personal = address
            try await house.database.write { transaction in
                try outbox.ephemeral(Post(body: "psst", fallbackText: ""), to: personal, key: "p", in: transaction)
            }
            _ = try await house.dispatcher().sendDue()
            #expect(house.channel.texts == ["psst"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func whatCannotBeReadEndsAndHoldsNobodyBack(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.post("one", key: "k")
            try await house.post("two", key: "l")
            try await house.database.run("update outbox set payload_json = '{\"body\": 1}' where outbox_key = 'k'")
            try await house.settle(house.dispatcher())
            #expect(try await house.errorCode("k") == "unreadable")
            #expect(house.channel.texts == ["two"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aPlatformThatIsNotMountedIsWaitedFor(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            try await house.post("one", key: "k")
            _ = try await house.dispatcher(adapters: []).sendDue()
            #expect(try await house.errorCode("k") == "not_mounted")
            #expect(try await house.status("k") == .queued)
            house.time.advance(by: .seconds(60))
            _ = try await house.dispatcher().sendDue()
            #expect(house.channel.texts == ["one"])
        }
    }

    @Test(arguments: DatabaseEngine.allCases)
    func aHookThatFailsRepeatsNoMessage(engine: DatabaseEngine) async throws {
        try await OutboxHouse.with(engine) { house in
            struct Broken: Error {}
            let hooks = DeliveryHooks(delivered: { _, _ in throw Broken() })
            try await house.post("one", key: "k")
            let dispatcher = house.dispatcher(hooks: hooks)
            _ = try await dispatcher.sendDue()
            #expect(try await house.errorCode("k") == "hook_failed")
            try await house.settle(dispatcher)
            #expect(house.channel.calls == ["post k#1"])
            #expect(try await house.status("k") == .sent)
        }
    }
}
