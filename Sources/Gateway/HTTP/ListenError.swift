import CoreTypes
import NIOCore

#if canImport(Glibc)
import Glibc
#endif

/// Why the gateway cannot listen where it was told to, and what to do about it.
struct ListenError: CodedError {
    let description: String
    var code: String { "cannot_listen" }
    var isRetryable: Bool { false }

    /// Explains an error of binding a socket; nil for every other error.
    init?(_ error: any Error, host: String, port: Int) {
        switch error {
        case let error as IOError:
            switch error.errnoCode {
            case EADDRINUSE:
                description =
                    "Port \(port) of \(host) is in use. Stop the other program, or choose another port with --port or "
                    + "ARAGORA_PORT (0 takes a free one)."
            case EADDRNOTAVAIL:
                description =
                    "\(host) is no address of this machine. Give --host or ARAGORA_HOST one that it has, or 0.0.0.0 for "
                    + "all."
            case EACCES:
                description =
                    "Port \(port) needs rights that this user does not have. Choose one from 1024 with --port or "
                    + "ARAGORA_PORT."
            default: return nil
            }
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            description = "The host \(host) is not known. Give --host or ARAGORA_HOST an address of this machine."
        default: return nil
        }
    }
}
