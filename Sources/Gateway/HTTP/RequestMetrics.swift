import Metrics

/// The metrics of one route and method, made once, so that counting a request finds nothing and allocates nothing.
struct RequestMetrics: Sendable {
    /// What nearly every answer has; the counters of other statuses are looked up when they are needed.
    private static let expectedStatuses = [200, 401, 503]

    private let counters: [Int: Counter]
    private let timer: Timer
    private let route: String
    private let method: String

    init(route: String, method: String) {
        self.route = route
        self.method = method
        timer = Timer(
            label: "http_request_duration_seconds",
            dimensions: [("route", route), ("method", method)]
        )
        counters = Dictionary(
            uniqueKeysWithValues: Self.expectedStatuses.map { ($0, Self.counter(route, method, status: $0)) }
        )
    }

    /// Counts an answered request.
    func record(status: Int, since start: ContinuousClock.Instant) {
        (counters[status] ?? Self.counter(route, method, status: status)).increment()
        let passed = (ContinuousClock.now - start).components
        timer.recordNanoseconds(passed.seconds * 1_000_000_000 + passed.attoseconds / 1_000_000_000)
    }

    private static func counter(_ route: String, _ method: String, status: Int) -> Counter {
        Counter(
            label: "http_requests_total",
            dimensions: [("route", route), ("method", method), ("status", String(status))]
        )
    }
}
