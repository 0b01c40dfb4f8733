import CoreTypes
import Transport

extension ProviderChannel {
    /// The most bytes of a whole answer (the original's buffer cap).
    static let maximumBytes = 10 << 20
    private static let maximumErrorBytes = 64 << 10

    /// Reads a response into a reader, which keeps what it read where the rest fails.
    /// - Throws: `ProviderFailure`, `TransportError` or `CancellationError`.
    static func read<Reader: AnswerReader & Sendable>(
        _ response: StreamingResponse,
        into reader: inout Reader,
        now: Timestamp,
        _ listener: (any DraftListener)?
    ) async throws {
        guard response.status == 200 else {
            let body = try await collect(response, upTo: maximumErrorBytes)
            throw ProviderFailure(status: response.status, body: body, retryAfter: response.retryAfter(now: now))
        }
        let type = response.header("Content-Type")?.lowercased() ?? ""
        if type.hasPrefix("application/json") {
            try readWhole(try await collect(response, upTo: maximumBytes), into: &reader)
            return
        }
        let rest = try await readEvents(response, into: &reader, listener)
        // Whoever says that it streams and falls silent was cut off.
        guard !rest.isEmpty, !type.hasPrefix("text/event-stream") else { return }
        // Some servers send JSON under another name.
        guard (try? JSONDocument(rest)) != nil else { throw misdirected(rest) }
        try readWhole(rest, into: &reader)
    }

    /// Reads events as they come.
    /// - Returns: all that came, where no event was in it.
    private static func readEvents<Reader: AnswerReader & Sendable>(
        _ response: StreamingResponse,
        into reader: inout Reader,
        _ listener: (any DraftListener)?
    ) async throws -> [UInt8] {
        var events = ServerSentEvents()
        var rest: [UInt8] = []
        var hasEvents = false
        for try await chunk in response.body {
            let found = events.feed(chunk)
            hasEvents = hasEvents || !found.isEmpty
            if !hasEvents { rest += chunk }
            for event in found where !event.data.isEmpty { try reader.read(event.data) }
            if let listener { tell(listener, reader.draft) }
            if reader.isComplete { break }
            guard !events.isOverLimit else { throw ProviderFailure(.tooLong, "event over 1 MiB") }
        }
        return hasEvents ? [] : rest
    }

    private static func readWhole<Reader: AnswerReader>(
        _ body: [UInt8],
        into reader: inout Reader
    ) throws(ProviderFailure) {
        try reader.readWhole(body)
        guard reader.draft != AnswerDraft() else { throw misdirected(body) }
    }

    /// What came in place of an answer, from something that is not the API.
    static func misdirected(_ body: [UInt8]) -> ProviderFailure {
        let blanks = Array(" \t\r\n".utf8)
        let first = body.first { !blanks.contains($0) }
        let word = first == UInt8(ascii: "<") ? "a web page" : "an unknown text"
        return ProviderFailure(.badRequest, word, isMisdirected: true)
    }

    @inline(never)
    private static func tell(_ listener: any DraftListener, _ draft: AnswerDraft) {
        guard !draft.text.isEmpty, draft.text.utf8.count <= DraftText.maximumBytes else { return }
        listener.hear(DraftText(draft.text) { $0.shownBeforeItsEnd })
    }

    private static func collect(_ response: StreamingResponse, upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in response.body {
            bytes += chunk
            if bytes.count >= limit { break }
        }
        return bytes
    }
}
