import Approvals
import CoreTypes
import TestSupport
import Testing

@Suite struct ApprovalMachineTests {
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func machine(_ change: (inout ApprovalPolicy) -> Void = { _ in }) throws -> ApprovalMachine {
        var policy = ApprovalPolicy(
            options: [.approve, .reject, .revise],
            approvers: [.person("slack:U1"), .person("slack:U2"), .person("slack:U3")]
        )
        change(&policy)
        try policy.validate(requester: "slack:U9")
        return ApprovalMachine(policy: policy, requester: "slack:U9", createdAt: start, operationHash: "h")
    }

    private func actor(_ id: String, roles: Set<String> = [], channel: String? = nil) -> ApprovalActor {
        ApprovalActor(identity: id, name: id, roles: roles, channel: channel, surface: .button, evidence: "e")
    }

    private func refusal(_ result: Result<ApprovalDecision, ApprovalMachine.Refused>) -> ApprovalRefusal? {
        if case .failure(let refused) = result { refused.refusal } else { nil }
    }

    private func answer(
        _ machine: inout ApprovalMachine,
        _ person: String,
        _ option: String,
        _ comment: String = "",
        after: Duration = .seconds(1)
    ) -> Result<ApprovalDecision, ApprovalMachine.Refused> {
        machine.decide(.init(actor: actor(person), optionID: option, comment: comment), now: start + after)
    }

    @Test func twoOfThreeHaveToAgree() throws {
        var machine = try machine { $0.quorum = 2 }
        #expect(refusal(answer(&machine, "slack:U1", "approve")) == nil)
        #expect(machine.status == .pending && machine.progress == 1)
        let second = try #require(refusal(answer(&machine, "slack:U1", "approve")))
        #expect(second.isSecond)
        #expect(refusal(answer(&machine, "slack:U3", "approve")) == nil)
        #expect(machine.status == .approved && machine.outcome == "approve" && machine.progress == 2)
        #expect(refusal(answer(&machine, "slack:U2", "reject", "no")) == .late(.approved))
    }

    @Test func oneVetoEndsIt() throws {
        var machine = try machine { $0.quorum = 2 }
        #expect(refusal(answer(&machine, "slack:U1", "approve")) == nil)
        #expect(refusal(answer(&machine, "slack:U2", "reject", "  \n")) == .commentRequired(.reject))
        #expect(refusal(answer(&machine, "slack:U2", "reject", "too dear")) == nil)
        #expect(machine.status == .rejected)
    }

    @Test func withoutVetoItIsOverWhenTheQuorumIsOutOfReach() throws {
        var machine = try machine {
            $0.quorum = 2
            $0.hasVeto = false
        }
        #expect(refusal(answer(&machine, "slack:U1", "reject", "no")) == nil)
        #expect(machine.status == .pending)
        #expect(refusal(answer(&machine, "slack:U2", "reject", "no")) == nil)
        #expect(machine.status == .rejected)
    }

    @Test func whoeverAgreesOnNothingRejects() throws {
        var machine = try machine {
            $0.quorum = 2
            $0.hasVeto = false
        }
        _ = answer(&machine, "slack:U1", "reject", "no")
        _ = answer(&machine, "slack:U2", "approve")
        _ = answer(&machine, "slack:U3", "revise", "shorter")
        #expect(machine.status == .rejected && machine.outcome == nil)
    }

    @Test func strangersAndTheRequesterDecideNothing() throws {
        var machine = try machine {
            $0.excludesRequester = true
            $0.approvers.append(.person("slack:U9"))
        }
        #expect(refusal(answer(&machine, "slack:U8", "approve")) == .foreign)
        #expect(refusal(answer(&machine, "slack:U9", "approve")) == .requester)
        #expect(machine.decisions.isEmpty)
    }

    @Test func rolesAndChannelsDecideToo() throws {
        var machine = try machine { $0.approvers = [.role("leads"), .channel("slack:C1")] }
        #expect(refusal(machine.decide(.init(actor: actor("slack:U4"), optionID: "approve"), now: start)) == .foreign)
        let elsewhere = actor("slack:U4", channel: "slack:C2")
        #expect(refusal(machine.decide(.init(actor: elsewhere, optionID: "approve"), now: start)) == .foreign)
        var copy = machine
        let lead = actor("slack:U4", roles: ["leads"])
        #expect(refusal(copy.decide(.init(actor: lead, optionID: "approve"), now: start)) == nil)
        let there = actor("slack:U5", channel: "slack:C1")
        #expect(refusal(machine.decide(.init(actor: there, optionID: "approve"), now: start)) == nil)
    }

    @Test func aDeputyUsesOneSeatOnceAndCountsAsOnePerson() throws {
        var machine = try machine { $0.quorum = 2 }
        let seats = [ApprovalDelegator(person: "slack:U1"), ApprovalDelegator(person: "slack:U2")]
        let deputy = ApprovalMachine.Attempt(actor: actor("slack:U7"), delegators: seats, optionID: "approve")
        let first = try machine.decide(deputy, now: start).get()
        #expect(first.seat == "slack:U1" && first.actor == "slack:U7")
        #expect(refusal(machine.decide(deputy, now: start))?.isSecond == true)
        #expect(refusal(answer(&machine, "slack:U1", "approve")) == .represented(first))
        #expect(machine.status == .pending)
    }

