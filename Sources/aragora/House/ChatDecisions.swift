import Approvals
import Channels
import Conversations
import CoreTypes
import Persistence

/// Lets people answer approvals in their chats: the two rooms know nothing of each other.
struct ChatDecisions: HumanDecisions {
    let chat: ApprovalChat

    func press(
        token: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer? {
        Self.answer(try chat.press(token: token, event, in: transaction))
    }

    func submit(
        callback: String,
        answers: [String: String],
        state: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer? {
        Self.answer(
            try chat.submit(callback: callback, answers: answers, state: state, event, in: transaction)
        )
    }

    func reply(
        _ text: String,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer? {
        Self.answer(try chat.reply(text, isDirect: isDirect, event, in: transaction))
    }

    func perform(
        _ command: HumanDecisionCommand,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer {
        switch command {
        case .list:
            return Self.answer(try chat.list(event, in: transaction))
        case .approve(let id, let comment):
            return Self.answer(
                try chat.decide(id, effect: .approve, comment: comment, event, in: transaction)
            )
        case .reject(let id, let comment):
            return Self.answer(
                try chat.decide(id, effect: .reject, comment: comment, event, in: transaction)
            )
        case .revise(let id, let comment):
            return Self.answer(
                try chat.decide(id, effect: .revise, comment: comment, event, in: transaction)
            )
        case .answer(let id, let option, let comment):
            return Self.answer(
                try chat.decide(id, option: option, comment: comment, event, in: transaction)
            )
        case .delegate(let person, let date):
            return Self.answer(try chat.delegate(person, until: date, event, in: transaction))
        case .listDelegations: return Self.answer(try chat.listDelegations(event, in: transaction))
        case .undelegate: return Self.answer(try chat.undelegate(event, in: transaction))
        }
    }

    private static func answer(_ answer: ApprovalChat.Answer?) -> HumanDecisionAnswer? {
        answer.map { Self.answer($0) }
    }

    private static func answer(_ answer: ApprovalChat.Answer) -> HumanDecisionAnswer {
        switch answer {
        case .say(let post): .say(post)
        case .ask(let form, let otherwise): .ask(form, otherwise: otherwise)
        }
    }
}
