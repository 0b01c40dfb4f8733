import Channels
import CoreTypes
import HTTPTypes
import Hummingbird
import Logging

/// Answers the platforms' requests: verify, store, acknowledge, in that order and nothing else.
///
/// This is the path that has to keep up with a platform's busiest minute, so it stands in front of the router and all
/// of its middlewares, and an accepted request writes no log line.
struct AdapterResponder: Sendable {
    let intake: any Intake
    let bodyReader: BodyReader
    /// What the bodies of all requests that are not answered yet may hold.
    let budget: ByteBudget
    let time: any TimeSource

    /// Answers one request of a platform.
    func respond(to request: Request, at endpoint: AdapterEndpoint, context: GatewayContext) async -> Response {
        let start = ContinuousClock.now
        let response = await answer(request, endpoint, context)
        endpoint.metrics.record(status: response.status.code, since: start)
        return response
    }

    private func answer(_ request: Request, _ endpoint: AdapterEndpoint, _ context: GatewayContext) async -> Response {
        let head = head(of: request, route: endpoint.route.path)
        if let channel = endpoint.adapter as? any ScreeningChannel {
            do throws(RequestRefusal) {
                try channel.screen(head)
            } catch {
                report(error, endpoint, context)
                return Response(status: Self.status(error.status)).closing(context.channel)
            }
        }
        var held = 0
        defer { budget.giveBack(held) }
        let body: [UInt8]
        do {
            body = try await bodyReader.read(request, upTo: endpoint.route.maximumBodyBytes) { count in
                guard budget.take(count) else { throw HTTPFailure.overloaded }
                held += count
            }
        } catch let failure as HTTPFailure {
            return Response(status: failure.status, headers: failure.headers).closing(context.channel)
        } catch {
            return Response(status: .badRequest).closing(context.channel)
        }
        let raw = RawRequest(head, body: body)
        let reception: Reception
        do throws(RequestRefusal) {
            reception = try endpoint.adapter.receive(try endpoint.adapter.verify(raw))
        } catch {
            report(error, endpoint, context)
            return Response(status: Self.status(error.status))
        }
        if !reception.entries.isEmpty {
            do {
                try await intake.append(
                    reception.entries,
                    platform: endpoint.adapter.platform,
                    receivedAt: raw.receivedAt
                )
            } catch {
                report(error, endpoint, context)
                return Response(status: .serviceUnavailable, headers: [.retryAfter: "1"])
            }
        }
        return Response(reception.acknowledgement)
    }

    private func head(of request: Request, route: String) -> RawRequest {
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(request.headers.count + 1)
        for field in request.headers { headers.append((field.name.canonicalName, field.value)) }
        if let authority = request.head.authority { headers.append(("host", authority)) }
        return RawRequest(
            method: request.method.rawValue,
            route: route,
            query: request.uri.query ?? "",
            headers: headers,
            body: [],
            receivedAt: time.now()
        )
    }

    private func report(_ refusal: RequestRefusal, _ endpoint: AdapterEndpoint, _ context: GatewayContext) {
        guard let suppressed = endpoint.refusals.admit(at: time.now()) else { return }
        context.logger.warning(
            "A platform request was refused",
            metadata: [
                "platform": .string(endpoint.adapter.platform), "route": .string(endpoint.route.path),
                "code": .string(refusal.code), "reason": .string(refusal.description),
                "suppressed": .stringConvertible(suppressed),
            ]
        )
    }

    private func report(_ error: any Error, _ endpoint: AdapterEndpoint, _ context: GatewayContext) {
        guard let suppressed = endpoint.failures.admit(at: time.now()) else { return }
        let failure = HTTPFailure(error)
        context.logger.error(
            "A platform request could not be stored; the platform will send it again",
            metadata: [
                "platform": .string(endpoint.adapter.platform), "route": .string(endpoint.route.path),
                "code": .string(failure.code), "reason": .string(failure.description),
                "suppressed": .stringConvertible(suppressed),
            ]
        )
    }

    private static func status(_ code: Int) -> HTTPResponse.Status {
        (400...599).contains(code) ? .init(code: code) : .badRequest
    }
}

extension Response {
    /// The answer that an adapter chose; header names that HTTP does not allow are left out.
    init(_ acknowledgement: Acknowledgement) {
        var headers = HTTPFields()
        headers[.contentType] = acknowledgement.contentType
        for header in acknowledgement.headers {
            guard let name = HTTPField.Name(header.name) else { continue }
            headers.append(HTTPField(name: name, value: header.value))
        }
        let status = (200...599).contains(acknowledgement.status) ? acknowledgement.status : 200
        let body = acknowledgement.body
        self.init(
            status: .init(code: status),
            headers: headers,
            body: body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
