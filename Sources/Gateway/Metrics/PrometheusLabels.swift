/// The labels of one series, in the order in which they are written.
struct PrometheusLabels: Hashable, Sendable {
    /// `name="value"` pairs, separated by commas; empty where the series has no labels.
    let text: String

    /// The series that takes what would exceed a family's limit.
    static let overflow = PrometheusLabels(text: #"overflow="true""#)

    /// Describes the labels of a metric.
    ///
    /// The order of the dimensions does not matter. An empty value means the same as no label, and a name that two
    /// dimensions share counts once, because Prometheus refuses a scrape that repeats one.
    init(dimensions: [(String, String)], isHistogram: Bool) {
        var values: [String: String] = [:]
        for (name, value) in dimensions where !value.isEmpty {
            var name = PrometheusText.labelName(name)
            if isHistogram, name == "le" { name = "le_" }
            if values[name] == nil { values[name] = value }
        }
        text = values.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(PrometheusText.escapedValue($0.value))\"" }
            .joined(separator: ",")
    }

    private init(text: String) {
        self.text = text
    }

    /// The labels in braces, or nothing.
    var inBraces: String { text.isEmpty ? "" : "{\(text)}" }

    /// The labels of a histogram's bucket in braces.
    func inBraces(upperBound: String) -> String {
        text.isEmpty ? "{le=\"\(upperBound)\"}" : "{\(text),le=\"\(upperBound)\"}"
    }
}
