import CEpoll
import Glibc

/// One run: every request once, over a fixed number of connections, each with one request under way.
struct LoadRun {
    let requests: [[UInt8]]
    let port: UInt16
    let connections: Int
    let limit: Duration
    /// Requests a second, or 0 for as many as the gateway takes.
    let rate: Int

    private struct Connection {
        let descriptor: Int32
        /// Whether a request is under way.
        var isBusy = false
        var startedAt: Int64 = 0
        var answer: [UInt8] = []
    }

    /// Sends the requests and times the answers.
    /// - Returns: nil where the gateway cannot be reached.
    func result() -> LoadResult? {
        guard var connections = openConnections() else { return nil }
        defer { for connection in connections { close(connection.descriptor) } }
        let poller = epoll_create1(0)
        defer { close(poller) }
        for (index, connection) in connections.enumerated() {
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64(index)))
            guard epoll_ctl(poller, EPOLL_CTL_ADD, connection.descriptor, &event) == 0 else { return nil }
        }
        var result = LoadResult()
        var next = 0
        var idle = Array(connections.indices)
        var buffer = [UInt8](repeating: 0, count: 65536)
        var events = [epoll_event](repeating: epoll_event(), count: connections.count)
        let start = Self.now()
        let end = start + limit.components.seconds * 1_000_000_000
        while true {
            let now = Self.now()
            // In turn: a connection that is opened and never used is cut off.
            while let index = idle.first, next < requests.count, now < end {
                let due = rate == 0 ? now : start + Int64(next) * 1_000_000_000 / Int64(rate)
                guard due <= now else { break }
                idle.removeFirst()
                connections[index].isBusy = true
                connections[index].startedAt = due
                send(requests[next], to: connections[index].descriptor)
                next += 1
            }
            if idle.count == connections.count, next == requests.count || now >= end { break }
            // A gateway that hangs ends the run all the same.
            if now > end + 10_000_000_000 {
                result.failed += connections.count - idle.count
                break
            }
            let ready = epoll_wait(poller, &events, Int32(events.count), rate == 0 ? 100 : 1)
            guard ready > 0 else { continue }
            for event in events[..<Int(ready)] {
                let index = Int(event.data.u64)
                guard receive(&connections[index], &buffer, &result) else {
                    result.failed += 1
                    result.seconds = Double(Self.now() - start) / 1e9
                    return result
                }
                if !connections[index].isBusy { idle.append(index) }
            }
        }
        result.seconds = Double(Self.now() - start) / 1e9
        return result
    }

    private func openConnections() -> [Connection]? {
        var opened: [Connection] = []
        for _ in 0..<connections {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard connected else { return nil }
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            opened.append(Connection(descriptor: descriptor))
        }
        return opened
    }

    /// Sends a request whole; on a fresh or answered connection it fits into the socket's buffer.
    private func send(_ request: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { bytes in
                Glibc.send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            // A connection that broke shows it when its answer is read.
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads what has come, and notes the answer when it is whole; false where the gateway closed the connection.
    private func receive(_ connection: inout Connection, _ buffer: inout [UInt8], _ result: inout LoadResult) -> Bool {
        let count = recv(connection.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        guard count > 0, connection.isBusy else { return false }
        connection.answer.append(contentsOf: buffer[..<count])
        guard let status = Self.statusOfWholeAnswer(connection.answer) else { return true }
        let latency = Self.now() - connection.startedAt
        if status == 200 { result.latencies.append(latency) } else { result.failed += 1 }
        connection.isBusy = false
        connection.answer.removeAll(keepingCapacity: true)
        return true
    }

    /// The status of an answer, once it is there with the body that its `Content-Length` announces.
    private static func statusOfWholeAnswer(_ answer: [UInt8]) -> Int? {
        let name = Array("content-length:".utf8)
        var (length, lineStart, position) = (0, 0, 0)
        while position + 1 < answer.count {
            guard answer[position] == 13, answer[position + 1] == 10 else {
                position += 1
                continue
            }
            if position == lineStart {
                guard answer.count - position - 2 >= length else { return nil }
                return answer[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
            }
            if position - lineStart > name.count, zip(answer[lineStart...], name).allSatisfy({ $0 | 32 == $1 | 32 }) {
                length = answer[lineStart + name.count..<position].reduce(0) { $1 == 32 ? $0 : $0 * 10 + Int($1) - 48 }
            }
            position += 2
            lineStart = position
        }
        return nil
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// What a run showed.
struct LoadResult {
    /// From the first byte sent (or due) to the whole answer, in nanoseconds, of each request answered with 200.
    var latencies: [Int64] = []
    var failed = 0
    var seconds = 0.0

    /// The result in one line; latencies are in milliseconds.
    var json: String {
        let sorted = latencies.sorted()
        func percentile(_ share: Double) -> Double {
            guard !sorted.isEmpty else { return 0 }
            return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / 1000) / 1000
        }
        return """
            {"answered":\(sorted.count),"failed":\(failed),"seconds":\(seconds),"p50":\(percentile(0.5)),\
            "p99":\(percentile(0.99)),"max":\(percentile(1))}
            """
    }
}
