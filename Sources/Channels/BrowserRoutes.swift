/// Pages of a platform that a person's browser visits, such as the two ends of an OAuth installation.
package protocol BrowserRoutes: Sendable {
    /// The platform's name in the path `/api/v1/bots/<platform>/<route>`.
    var platform: String { get }
    /// The routes below it, all of them GET.
    var browserRoutes: [String] { get }

    /// Answers a visit.
    /// - Parameters:
    ///   - route: one of `browserRoutes`.
    ///   - query: the decoded query, in its order.
    ///   - cookies: the `Cookie` header as it came in, empty where there was none.
    func visit(route: String, query: [(name: String, value: String)], cookies: String) async -> Acknowledgement
}
