import CoreTypes
import HTTPTypes
import Hummingbird
import Logging

/// Gives each request a name, which the answer carries: the sender's own where it is a sane one, else a new one.
struct RequestIDMiddleware: RouterMiddleware {
    let ids: any IdentifierSource

    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        var context = context
        let given = request.headers[.requestID].flatMap { Self.isSane($0) ? $0 : nil }
        context.requestID = given ?? ids.next()
        context.logger[metadataKey: "hb.request.id"] = .string(context.requestID)
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        return response
    }

    /// Short and of harmless characters: it goes into logs and headers as it is.
    private static func isSane(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
