/// What a debate needs next; the events come first.
package struct DebateStep: Sendable {
    /// What to do once the events are appended to the journal.
    package enum Next: Sendable {
        /// Nothing: calls are still out.
        case wait
        /// Make these calls, all of the same kind.
        case calls([AgentCallDescription])
        /// Load what people added behind this cursor.
        case loadInputs(after: Int64)
        /// The debate is over.
        indirect case finish(DebateResult)
        /// Nothing until people have decided.
        indirect case pause(DebateBreakpoint)
    }

    package var events: [DebateEvent] = []
    package var next = Next.wait
}
