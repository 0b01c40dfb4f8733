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
    let (channels, channelFound) = AsyncStream.makeStream(of: (any Channel).self)
    var logger = Logger(label: "local-server")
    logger.logLevel = .critical
    let application = Application(
        router: router,
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: 4096),
        onServerRunning: { channelFound.yield($0) },
        logger: logger
    )
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { channelFound.finish() }
            try await application.run()
        }
        var running = channels.makeAsyncIterator()
        guard let channel = await running.next(), let port = channel.localAddress?.port else {
            try await group.waitForAll()
            throw CancellationError()
        }
        let result: Result<R, any Error>
        do {
            result = .success(try await body(port))
        } catch {
            result = .failure(error)
        }
        // Closed before it is cancelled: with a connection that it has not looked at, the process would end.
        try? await channel.close()
        try? await channel.closeFuture.get()
        group.cancelAll()
        return try result.get()
    }
}
