import Channels
import CoreTypes
import Persistence
import TestSupport
import Testing

@Suite struct OutcomePolicyTests {
    private let policy = OutcomePolicy()
    private let now = Timestamp(milliseconds: 1_000_000)
    private let note = OutboxNote(code: "code", message: "text")

    private func decide(
        _ outcome: SendOutcome,
        _ operation: SendOperation = .post,
        failures: Int = 0,
        canReconcile: Bool = true
    ) -> OutcomePolicy.Decision {
        let attempt = OutcomePolicy.Attempt(operation: operation, failures: failures, canReconcile: canReconcile)
        return policy.decide(outcome, attempt, now: now, jitter: 1)
    }

    @Test(arguments: SendOperation.allCases)
    func sentIsSent(operation: SendOperation) {
        #expect(decide(.sent(messageID: "1"), operation) == .sent(messageID: "1"))
    }

    @Test(arguments: SendOperation.allCases)
    func permanentFailuresEnd(operation: SendOperation) {
        #expect(decide(.permanent(code: "code", description: "text"), operation) == .fail(note))
    }

    @Test func transientFailuresComeBackLaterAndLater() {
        let outcome = SendOutcome.transient(code: "code", description: "text")
        let delays = (0..<8).map { failures -> Int64? in
            guard case .retry(let moment, let counted, note) = decide(outcome, failures: failures) else { return nil }
            #expect(counted == failures + 1)
            return (moment - now).milliseconds
        }
        #expect(delays == [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000])
        #expect(decide(outcome, failures: policy.maximumAttempts - 1) == .fail(note))
        #expect(policy.delay(failures: 30, jitter: 1) == .seconds(300))
        #expect(policy.delay(failures: 1, jitter: 0) == .milliseconds(500))
    }

    @Test func rateLimitsCountNoFailure() {
        guard
            case .slowDown(let until, .channel, _) = decide(
                .rateLimited(retryAfter: .seconds(30), scope: .channel),
                failures: 7
            )
        else {
            Issue.record("A rate limit slows down.")
            return
        }
        #expect(until - now == .seconds(30))
        guard
            case .slowDown(let far, .method, _) = decide(.rateLimited(retryAfter: .seconds(9_999_999), scope: .method))
        else {
            Issue.record("A rate limit slows down.")
            return
        }
        #expect(far - now == policy.maximumRetryAfter)
    }

    @Test func refusedCredentialsHoldTheWorkspace() {
        guard
            case .holdWorkspace(let until, let note) = decide(.authentication(code: "invalid_auth", description: "No."))
        else {
            Issue.record("Refused credentials hold the workspace.")
            return
        }
        #expect(until - now == .seconds(60))
        #expect(note.code == OutboxStore.authentication)
        #expect(note.message == "invalid_auth: No.")
    }

    @Test func whatIsUnclearIsNeverRepeatedUnlessThatIsHarmless() {
        let outcome = SendOutcome.unknown(code: "code", description: "text")
        #expect(decide(outcome, .post) == .reconcile(at: now + .seconds(2), note))
        #expect(decide(outcome, .post, canReconcile: false) == .leaveUnknown(note))
        #expect(decide(outcome, .ephemeral) == .reconcile(at: now + .seconds(2), note))
        #expect(decide(outcome, .ephemeral, canReconcile: false) == .leaveUnknown(note))
        #expect(decide(outcome, .form, canReconcile: false) == .leaveUnknown(note))
        #expect(decide(outcome, .edit) == .retry(at: now + .seconds(1), failures: 1, note))
    }

    @Test func reconciliationsDecide() {
        func decide(_ answer: Reconciliation, failures: Int = 0, ago: Duration = .seconds(2)) -> OutcomePolicy.Decision
        {
            let attempt = OutcomePolicy.Attempt(operation: .post, failures: failures, canReconcile: true)
            return policy.decide(answer, attempt, sentAt: now - ago, now: now, jitter: 1)
        }
        #expect(decide(.sent(messageID: "1")) == .sent(messageID: "1"))
        if case .retry(let moment, 1, _) = decide(.notSent) {
            #expect(moment - now == .seconds(1))
        } else {
            Issue.record("What was not sent is sent again.")
        }
        if case .fail = decide(.notSent, failures: policy.maximumAttempts - 1) {
        } else {
            Issue.record("There is an end to it.")
        }
        if case .reconcile(let moment, _) = decide(.undecided(retryAfter: .seconds(5))) {
            #expect(moment - now == .seconds(5))
        } else {
            Issue.record("What is undecided is asked later.")
        }
        if case .leaveUnknown = decide(.undecided(retryAfter: .seconds(5)), ago: .seconds(3600)) {
        } else {
            Issue.record("What stays undecided is left.")
        }
        #expect(
            decide(.impossible("why")) == .leaveUnknown(OutboxNote(code: "cannot_reconcile", message: "why"))
        )
    }
}
