import Foundation
import Metrics
import Testing

@testable import Gateway

@Suite("The Prometheus registry")
struct PrometheusTests {
    private let registry = PrometheusRegistry()

    @Test("A counter adds whole and fractional amounts, never falls, and ends in _total")
    func counters() {
        let counter = Counter(label: "slack.events", dimensions: [("kind", "mention")], factory: registry)
        counter.increment(by: 3)
        counter.increment(by: -2)
        #expect(lines(of: "slack_events_total") == [#"slack_events_total{kind="mention"} 3"#])
        let cost = FloatingPointCounter(label: "models.cost_total", factory: registry)
        cost.increment(by: 0.25)
        cost.increment(by: 1.5)
        cost.increment(by: Double.nan)
        #expect(lines(of: "models_cost_total") == ["models_cost_total 1.75"])
        counter.reset()
        #expect(lines(of: "slack_events_total") == [#"slack_events_total{kind="mention"} 0"#])
    }

    @Test("The same name and labels in any order are one series")
    func identity() {
        Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
        Counter(label: "a", dimensions: [("y", "2"), ("x", "1"), ("z", "")], factory: registry).increment()
        #expect(lines(of: "a_total") == [#"a_total{x="1",y="2"} 2"#])
    }

    @Test("Meters and gauges go up and down")
    func gauges() {
        let meter = Meter(label: "pool.connections", factory: registry)
        meter.set(4)
        meter.increment(by: 1.5)
        meter.decrement(by: 3)
        #expect(lines(of: "pool_connections") == ["pool_connections 2.5"])
        let gauge = Gauge(label: "temperature", factory: registry)
        gauge.record(-1.25)
        #expect(lines(of: "temperature") == ["temperature -1.25"])
        for (value, text) in [(Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e21, "1e+21")] {
            gauge.record(value)
            #expect(lines(of: "temperature") == ["temperature \(text)"])
        }
    }

