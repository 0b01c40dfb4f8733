import Channels
import CoreTypes
import HTTPTypes
import Logging
import NIOHTTP1

/// Decides what the platforms' requests get: verify, store, acknowledge, in that order and nothing else.
///
/// An accepted request writes no log line: this has to keep up with a platform's busiest minute.
final class AdapterDesk: Sendable {
    /// By path, then by method.
    let endpoints: [String: [String: AdapterEndpoint]]
    let intake: any Intake
    /// What the bodies of all requests that are not answered yet may hold.
    let budget: ByteBudget
    /// The requests that wait for the rest of their body.
    let slowBodies = SlowBodies()
    /// How long a body may take, whether its peer drips or is silent.
    let bodyTimeout: Duration
    let time: any TimeSource
    let logger: Logger

    init(
        endpoints: [String: [String: AdapterEndpoint]],
        intake: any Intake,
        budget: ByteBudget,
        bodyTimeout: Duration,
        time: any TimeSource,
        logger: Logger
    ) {
        self.endpoints = endpoints
        self.intake = intake
        self.budget = budget
        self.bodyTimeout = bodyTimeout
        self.time = time
        self.logger = logger
    }

    /// The endpoint that a request is for; nil where it is for no platform.
    func endpoint(for request: HTTPRequestHead) -> (endpoint: AdapterEndpoint, query: String)? {
        let target = request.uri.utf8.first == UInt8(ascii: "/") ? request.uri : Self.originForm(of: request.uri)
        guard target.hasPrefix(AdapterEndpoint.basePath) else { return nil }
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            return endpoints[target]?[request.method.rawValue].map { ($0, "") }
        }
        return endpoints[String(target[..<mark])]?[request.method.rawValue].map {
            ($0, String(target[target.utf8.index(after: mark)...]))
        }
    }

    /// The request without its body.
    func head(of request: HTTPRequestHead, at endpoint: AdapterEndpoint, query: String) -> RawRequest {
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(request.headers.count)
        for (name, value) in request.headers { headers.append((name, Self.trimmed(value))) }
        return RawRequest(
            method: request.method.rawValue,
            route: endpoint.route.path,
            query: query,
            headers: headers,
            body: [],
            receivedAt: time.now()
        )
    }

    /// The path and query of a target that names its host as well, which a server has to accept (RFC 9112, section
    /// 3.2.2).
    private static func originForm(of target: String) -> String {
        guard let scheme = target.firstRange(of: "://") else { return target }
        let rest = target[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }

    /// A header's value without the white space around it, which is not part of it (RFC 9110, section 5.5).
    private static func trimmed(_ value: String) -> String {
        func isSpace(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard isSpace(value.utf8.first) || isSpace(value.utf8.last) else { return value }
        var bytes = Substring(value).utf8
        while isSpace(bytes.first) { bytes.removeFirst() }
        while isSpace(bytes.last) { bytes.removeLast() }
        return String(Substring(bytes))
    }

    /// Refuses what cannot be verified whatever its body is.
    /// - Returns: the refusal, or nil.
    func screen(_ head: RawRequest, at endpoint: AdapterEndpoint) -> AdapterAnswer? {
        guard let channel = endpoint.screening else { return nil }
        do throws(RequestRefusal) {
            try channel.screen(head)
            return nil
        } catch {
            return refusal(error, at: endpoint)
        }
    }

    /// Verifies a request and has its events stored.
    /// - Parameter completion: called once with the answer, from any thread.
    func receive(
        _ request: RawRequest,
        at endpoint: AdapterEndpoint,
        completion: @escaping @Sendable (AdapterAnswer) -> Void
    ) {
        let reception: Reception
        do throws(RequestRefusal) {
            reception = try endpoint.adapter.receive(try endpoint.adapter.verify(request))
        } catch {
            return completion(refusal(error, at: endpoint))
        }
        guard !reception.entries.isEmpty else { return completion(AdapterAnswer(reception.acknowledgement)) }
        let platform = endpoint.adapter.platform
        intake.append(reception.entries, platform: platform, receivedAt: request.receivedAt) { [self] error in
            guard let error else { return completion(AdapterAnswer(reception.acknowledgement)) }
            reportFailure(error, at: endpoint)
            completion(.overloaded)
        }
    }

    private func refusal(_ refusal: RequestRefusal, at endpoint: AdapterEndpoint) -> AdapterAnswer {
        if let suppressed = endpoint.refusals.admit(at: time.now()) {
            logger.warning(
                "A platform request was refused",
                metadata: [
                    "platform": .string(endpoint.adapter.platform), "route": .string(endpoint.route.path),
                    "code": .string(refusal.code), "reason": .string(refusal.description),
                    "suppressed": .stringConvertible(suppressed),
                ]
            )
        }
        let isStatus = (400...599).contains(refusal.status)
        return AdapterAnswer(status: isStatus ? .init(code: refusal.status) : .badRequest)
    }

    private func reportFailure(_ error: any Error, at endpoint: AdapterEndpoint) {
        guard let suppressed = endpoint.failures.admit(at: time.now()) else { return }
        let failure = HTTPFailure(error)
        logger.error(
            "A platform request could not be stored; the platform will send it again",
            metadata: [
                "platform": .string(endpoint.adapter.platform), "route": .string(endpoint.route.path),
                "code": .string(failure.code), "reason": .string(failure.logged),
                "suppressed": .stringConvertible(suppressed),
            ]
        )
    }
}

/// What a platform gets back.
struct AdapterAnswer: Sendable {
    let status: HTTPResponse.Status
    private(set) var headers = HTTPHeaders()
    var body: [UInt8] = []

    /// An answer without a word.
    init(status: HTTPResponse.Status) {
        self.status = status
    }

    /// The answer that an adapter chose; header names that HTTP does not allow are left out.
    init(_ acknowledgement: Acknowledgement) {
        status = .init(code: (200...599).contains(acknowledgement.status) ? acknowledgement.status : 200)
        if let type = acknowledgement.contentType { headers.add(name: "Content-Type", value: type) }
        for header in acknowledgement.headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            headers.add(name: name.rawName, value: HTTPField(name: name, value: header.value).value)
        }
        body = acknowledgement.body
    }

    /// The platform is to send its request again in a moment.
    static let overloaded: AdapterAnswer = {
        var answer = AdapterAnswer(status: .serviceUnavailable)
        answer.headers.add(name: "Retry-After", value: "1")
        return answer
    }()
}
