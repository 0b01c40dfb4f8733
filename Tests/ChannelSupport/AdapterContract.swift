package import Channels
import CoreTypes

/// What every adapter has to keep, whatever its platform is.
///
/// A violation is a sentence that says what is wrong.
///
/// ```swift
/// let contract = AdapterContract(adapter: adapter, signedRequests: requests, staleRequests: old)
/// #expect(contract.violations() == [])
/// ```
package struct AdapterContract {
    let adapter: any ChannelAdapter
    private let signedRequests: [RawRequest]
    private let staleRequests: [RawRequest]
    /// Whether the platform only takes messages: nobody writes to it, and nothing on it can be pressed.
    let isSendOnly: Bool

    /// Describes what is checked.
    /// - Parameters:
    ///   - signedRequests: requests that the platform signed well, each with a body, one of each shape at least.
    ///   - staleRequests: requests that were signed well, too long ago.
    package init(adapter: any ChannelAdapter, signedRequests: [RawRequest], staleRequests: [RawRequest]) {
        self.adapter = adapter
        self.signedRequests = signedRequests
        self.staleRequests = staleRequests
        isSendOnly = false
    }

    /// Describes what is checked of an adapter that only sends.
    package init(sendOnly adapter: any ChannelAdapter) {
        self.adapter = adapter
        signedRequests = []
        staleRequests = []
        isSendOnly = true
    }

    /// Everything that is wrong; empty for an adapter that keeps the contract.
    package func violations() -> [String] {
        identityViolations() + verificationViolations() + receptionViolations() + renderingViolations()
    }

    // MARK: Identity

    private func identityViolations() -> [String] {
        var found: [String] = []
        let name = adapter.platform
        if name.isEmpty || !name.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }) {
            found.append("The platform's name is no word of lower case letters: \(name)")
        }
        if adapter.routes.isEmpty != isSendOnly { found.append("There are \(isSendOnly ? "" : "no ")routes.") }
        if Set(adapter.routes.map { "\($0.method) \($0.path)" }).count != adapter.routes.count {
            found.append("Two routes are the same.")
        }
        for route in adapter.routes {
            if route.path.hasPrefix("/") { found.append("The route \(route.path) is not relative.") }
            if !(1...(16 << 20)).contains(route.maximumBodyBytes) {
                found.append("The route \(route.path) takes bodies of \(route.maximumBodyBytes) bytes.")
            }
        }
        let limits = adapter.limits
        if limits.channelBurst < 1 { found.append("A channel takes no message at all.") }
        if limits.channelInterval < .zero || limits.editInterval < .zero { found.append("An interval is negative.") }
        for (method, count) in limits.methodsPerMinute {
            if SendOperation(rawValue: method) == nil { found.append("\(method) is no operation of the dispatcher.") }
            if count < 1 { found.append("\(method) is never allowed.") }
        }
        return found
    }

    // MARK: Verification

    private func verificationViolations() -> [String] {
        var found: [String] = []
        guard !isSendOnly else {
            let request = RawRequest(
                method: "POST",
                route: "",
                query: "",
                headers: [],
                body: [],
                receivedAt: Timestamp(milliseconds: 0)
            )
            return isAccepted(request) ? ["A request is accepted by an adapter that only sends."] : []
        }
        if signedRequests.isEmpty { found.append("There are no signed requests to check with.") }
        for request in signedRequests {
            let name = "\(request.method) \(request.route)"
            if !isAccepted(request) { found.append("A signed request is refused: \(name)") }
            for changed in tampered(request) where isAccepted(changed.request) {
                found.append("A request is accepted \(changed.how): \(name)")
            }
        }
        for request in staleRequests where isAccepted(request) {
            found.append("A request from long ago is accepted: \(request.route)")
        }
        return found
    }

    private func isAccepted(_ request: RawRequest) -> Bool {
        do {
            _ = try adapter.verify(request)
            return true
        } catch {
            return false
        }
    }

    private func tampered(_ request: RawRequest) -> [(how: String, request: RawRequest)] {
        var changed: [(String, RawRequest)] = []
        if !request.body.isEmpty {
            for position in Set([0, request.body.count / 2, request.body.count - 1]).sorted() {
                var body = request.body
                body[position] ^= 1
                changed.append(("with byte \(position) changed", request.with(body: body)))
            }
            changed.append(("without its last byte", request.with(body: request.body.dropLast())))
            changed.append(("without its body", request.with(body: [])))
        }
        changed.append(("with a byte more", request.with(body: request.body + [0x20])))
        changed.append(("without headers", request.with(headers: [])))
        return changed
    }

    // MARK: Reception

    private func receptionViolations() -> [String] {
        var found: [String] = []
        for request in signedRequests {
            let first: Reception
            let second: Reception
            do {
                first = try adapter.receive(adapter.verify(request))
                second = try adapter.receive(adapter.verify(request))
            } catch {
                found.append("A signed request cannot be read: \(request.route), \(error.description)")
                continue
            }
            if first.entries.map(\.eventKey) != second.entries.map(\.eventKey) {
                found.append("The same request has other event keys the second time: \(request.route)")
            }
            if !(200..<300).contains(first.acknowledgement.status) {
                found.append("A signed request is answered with \(first.acknowledgement.status): \(request.route)")
            }
            for entry in first.entries { found += violations(of: entry, in: request) }
        }
        return found
    }

    private func violations(of entry: Reception.Entry, in request: RawRequest) -> [String] {
        var found: [String] = []
        if entry.eventKey.isEmpty { found.append("An entry has no event key: \(request.route)") }
        if entry.conversationKey.isEmpty { found.append("An entry has no conversation key: \(request.route)") }
        if !entry.workspace.rawValue.hasPrefix("\(adapter.platform):") {
            found.append("A workspace does not name its platform: \(entry.workspace)")
        }
        let stored = StoredEvent(
            workspace: entry.workspace,
            eventKey: entry.eventKey,
            shape: entry.shape,
            conversationKey: entry.conversationKey,
            body: entry.body,
            receivedAt: request.receivedAt
        )
        do {
            for event in try adapter.interpret(stored) {
                if event.workspace != entry.workspace { found.append("An event changed its workspace.") }
                if event.address.platform != adapter.platform { found.append("An address is of another platform.") }
                if event.originKey.isEmpty || event.actor.id.isEmpty {
                    found.append("An event has no origin or actor.")
                }
            }
        } catch {
            found.append("An entry that was taken in cannot be interpreted: \(entry.shape)")
        }
        let broken = StoredEvent(
            workspace: entry.workspace,
            eventKey: entry.eventKey,
            shape: entry.shape,
            conversationKey: entry.conversationKey,
            body: Array("{\"broken".utf8),
            receivedAt: request.receivedAt
        )
        if let events = try? adapter.interpret(broken), !events.isEmpty {
            found.append("An event is made of a broken body: \(entry.shape)")
        }
        return found
    }
}

extension RawRequest {
    fileprivate func with(body: [UInt8]) -> RawRequest {
        RawRequest(method: method, route: route, query: query, headers: headers, body: body, receivedAt: receivedAt)
    }

    fileprivate func with(headers: [(name: String, value: String)]) -> RawRequest {
        RawRequest(method: method, route: route, query: query, headers: headers, body: body, receivedAt: receivedAt)
    }
}
