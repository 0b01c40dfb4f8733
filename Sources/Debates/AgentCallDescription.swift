package import CoreTypes

/// Which call of a debate this is.
///
/// Seats are places on the panel, from 0.
package struct AgentCallID: Sendable, Hashable {
    /// What an agent is asked for.
    package enum Kind: String, Sendable, CaseIterable {
        case proposal, critique, revision, vote, synthesis
    }

    package let kind: Kind
    /// 0 for proposals; the last round for votes and the synthesis.
    package let round: Int
    package let seat: Int
    /// The seat whose proposal is criticised.
    package let target: Int?

    /// Names a call.
    package init(_ kind: Kind, round: Int, seat: Int, target: Int? = nil) {
        self.kind = kind
        self.round = round
        self.seat = seat
        self.target = target
    }
}

/// A call that a debate needs.
package struct AgentCallDescription: Sendable {
    /// The question itself.
    package enum Request: Sendable {
        case generate(GenerateRequest)
        case critique(CritiqueRequest)
        case vote(VoteRequest)
    }

    package let id: AgentCallID
    private let batch: CallBatch

    init(_ id: AgentCallID, of batch: CallBatch) {
        self.id = id
        self.batch = batch
    }

    /// `<debate>/<kind>/<round>/<agent>[/<target>]`: the same for every try of the call, also after a restart.
    package var key: String { batch.key(of: id) }
    /// The question, made when it is asked for.
    package var request: Request { batch.request(for: id) }

    /// The call brought a text.
    package func answered(_ reply: consuming Reply<String>) -> AgentCallCompletion {
        AgentCallCompletion(id: id, event: batch.event(id, reply))
    }

    /// The call brought a criticism.
    package func answered(_ reply: consuming Reply<Critique>) -> AgentCallCompletion {
        AgentCallCompletion(id: id, event: batch.event(id, reply))
    }

    /// The call brought a vote.
    package func answered(_ reply: consuming Reply<Vote>) -> AgentCallCompletion {
        AgentCallCompletion(id: id, event: batch.event(id, reply))
    }

    /// The call brought no usable answer.
    package func failed(_ failure: AgentCallFailure) -> AgentCallCompletion {
        AgentCallCompletion(id: id, event: .agentFailed(.init(id, batch.panel, failure)))
    }
}

/// What became of a call: the event that the journal will hold, if the debate still waits for it.
package struct AgentCallCompletion: Sendable {
    package let id: AgentCallID
    let event: DebateEvent
}

/// Why a call brought no answer.
package struct AgentCallFailure: Error, Sendable, Hashable {
    package let code: String
    package let message: String
    /// What it cost all the same.
    package let usage: Usage

    /// Describes a failure; the message is shown to users.
    package init(code: String, message: String, usage: Usage = Usage()) {
        self.code = code
        self.message = message
        self.usage = usage
    }

    init(_ error: any Error) {
        if let error = error as? AgentError {
            self.init(code: error.code, message: error.description, usage: error.usage)
        } else {
            self.init(code: AgentError.Code.internalError.rawValue, message: "The agent failed unexpectedly.")
        }
    }

    static let timeout = AgentCallFailure(
        code: AgentError.Code.timeout.rawValue,
        message: "The agent did not answer in the time of the phase."
    )
    static let deadline = AgentCallFailure(
        code: AgentError.Code.timeout.rawValue,
        message: "The time of the debate was over."
    )
    static let notAsked = AgentCallFailure(
        code: "not_asked",
        message: "The time was over before the agent was asked."
    )
}

extension DebateEvent.Failure {
    init(_ id: AgentCallID, _ panel: [AgentProfile], _ failure: AgentCallFailure) {
        agent = panel[id.seat].name
        kind = id.kind
        round = id.round
        target = id.target.map { panel[$0].name }
        code = failure.code
        message = failure.message
        usage = CallBatch.bounded(failure.usage)
    }
}
