/// What the gateway reports about the rooms below it.
package protocol HealthAPI: Sendable {
    /// The checks that decide whether this process should be given requests; the details hold no secret.
    func readiness() async -> [(check: String, ok: Bool, detail: String)]
}
