import Synchronization

/// The series of one metric, by the value of the one dimension that tells them apart.
///
/// Asking the metrics system for a series costs more than counting, so each is asked for once. The values are of a
/// closed vocabulary: none is ever forgotten.
package final class MetricSeries<Metric: Sendable>: Sendable {
    private let make: @Sendable (String) -> Metric
    private let known = Mutex<[String: Metric]>([:])

    /// Prepares for the series.
    /// - Parameter make: asks the metrics system for the series with this value.
    package init(_ make: @escaping @Sendable (String) -> Metric) {
        self.make = make
    }

    /// The series with this value.
    package subscript(value: String) -> Metric {
        known.withLock { known in
            if let metric = known[value] { return metric }
            let metric = make(value)
            known[value] = metric
            return metric
        }
    }
}
