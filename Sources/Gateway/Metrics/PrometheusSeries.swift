import CoreMetrics
import Synchronization

/// One line, or one histogram, of the exposition.
protocol PrometheusSeries: AnyObject, Sendable {
    /// The name of the family that the series belongs to.
    var name: String { get }
    var labels: PrometheusLabels { get }
    /// Appends the sample lines.
    func write(to output: inout String)
}

/// A number that only grows, whole or not.
final class PrometheusCounter: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    let name: String
    let labels: PrometheusLabels
    // Whole and fractional increments are kept apart, so that the usual one is a single atomic addition.
    private let whole = Atomic<UInt64>(0)
    private let fractionalBits = Atomic<UInt64>(0)

    init(name: String, labels: PrometheusLabels) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fractionalBits.updateDouble { $0 + amount }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fractionalBits.store(0, ordering: .relaxed)
    }

    func write(to output: inout String) {
        let whole = whole.load(ordering: .relaxed)
        let fractional = Double(bitPattern: fractionalBits.load(ordering: .relaxed))
        let value = fractional == 0 ? String(whole) : PrometheusText.number(Double(whole) + fractional)
        output += "\(name)\(labels.inBraces) \(value)\n"
    }
}

/// A number that goes up and down: a meter, or a recorder that keeps the last value.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
    let name: String
    let labels: PrometheusLabels
    private let bits = Atomic<UInt64>(0)

    init(name: String, labels: PrometheusLabels) {
        self.name = name
        self.labels = labels
    }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func increment(by amount: Double) { bits.updateDouble { $0 + amount } }
    func decrement(by amount: Double) { bits.updateDouble { $0 - amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(to output: inout String) {
        let value = Double(bitPattern: bits.load(ordering: .relaxed))
        output += "\(name)\(labels.inBraces) \(PrometheusText.number(value))\n"
    }
}

/// A distribution: a timer in seconds, or a recorder that aggregates.
final class PrometheusHistogram: PrometheusSeries, TimerHandler, RecorderHandler {
    private struct State {
        /// How many values fell into each bucket alone; the last is for what is over every bound.
        var counts: [UInt64]
        var sum = 0.0
    }

    let name: String
    let labels: PrometheusLabels
    private let upperBounds: [Double]
    private let state: Mutex<State>

    init(name: String, labels: PrometheusLabels, upperBounds: [Double]) {
        self.name = name
        self.labels = labels
        self.upperBounds = upperBounds
        state = Mutex(State(counts: Array(repeating: 0, count: upperBounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // One NaN would make the sum useless for good.
        guard !value.isNaN else { return }
        let bucket = upperBounds.firstIndex { value <= $0 } ?? upperBounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func write(to output: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var total: UInt64 = 0
        for (bound, count) in zip(upperBounds + [.infinity], counts) {
            total += count
            output += "\(name)_bucket\(labels.inBraces(upperBound: PrometheusText.number(bound))) \(total)\n"
        }
        output += "\(name)_sum\(labels.inBraces) \(PrometheusText.number(sum))\n"
        output += "\(name)_count\(labels.inBraces) \(total)\n"
    }
}

extension Atomic where Value == UInt64 {
    /// Changes the double whose bits are stored.
    fileprivate func updateDouble(_ change: (Double) -> Double) {
        var seen = load(ordering: .relaxed)
        while true {
            let wanted = change(Double(bitPattern: seen)).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: seen, desired: wanted, ordering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }
}
