import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What belongs to one request beside the request itself.
struct EmulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection, which a fault can break.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Larger than any piece of an upload.
    var maxUploadSize: Int { 64 << 20 }
}

/// A local server that stands in for a platform.
package protocol Emulator: Sendable {
    /// How the platform is called.
    var title: String { get }
    /// Answers requests; the base is the address under which it is reached.
    func respond(to request: EmulatorRequest) async throws -> EmulatorResponse
}

/// A request as an emulator sees it.
package struct EmulatorRequest: Sendable {
    package let method: String
    package let path: String
    /// The query without its question mark.
    package let query: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    /// Whether the connection broke before the body was whole: its beginning stands in `body`.
    package let isCutOff: Bool
    /// The address of the server, without a slash at its end.
    package let base: String

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// What an emulator answers.
package enum EmulatorResponse: Sendable {
    case answer(status: Int, headers: [(String, String)], body: [UInt8])
    /// The connection breaks without an answer.
    case drop
}

/// Runs an emulator on 127.0.0.1.
package struct EmulatorServer: Sendable {
    private let emulator: any Emulator
    private let port: Int

    /// Makes a server.
    /// - Parameter port: 0 for a free one.
    package init(_ emulator: any Emulator, port: Int = 0) {
        self.emulator = emulator
        self.port = port
    }

    /// Serves until the task is cancelled.
    /// - Parameter onRunning: called with the address once requests are taken.
    /// - Throws: where the port is taken.
    package func run(onRunning: @escaping @Sendable (String) async -> Void) async throws {
        var logger = Logger(label: "emulator")
        logger.logLevel = .critical
        let application = Application(
            responder: EmulatorResponder(emulator: emulator),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 1024),
            onServerRunning: { await onRunning("http://127.0.0.1:\($0.localAddress?.port ?? 0)") },
            logger: logger
        )
        try await application.run()
    }

    /// Serves while something is done.
    /// - Throws: what `body` threw, or what kept the server from starting.
    package func serving<Value: Sendable>(_ body: (String) async throws -> Value) async throws -> Value {
        let (bases, found) = AsyncStream.makeStream(of: String.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { found.finish() }
                try await run { found.yield($0) }
            }
            var base: String?
            for await first in bases {
                base = first
                break
            }
            guard let base else {
                try await group.waitForAll()
                throw CancellationError()
            }
            defer { group.cancelAll() }
            return try await body(base)
        }
    }
}

private struct EmulatorResponder: HTTPResponder {
    typealias Context = EmulatorContext

    let emulator: any Emulator

    func respond(to request: Request, context: EmulatorContext) async throws -> Response {
        var body: [UInt8] = []
        var isCutOff = false
        do {
            for try await buffer in request.body {
                guard body.count + buffer.readableBytes <= context.maxUploadSize else {
                    return Response(status: .contentTooLarge)
                }
                buffer.withUnsafeReadableBytes { body.append(contentsOf: $0) }
            }
        } catch {
            isCutOff = true
        }
        let answer = try await emulator.respond(
            to: EmulatorRequest(
                method: request.method.rawValue,
                path: request.uri.path,
                query: request.uri.query ?? "",
                headers: request.headers.map { ($0.name.canonicalName, $0.value) },
                body: body,
                isCutOff: isCutOff,
                base: "http://\(request.head.authority ?? "127.0.0.1")"
            )
        )
        switch answer {
        case .drop:
            try? await context.channel.close()
            return Response(status: .internalServerError)
        case .answer(let status, let headers, let bytes):
            var fields = HTTPFields()
            for (name, value) in headers {
                if let name = HTTPField.Name(name) { fields[name] = value }
            }
            return Response(
                status: .init(code: status),
                headers: fields,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            )
        }
    }
}
