package import Channels
package import Persistence

/// What people are asked to decide, as far as a chat has to know of it: whoever keeps the requests implements it.
///
/// Every answer is for the person alone who did something.
package protocol HumanDecisions: Sendable {
    /// A button was pressed; nil where it belongs to somebody else.
    /// - Throws: `DatabaseError`.
    func press(
        token: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer?

    /// A form came back; nil where it belongs to somebody else.
    /// - Throws: `DatabaseError`.
    func submit(
        callback: String,
        answers: [String: String],
        state: String,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer?

    /// Something was written; nil where it answers no prompt.
    /// - Throws: `UnnamedActor` where the person's name is to be written down; `DatabaseError`.
    func reply(
        _ text: String,
        isDirect: Bool,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer?

    /// A command was given.
    /// - Throws: `UnnamedActor` where the person's name is to be written down; `DatabaseError`.
    func perform(
        _ command: HumanDecisionCommand,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> HumanDecisionAnswer
}

/// What the person gets.
package enum HumanDecisionAnswer: Sendable {
    case say(Post)
    /// A form that asks for what is missing, and what is said where it cannot be shown.
    case ask(Form, otherwise: Post)
}

/// The commands about decisions.
package enum HumanDecisionCommand: Hashable, Sendable {
    /// What waits for the person.
    case list
    /// Yes to the request with this number or id, with a remark.
    case approve(id: String, comment: String)
    /// No to the request with this number or id, with a reason.
    case reject(id: String, comment: String)
    /// The request with this number or id goes back to where it came from, with guidance.
    case revise(id: String, comment: String)
    /// Any answer to the request with this number or id, by the answer's own id.
    case answer(id: String, option: String, comment: String)
    /// Another person decides until a date.
    case delegate(person: String, until: String)
    /// Who decides for whom.
    case listDelegations
    /// Nobody decides for the person any more.
    case undelegate
}
