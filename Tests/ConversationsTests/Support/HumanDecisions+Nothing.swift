import Channels
import Conversations
import Persistence

/// What a test does not ask about belongs to somebody else.
extension HumanDecisions {
    func press(token: String, _ event: InboundEvent, in transaction: borrowing Transaction) -> HumanDecisionAnswer? {
        nil
    }

    func submit(
        callback: String,
        answers: [String: String],
        state: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) -> HumanDecisionAnswer? { nil }

    func reply(
        _ text: String,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) -> HumanDecisionAnswer? { nil }
}
