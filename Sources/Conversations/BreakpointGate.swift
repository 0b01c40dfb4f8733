package import Debates
package import Persistence

/// Who asks people about debates that wait: whoever keeps the requests implements it.
package protocol BreakpointGate: Sendable {
    /// Asks what becomes of a debate; asking again changes nothing.
    /// - Parameter context: what people need to decide: the verdict that waits for its release, or where the debate
    ///   stands.
    /// - Throws: `DatabaseError`.
    func ask(
        about breakpoint: DebateBreakpoint,
        of debate: DebateRecord,
        context: String,
        in transaction: borrowing Transaction
    ) throws

    /// What people decided about a breakpoint; nil while they have not.
    /// - Throws: `DatabaseError`.
    func resolution(
        of breakpoint: DebateBreakpoint,
        debate: DebateRecord,
        in transaction: borrowing Transaction
    ) throws -> BreakpointResolution?

    /// Nobody needs an answer any more.
    /// - Throws: `DatabaseError`.
    func withdraw(
        _ breakpoint: DebateBreakpoint,
        of debate: DebateRecord,
        in transaction: borrowing Transaction
    ) throws
}
