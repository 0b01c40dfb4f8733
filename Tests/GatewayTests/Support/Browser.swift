import CoreTypes
import Foundation
import Synchronization
import TestSupport

/// A real browser without a window, on one page.
///
/// Spoken to by the Chrome DevTools Protocol over its debugging pipe: JSON messages that end with a zero byte, which the
/// browser reads from its descriptor 3 and writes to its descriptor 4.
final class Browser: Sendable {
    private typealias Answer = CheckedContinuation<JSONValue, any Error>

    private struct State {
        var lastID: Int64 = 0
        var waiting: [Int64: Answer] = [:]
        var hasEnded = false
    }

    private let process: ChildProcess
    let profile: String
    private let connection: FileHandle
    private let state = Mutex(State())
    private let session = Mutex("")

    /// Starts a browser and opens an address in it.
    static func open(_ address: String) async throws -> Browser {
        let browser = try Browser()
        let target = try await browser.send("Target.createTarget", ["url": "about:blank"])
        let attached = try await browser.send(
            "Target.attachToTarget",
            ["targetId": target["targetId"] ?? .null, "flatten": true]
        )
        browser.session.withLock { $0 = attached["sessionId"]?.string ?? "" }
        _ = try await browser.send("Page.navigate", ["url": .string(address)])
        return browser
    }

    private init() throws {
        // Speaking to a browser that is gone is an error, not this program's end.
        signal(SIGPIPE, SIG_IGN)
        let (ours, theirs) = try Self.connection()
        connection = FileHandle(fileDescriptor: ours, closeOnDealloc: true)
        profile = "\(BrowserProfiles.directory)/\(UUID().uuidString)"
        defer { close(theirs) }
        try FileManager.default.createDirectory(atPath: profile, withIntermediateDirectories: true)
        process = try ChildProcess(
            "/usr/lib/chromium/chromium-headless-shell",
            [
                "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--user-data-dir=\(profile)",
                "--remote-debugging-pipe",
            ],
            environment: ["HOME": profile],
            descriptors: [3: theirs, 4: theirs]
        )
        let answers = fcntl(ours, F_DUPFD_CLOEXEC, 10)
        Thread.detachNewThread { [weak self] in
            Self.read(from: answers) { self?.take($0) }
            self?.end()
        }
    }

    deinit {
        process.send(SIGKILL)
        // While it dies, it still writes.
        Task { [process, profile] in
            _ = try? await process.waitForExit()
            try? FileManager.default.removeItem(atPath: profile)
        }
    }

    /// What a JavaScript expression is worth on the page; a promise is waited for.
    @discardableResult
    func evaluate(_ expression: String) async throws -> JSONValue {
        let answer = try await send(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": true, "awaitPromise": true]
        )
        if let failure = answer["exceptionDetails"] { throw ProcessFailure("\(expression): \(failure.text)") }
        return answer["result"]?["value"] ?? .null
    }

    /// Waits until a JavaScript expression is true on the page.
    func wait(until expression: String) async throws {
        do {
            try await eventually(expression) { try await evaluate(expression) == true ? true : nil }
        } catch let failure as ProcessFailure {
            throw ProcessFailure("\(failure) The page: \(try await html())")
        }
    }

    /// Waits until a text is in the page's markup.
    func wait(for text: String) async throws {
        try await wait(until: "document.documentElement?.outerHTML.includes(\(JSONValue.string(text).text))")
    }

    /// The markup of all that the page shows now.
    func html() async throws -> String {
        try await evaluate("document.documentElement.outerHTML").string ?? ""
    }

    /// Types a text where the focus is.
    func type(_ text: String) async throws {
        _ = try await send("Input.insertText", ["text": .string(text)])
    }

    /// A key that a test presses.
    enum Key: String {
        case escape = "Escape"
        case tab = "Tab"
        case enter = "Enter"

        fileprivate var code: JSONValue {
            switch self {
            case .escape: 27
            case .tab: 9
            case .enter: 13
            }
        }
    }

    /// Presses a key and lets it go.
    func press(_ key: Key) async throws {
        for type in ["keyDown", "keyUp"] {
            var event: [String: JSONValue] = [
                "type": .string(type), "key": .string(key.rawValue), "code": .string(key.rawValue),
                "windowsVirtualKeyCode": key.code,
            ]
            if key == .enter, type == "keyDown" { event["text"] = "\r" }
            _ = try await send("Input.dispatchKeyEvent", .object(event))
        }
    }

    private func send(_ method: String, _ parameters: JSONValue) async throws -> JSONValue {
        let answer = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (answer: Answer) in
                guard let id = expect(answer) else { return answer.resume(throwing: Self.ended) }
                var command: [String: JSONValue] = [
                    "id": .integer(id), "method": .string(method), "params": parameters,
                ]
                let session = session.withLock { $0 }
                if !session.isEmpty { command["sessionId"] = .string(session) }
                // That it is gone is noticed where its answers are read.
                try? connection.write(contentsOf: Data(JSONValue.object(command).text.utf8) + [0])
            }
        } onCancel: {
            process.send(SIGKILL)
        }
        if let failure = answer["error"] { throw ProcessFailure("\(method): \(failure.text)") }
        return answer["result"] ?? .null
    }

    private static let ended = ProcessFailure("The browser has ended.")

    private func expect(_ answer: Answer) -> Int64? {
        state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.lastID += 1
            state.waiting[state.lastID] = answer
            return state.lastID
        }
    }

    /// Takes an answer; events, which have no number, are not asked for.
    private func take(_ message: [UInt8]) {
        guard let message = try? JSONValue(parsing: message), case .integer(let id)? = message["id"] else { return }
        state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: message)
    }

    private func end() {
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for answer in waiting.values { answer.resume(throwing: Self.ended) }
    }

    /// Both ends of a connection that no other program inherits, beyond the numbers that the browser gives a meaning.
    private static func connection() throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ProcessFailure("No connection for the browser: \(String(cString: strerror(errno)))")
        }
        let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
        ends.forEach { close($0) }
        return (moved[0], moved[1])
    }

    private static func read(from descriptor: Int32, _ take: ([UInt8]) -> Void) {
        var (buffer, unread) = ([UInt8](repeating: 0, count: 65536), [UInt8]())
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            unread += buffer[..<count]
            while let end = unread.firstIndex(of: 0) {
                take(Array(unread[..<end]))
                unread.removeSubrange(...end)
            }
        }
        close(descriptor)
    }
}

extension RawClient {
    /// Opens a path in a browser.
    func openInBrowser(_ path: String) async throws -> Browser {
        try await Browser.open("http://localhost:\(port)\(path)")
    }

    /// What a browser shows at a path as soon as a text is there.
    func browse(_ path: String, until text: String) async throws -> String {
        let browser = try await openInBrowser(path)
        try await browser.wait(for: text)
        return try await browser.html()
    }
}
