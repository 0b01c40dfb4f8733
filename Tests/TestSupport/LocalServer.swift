package import Hummingbird
import Logging
import NIOCore

/// Serves a router on a free port of 127.0.0.1 while a closure runs, and stops when it returns.
///
/// Handlers that are still at work are cancelled then.
/// - Returns: what the closure returned.
/// - Throws: what the closure threw, or what kept the server from starting.
package func withLocalServer<R>(
    _ router: Router<BasicRequestContext>,
    _ body: (Int) async throws -> R
) async throws -> R {
    let (ports, portFound) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "local-server")
    logger.logLevel = .critical
    let application = Application(
        router: router,
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: 4096),
        onServerRunning: { channel in
            if let port = channel.localAddress?.port { portFound.yield(port) }
        },
        logger: logger
    )
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { portFound.finish() }
            try await application.run()
        }
        var port: Int?
        for await found in ports {
            port = found
            break
        }
        guard let port else {
            try await group.waitForAll()
            throw CancellationError()
        }
        defer { group.cancelAll() }
        return try await body(port)
    }
}
