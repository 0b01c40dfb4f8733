/// One event of a server's event stream.
package struct ServerSentEvent: Hashable, Sendable {
    /// The lines of data, joined by line feeds.
    package var data: String

    /// Describes an event.
    package init(data: String) {
        self.data = data
    }
}

/// Reads an event stream piece by piece, as the HTML standard's section "Interpreting an event stream" says.
///
/// Of an event it gives the data alone: model providers repeat its type there, and nobody here connects again.
///
/// An event that the stream's end cuts off is dropped, as the standard asks.
package struct ServerSentEvents: Sendable {
    /// The most that one line, or the data of one event, may hold, in bytes.
    private let maximumEventBytes: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var isFirstLine = true
    private var endedWithCarriageReturn = false

    /// Whether an event was larger than allowed: nothing is read from then on, and the stream should be ended.
    package private(set) var isOverLimit = false

    /// Begins a stream.
    /// - Parameter maximumEventBytes: the most that one event may hold; 1 MiB unless told.
    package init(maximumEventBytes: Int = 1 << 20) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// Takes the next piece of the stream and gives the events that it completes; ask `isOverLimit` afterwards.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes where !isOverLimit {
            let isSecondOfPair = endedWithCarriageReturn && byte == UInt8(ascii: "\n")
            endedWithCarriageReturn = byte == UInt8(ascii: "\r")
            if isSecondOfPair { continue }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if let event = endLine() { events.append(event) }
            } else {
                line.append(byte)
                isOverLimit = line.count + data.count > maximumEventBytes
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer {
            line.removeAll(keepingCapacity: true)
            isFirstLine = false
        }
        var line = line[...]
        if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        // A comment has an empty name, and every other name is ignored as well.
        if line[..<colon].elementsEqual("data".utf8) {
            data += value
            data.append(UInt8(ascii: "\n"))
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer { data.removeAll(keepingCapacity: true) }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(data: String(decoding: data.dropLast(), as: UTF8.self))
    }
}
