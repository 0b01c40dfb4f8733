import ServiceLifecycle

#if os(Linux)
@preconcurrency import Dispatch
#else
import Dispatch
#endif

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Ends a process whose drain does not come to its end, as where the database hangs.
///
/// What it held is taken up by others, or by the next start, when its leases have run out.
struct DrainLimit: Service {
    /// Within the 30 seconds that `serve` promises.
    private static let seconds = 27

    /// Returns as soon as the drain has begun, so that it holds up nobody.
    func run() async throws {
        try? await gracefulShutdown()
        // On a thread of its own: whatever hangs, this does not.
        DispatchQueue(label: "aragora.drain").asyncAfter(deadline: .now() + .seconds(Self.seconds)) {
            printError(
                "error: The drain has not ended in \(Self.seconds) seconds, as where the database hangs; the process ends "
                    + "without it. What it was working on is taken up again when its leases have run out."
            )
            _exit(1)
        }
    }
}
