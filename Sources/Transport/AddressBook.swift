import Synchronization

/// The addresses of URLs that were parsed before: a client speaks to the same few again and again.
final class AddressBook: Sendable {
    /// So many are kept; then it begins anew.
    private static let capacity = 1024

    private let known = Mutex<[String: WebAddress]>([:])

    /// The address of a URL; nil where it is not acceptable.
    func address(of url: String) -> WebAddress? {
        if let address = known.withLock({ $0[url] }) { return address }
        guard let address = WebAddress(url) else { return nil }
        known.withLock { known in
            if known.count >= Self.capacity { known = [:] }
            known[url] = address
        }
        return address
    }
}
