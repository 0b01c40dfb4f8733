import CoreTypes
import Hummingbird

extension HTTPFailure {
    /// What a body is told that another reader would read differently.
    init(_ loss: JSONLoss) {
        let name = loss.path.prefix(200)
        self =
            switch loss.kind {
            case .repeatedKey: .invalid("`\(name)` stands there more than once, and only one can count. Send one.")
            case .loneSurrogate:
                .invalid("`\(name)` holds half of a character (a surrogate without the other one). Leave it out.")
            }
    }
}

/// NUL characters, which no database stores in a text: whoever sends one is told so where it comes in, and by which name.
extension HTTPFailure {
    fileprivate static func holdsNUL(_ name: String) -> HTTPFailure {
        .invalid("\(name) holds a NUL character (U+0000), which no text may hold. Leave it out.")
    }
}

extension JSONValue {
    /// Refuses a body in which a text or a name holds a NUL character.
    /// - Throws: `HTTPFailure` 400 that names the key, such as `metadata.note`.
    func refuseNUL() throws(HTTPFailure) {
        if let path = pathToNUL("") { throw .holdsNUL("`\(path.prefix(200))`") }
    }

    private func pathToNUL(_ path: String) -> String? {
        switch self {
        case .string(let text): return text.utf8.contains(0) ? path : nil
        case .array(let elements):
            return elements.lazy.compactMap { $0.pathToNUL(path) }.first
        case .object(let members):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                let readable = String(decoding: name.utf8.filter { $0 != 0 }, as: UTF8.self)
                let inner = path.isEmpty ? readable : "\(path).\(readable)"
                if name.utf8.contains(0) { return inner }
                if let found = value.pathToNUL(inner) { return found }
            }
            return nil
        case .null, .bool, .integer, .number: return nil
        }
    }
}

extension QueryParameters {
    /// Refuses a query or a form in which a name or a value holds a NUL character.
    /// - Throws: `HTTPFailure` 400 that names the key.
    func refuseNUL() throws(HTTPFailure) {
        for (name, value) in pairs where value.utf8.contains(0) || name.utf8.contains(0) {
            throw .holdsNUL("`\(String(decoding: name.utf8.filter { $0 != 0 }.prefix(200), as: UTF8.self))`")
        }
    }
}

/// Refuses addresses with a NUL character.
struct StorableAddressMiddleware: RouterMiddleware {
    func handle(_ request: Request, context: GatewayContext, next: Next) async throws -> Response {
        if Self.mayHoldNUL(request.uri.string) {
            try QueryParameters(request.uri.query).refuseNUL()
            throw HTTPFailure.holdsNUL("The address")
        }
        return try await next(request, context)
    }

    private static func mayHoldNUL(_ address: String) -> Bool {
        guard address.utf8.contains(UInt8(ascii: "%")) else { return false }
        return Array(address.utf8).firstRange(of: Array("%00".utf8)) != nil
    }
}
