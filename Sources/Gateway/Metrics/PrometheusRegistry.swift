package import CoreMetrics
import Synchronization

/// Every metric of the process, as Prometheus reads it: the factory behind swift-metrics, and the text of `/metrics`.
///
/// Counters end in `_total` and timers in `_seconds`, as Prometheus names them; dots become underscores. A metric whose
/// name is already taken by another kind, and a series beyond a family's limit, are never an error: the first is
/// counted in `aragora_metrics_rejected_total`, the second goes to the one series `{overflow="true"}` of its family.
package final class PrometheusRegistry: MetricsFactory {
    /// The media type of what `render` returns.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The upper bounds of a timer's buckets in seconds: acknowledgements take milliseconds, models minutes.
    static let secondsBuckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
    ]
    /// The upper bounds of a recorder's buckets: rows in a batch, tokens, bytes.
    static let amountBuckets: [Double] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000, 1_000_000, 10_000_000,
    ]

    private struct Family {
        let kind: Kind
        let help: String
        var series: [PrometheusLabels: any PrometheusSeries] = [:]
    }

    private enum Kind: String {
        case counter, gauge, histogram
    }

    private let help: [String: String]
    private let maximumSeries: Int
    private let families = Mutex<[String: Family]>([:])
    private let rejected = PrometheusCounter(
        name: "aragora_metrics_rejected_total",
        labels: PrometheusLabels(dimensions: [], isHistogram: false)
    )

    /// Makes an empty registry.
    /// - Parameters:
    ///   - help: The text behind `# HELP`, by the label that the program gives the metric; others show the label.
    ///   - maximumSeries: The most series that one metric may have beside its overflow.
    package init(help: [String: String] = [:], maximumSeries: Int = 500) {
        self.help = help
        self.maximumSeries = maximumSeries
    }

    /// The present values in the text format 0.0.4, sorted by name.
    package func render() -> String {
        let families = families.withLock { $0 }
        var output = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            output += "# HELP \(name) \(PrometheusText.escapedHelp(family.help))\n"
            output += "# TYPE \(name) \(family.kind.rawValue)\n"
            for series in family.series.values.sorted(by: { $0.labels.text < $1.labels.text }) {
                series.write(to: &output)
            }
        }
        output += "# HELP \(rejected.name) Metrics that were not counted because another kind has their name.\n"
        output += "# TYPE \(rejected.name) counter\n"
        rejected.write(to: &output)
        return output + ProcessStatistics.current().exposition
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        let name = PrometheusText.metricName(label)
        return histogram(label, name, dimensions, name.hasSuffix("_seconds") ? Self.secondsBuckets : Self.amountBuckets)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, suffixed(PrometheusText.metricName(label), "_seconds"), dimensions, Self.secondsBuckets)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> PrometheusCounter {
        let name = suffixed(PrometheusText.metricName(label), "_total")
        let labels = PrometheusLabels(dimensions: dimensions, isHistogram: false)
        return series(label, name, .counter, labels) { PrometheusCounter(name: name, labels: $0) }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let name = PrometheusText.metricName(label)
        let labels = PrometheusLabels(dimensions: dimensions, isHistogram: false)
        return series(label, name, .gauge, labels) { PrometheusGauge(name: name, labels: $0) }
    }

    private func histogram(
        _ label: String,
        _ name: String,
        _ dimensions: [(String, String)],
        _ upperBounds: [Double]
    ) -> PrometheusHistogram {
        let labels = PrometheusLabels(dimensions: dimensions, isHistogram: true)
        return series(label, name, .histogram, labels) {
            PrometheusHistogram(name: name, labels: $0, upperBounds: upperBounds)
        }
    }

    /// Finds a series or makes it; one that may not be shown is made all the same, so that the caller can count on it.
    private func series<Series: PrometheusSeries>(
        _ label: String,
        _ name: String,
        _ kind: Kind,
        _ labels: PrometheusLabels,
        make: (PrometheusLabels) -> Series
    ) -> Series {
        families.withLock { families in
            if let known = families[name]?.series[labels] as? Series { return known }
            guard families[name] != nil || !isTaken(name, kind, families) else {
                rejected.increment(by: 1 as Int64)
                return make(labels)
            }
            var family = families[name] ?? Family(kind: kind, help: help[label] ?? help[name] ?? label)
            guard family.kind == kind else {
                rejected.increment(by: 1 as Int64)
                return make(labels)
            }
            var labels = labels
            if family.series[labels] == nil, family.series.count >= maximumSeries { labels = .overflow }
            if let known = family.series[labels] as? Series { return known }
            let series = make(labels)
            family.series[labels] = series
            families[name] = family
            return series
        }
    }

    /// Whether a new family's sample lines would be taken for another family's.
    private func isTaken(_ name: String, _ kind: Kind, _ families: [String: Family]) -> Bool {
        let parts = ["_bucket", "_sum", "_count"]
        if name == rejected.name || ProcessStatistics.names.contains(name) { return true }
        if kind == .histogram, parts.contains(where: { families[name + $0] != nil }) { return true }
        return parts.contains { part in
            name.hasSuffix(part) && families[String(name.dropLast(part.count))]?.kind == .histogram
        }
    }

    private func remove(_ handler: Any) {
        guard let series = handler as? any PrometheusSeries else { return }
        families.withLock { families in
            // The overflow is shared by many metrics, of which only one is gone.
            guard series.labels != .overflow, families[series.name]?.series[series.labels] === series else { return }
            families[series.name]?.series[series.labels] = nil
        }
    }

    private func suffixed(_ name: String, _ suffix: String) -> String {
        name.hasSuffix(suffix) ? name : name + suffix
    }
}