    @Test func whatWasChangedHasToBeLookedAtAgain() throws {
        var machine = try machine {
            $0.allowsEdit = true
            $0.quorum = 2
        }
        let edit = ApprovalMachine.Attempt(
            actor: actor("slack:U1"),
            optionID: "approve",
            operationHash: "h",
            editedHash: "other"
        )
        #expect(refusal(machine.decide(edit, now: start)) == nil)
        #expect(machine.operationHash == "other")
        let stale = ApprovalMachine.Attempt(actor: actor("slack:U2"), optionID: "approve", operationHash: "h")
        #expect(refusal(machine.decide(stale, now: start)) == .changed)
        var again = stale
        again.operationHash = "other"
        again.editedHash = "third"
        #expect(refusal(machine.decide(again, now: start)) == .editRefused)
        again.editedHash = nil
        #expect(refusal(machine.decide(again, now: start)) == nil)
        #expect(machine.status == .approved)
    }

    @Test(arguments: [
        (ApprovalPolicy.ExpiryOutcome.approved, ApprovalStatus.approved), (.rejected, .rejected), (.expired, .expired),
    ])
    func timeEndsItAsItWasSaid(outcome: ApprovalPolicy.ExpiryOutcome, status: ApprovalStatus) throws {
        var machine = try machine {
            $0.expiresAfter = .seconds(60)
            $0.expiryOutcome = outcome
        }
        let isEarly = machine.expire(now: start + .seconds(59))
        #expect(!isEarly)
        #expect(refusal(answer(&machine, "slack:U1", "approve", after: .seconds(60))) == .expired)
        let isOver = machine.expire(now: start + .seconds(60))
        #expect(isOver && machine.status == status)
    }

    @Test func escalationLetsMorePeopleDecide() throws {
        var machine = try machine {
            $0.escalations = [.init(after: .seconds(60), approvers: [.person("slack:U5")])]
        }
        #expect(refusal(answer(&machine, "slack:U5", "approve", after: .seconds(59))) == .foreign)
        #expect(refusal(answer(&machine, "slack:U5", "approve", after: .seconds(60))) == nil)
    }

    @Test func whatCannotBeDecidedIsRefused() {
        func error(_ change: (inout ApprovalPolicy) -> Void) -> ApprovalError? {
            #expect(throws: ApprovalError.self) { _ = try machine(change) }
        }
        #expect(error { $0.quorum = 4 } != nil)
        #expect(error { $0.quorum = 0 } != nil)
        #expect(error { $0.approvers = [] } != nil)
        #expect(error { $0.options = [.approve, .approve] } != nil)
        #expect(error { $0.expiresAfter = .zero } != nil)
        #expect(
            error {
                $0.quorum = 3
                $0.excludesRequester = true
                $0.approvers[0] = .person("slack:U9")
            } != nil
        )
    }

    @Test func anOptionMeansWhatItIsCalled() throws {
        func policy(_ options: String) throws -> ApprovalPolicy {
            let policy = try ApprovalPolicy(json: JSONValue(parsing: #"{"options":[\#(options)]}"#))
            try policy.validate(requester: "slack:U9")
            return policy
        }
        let deny = try policy(#""approve",{"id":"deny","effect":"reject"},{"id":"again","effect":"revise"}"#)
        #expect(deny.options.map(\.requiresComment) == [false, true, true])
        for lie in [
            #"{"id":"reject","requires_comment":false}"#, #"{"id":"no","effect":"reject","requires_comment":false}"#,
            #"{"id":"approve","effect":"reject"}"#, #"{"id":"reject","effect":"approve"}"#,
            #"{"id":"revise","effect":"custom"}"#, #"{"id":"Approve"}"#, #"{"id":"x","label":""}"#,
        ] {
            #expect(throws: ApprovalError.self, "\(lie)") { try policy(lie) }
        }
    }

    @Test func twoAnswersDoNotAddUp() throws {
        var machine = try machine {
            $0.quorum = 2
            $0.options = [.approve, ApprovalOption(id: "later", label: "Later", effect: .approve), .reject]
        }
        #expect(refusal(answer(&machine, "slack:U1", "approve")) == nil)
        #expect(refusal(answer(&machine, "slack:U2", "later")) == nil)
        #expect(machine.status == .pending && machine.progress == 1)
        #expect(refusal(answer(&machine, "slack:U3", "later")) == nil)
        #expect(machine.status == .approved && machine.outcome == "later" && machine.progress == 2)
    }

    @Test func thePolicySurvivesItsColumn() throws {
        let policy = try machine {
            $0.quorum = 2
            $0.expiresAfter = nil
            $0.reminderAfter = .seconds(30)
            $0.escalations = [.init(after: .seconds(60), approvers: [.role("leads"), .channel("slack:C1")])]
            $0.options.append(ApprovalOption(id: "later", label: "Later", effect: .custom))
        }.policy
        let text = policy.json.text
        #expect(try ApprovalPolicy(json: JSONValue(parsing: text)).json["quorum"]?.integer == 2)
        for wrong in [#"{"quorum":"2"}"#, #"{"approvers":["Ann"]}"#, #"{"expires_in":0}"#, #"{"options":[{}]}"#] {
            #expect(throws: ApprovalError.self) { try ApprovalPolicy(json: JSONValue(parsing: wrong)) }
        }
    }
}

extension ApprovalRefusal {
    fileprivate var isSecond: Bool { if case .second = self { true } else { false } }
}
