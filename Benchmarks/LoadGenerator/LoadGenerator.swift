import Glibc

/// Sends signed Slack events to a running gateway over keep-alive connections and prints what it saw as one JSON line.
///
/// It lives on the machine that it measures, so it costs as little as it can: all requests are built and signed before
/// the clock starts, and one thread polls all connections.
///
///     LoadGenerator port=8080 secret=S kind=reply count=100000 connections=64 seconds=10
///
/// With `rate=N` (a second) requests are sent on a timetable, and each is timed from the moment it was due, so that a
/// gateway that stalls is not measured less often.
@main
struct LoadGenerator {
    static func main() {
        var options: [String: String] = [
            "kind": "reply", "count": "100000", "connections": "64", "seconds": "10", "rate": "0", "seed": "1",
        ]
        for argument in CommandLine.arguments.dropFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { stop("What is \(argument)? Options are NAME=VALUE.") }
            options[String(parts[0])] = String(parts[1])
        }
        func number(_ name: String) -> Int {
            guard let value = options[name].flatMap({ Int($0) }) else { stop("\(name)= needs a whole number.") }
            return value
        }
        guard let secret = options["secret"], let kind = options["kind"].flatMap(SlackTraffic.Kind.init) else {
            stop("secret= is needed, and kind= is reply or mention.")
        }
        let traffic = SlackTraffic(kind: kind, count: number("count"), seed: number("seed"), secret: secret)
        let run = LoadRun(
            requests: traffic.requests,
            port: UInt16(clamping: number("port")),
            connections: number("connections"),
            limit: .seconds(number("seconds")),
            rate: number("rate")
        )
        guard let result = run.result() else { stop("No connection to 127.0.0.1:\(number("port")).") }
        print(result.json)
    }

    private static func stop(_ message: String) -> Never {
        print(message)
        exit(64)
    }
}