    @Test("A timer is a histogram of seconds with cumulative buckets")
    func timers() {
        let timer = Timer(label: "ack", factory: registry)
        timer.recordNanoseconds(1_000_000)
        timer.recordMilliseconds(20)
        timer.recordSeconds(1000)
        let lines = lines(of: "ack_seconds")
        #expect(lines.first == #"ack_seconds_bucket{le="0.001"} 1"#)
        #expect(lines.contains(#"ack_seconds_bucket{le="0.01"} 1"#))
        #expect(lines.contains(#"ack_seconds_bucket{le="0.025"} 2"#))
        #expect(lines.contains(#"ack_seconds_bucket{le="300"} 2"#))
        #expect(
            lines.suffix(3) == [
                #"ack_seconds_bucket{le="+Inf"} 3"#, "ack_seconds_sum 1000.021", "ack_seconds_count 3",
            ]
        )
    }

    @Test("A recorder is a histogram of amounts, and NaN does not spoil its sum")
    func recorders() {
        let recorder = Recorder(label: "batch.rows", dimensions: [("le", "x")], factory: registry)
        recorder.record(20)
        recorder.record(Double.nan)
        let lines = lines(of: "batch_rows")
        #expect(lines.contains(#"batch_rows_bucket{le_="x",le="10"} 0"#))
        #expect(lines.contains(#"batch_rows_bucket{le_="x",le="20"} 1"#))
        #expect(lines.suffix(2) == [#"batch_rows_sum{le_="x"} 20"#, #"batch_rows_count{le_="x"} 1"#])
    }

    @Test(
        "Names are brought into the allowed characters",
        arguments: [
            ("http.server.duration", "http_server_duration"), ("5xx", "_5xx"), ("", "_"), ("a:b", "a:b"),
            ("größe", "gr__e"), ("__x", "__x"),
        ]
    )
    func metricNames(label: String, name: String) {
        #expect(PrometheusText.metricName(label) == name)
    }

    @Test("Label names lose what Prometheus keeps for itself, and values are escaped")
    func labels() {
        #expect(PrometheusText.labelName("__name__") == "_name__")
        #expect(PrometheusText.labelName("a:b") == "a_b")
        Gauge(label: "g", dimensions: [("a.b", "back\\slash \"quote\"\nline"), ("a_b", "twin")], factory: registry)
            .record(1)
        #expect(lines(of: "g") == [#"g{a_b="back\\slash \"quote\"\nline"} 1"#])
    }

    @Test("Every family has its HELP and TYPE once, before its samples")
    func header() {
        let registry = PrometheusRegistry(help: ["slack.events": "Events from Slack.\nAll \\ of them."])
        for kind in ["a", "b"] {
            Counter(label: "slack.events", dimensions: [("kind", kind)], factory: registry).increment()
        }
        let text = registry.render()
        #expect(
            text.hasPrefix(
                """
                # HELP slack_events_total Events from Slack.\\nAll \\\\ of them.
                # TYPE slack_events_total counter
                slack_events_total{kind="a"} 1
                slack_events_total{kind="b"} 1

                """
            )
        )
        #expect(text.hasSuffix("\n"))
    }

    @Test("What is beyond the limit of series is counted together")
    func cardinality() {
        let registry = PrometheusRegistry(maximumSeries: 2)
        for number in 1...10 {
            Counter(label: "c", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        #expect(
            lines(of: "c_total", in: registry) == [
                #"c_total{n="1"} 1"#, #"c_total{n="2"} 1"#, #"c_total{overflow="true"} 8"#,
            ]
        )
    }

    @Test("A name that another kind has is refused without an error, and counted")
    func kindConflict() {
        Meter(label: "x_total", factory: registry).set(7)
        Counter(label: "x", factory: registry).increment()
        Timer(label: "t", factory: registry).recordSeconds(1)
        Gauge(label: "t_seconds_count", factory: registry).record(5)
        Gauge(label: "process_resident_memory_bytes", factory: registry).record(5)
        #expect(lines(of: "x_total") == ["x_total 7"])
        #expect(lines(of: "t_seconds_count") == ["t_seconds_count 1"])
        #expect(lines(of: "aragora_metrics_rejected_total") == ["aragora_metrics_rejected_total 3"])
    }

    @Test("A destroyed metric is gone, and starts again from nothing")
    func destruction() {
        let counter = Counter(label: "c", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(!registry.render().contains("c_total 1"))
        Counter(label: "c", factory: registry).increment()
        // The old metric, destroyed twice, does not take the new one with it.
        counter.destroy()
        #expect(lines(of: "c_total") == ["c_total 1"])
    }

    @Test("Nothing is lost when many tasks count at once")
    func concurrency() async {
        let registry = registry
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<5_000 {
                        Counter(label: "c", factory: registry).increment()
                        Meter(label: "m", factory: registry).increment(by: 0.5)
                        Recorder(label: "r", factory: registry).record(2)
                    }
                }
            }
        }
        #expect(lines(of: "c_total") == ["c_total 40000"])
        #expect(lines(of: "m") == ["m 20000"])
        #expect(lines(of: "r").last == "r_count 40000")
    }

    @Test("The process's own memory and time are told")
    func process() throws {
        let line = try #require(lines(of: "process_resident_memory_bytes").first)
        let bytes = try #require(line.split(separator: " ").last.flatMap { Int($0) })
        #expect(bytes > 1 << 20)
        #expect(lines(of: "process_cpu_seconds_total").count == 1)
    }

    /// The Python client library's own parser reads what we write, with the values that we wrote.
    @Test("The reference parser agrees")
    func referenceParser() throws {
        let hostile = "back\\slash \"quote\"\nline ü"
        Counter(label: "c", dimensions: [("v", hostile)], factory: registry).increment(by: 41)
        Gauge(label: "g", factory: registry).record(-0.5)
        let timer = Timer(label: "t", dimensions: [("le", "b"), ("a", "1")], factory: registry)
        timer.recordMilliseconds(30)
        timer.recordSeconds(7)
        let program = """
            import json, sys
            from prometheus_client.parser import text_string_to_metric_families as parse
            samples = [[s.name, s.labels, s.value] for f in parse(sys.stdin.read()) for s in f.samples]
            print(json.dumps(samples))
            """
        let output = try run(python: program, input: registry.render())
        let samples = try #require(try JSONSerialization.jsonObject(with: output) as? [[Any]])
        func value(_ name: String, _ labels: [String: String]) -> Double? {
            samples.first { $0[0] as? String == name && $0[1] as? [String: String] == labels }?[2] as? Double
        }
        #expect(value("c_total", ["v": hostile]) == 41)
        #expect(value("g", [:]) == -0.5)
        #expect(value("t_seconds_bucket", ["le_": "b", "a": "1", "le": "0.05"]) == 1)
        #expect(value("t_seconds_bucket", ["le_": "b", "a": "1", "le": "+Inf"]) == 2)
        #expect(value("t_seconds_sum", ["le_": "b", "a": "1"]) == 7.03)
        #expect(value("process_resident_memory_bytes", [:]) ?? 0 > 0)
    }

    private func run(python program: String, input: String) throws -> Data {
        let process = Process()
        let python = try #require(
            ProcessInfo.processInfo.environment["ARAGORA_TEST_PYTHON"],
            "Run the tests with scripts/test, which installs the peers."
        )
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", program]
        let (toChild, fromChild) = (Pipe(), Pipe())
        process.standardInput = toChild
        process.standardOutput = fromChild
        try process.run()
        try toChild.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try toChild.fileHandleForWriting.close()
        let output = try fromChild.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return output
    }

    private func lines(of family: String) -> [String] {
        lines(of: family, in: registry)
    }

    /// The sample lines of one family.
    private func lines(of family: String, in registry: PrometheusRegistry) -> [String] {
        let names = [family, family + "_bucket", family + "_sum", family + "_count"]
        return registry.render().split(separator: "\n").map(String.init).filter { line in
            !line.hasPrefix("#") && names.contains { line.hasPrefix($0 + " ") || line.hasPrefix($0 + "{") }
        }
    }
}
