import CoreTypes
import Transport

extension EmulatorResponse {
    /// An answer that is one JSON value.
    static func json(_ value: JSONValue, status: Int = 200, headers: [(String, String)] = []) -> EmulatorResponse {
        .answer(status: status, headers: [("content-type", "application/json")] + headers, body: value.bytes)
    }

    /// An answer without a body.
    static func empty(_ status: Int, headers: [(String, String)] = []) -> EmulatorResponse {
        .answer(status: status, headers: headers, body: [])
    }

    /// The same answer with further headers.
    func adding(_ more: [(String, String)]) -> EmulatorResponse {
        guard case .answer(let status, let headers, let body) = self else { return self }
        return .answer(status: status, headers: headers + more, body: body)
    }
}

extension EmulatorRequest {
    /// The query's fields, decoded.
    var parameters: [(String, String)] { (try? parseFormURLEncoded(Array(query.utf8))) ?? [] }

    /// The first value of a field of the query.
    func parameter(_ name: String) -> String? { parameters.first { $0.0 == name }?.1 }

    /// The body's fields, where it is a form.
    var form: [(String, String)] {
        guard header("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true else { return [] }
        return (try? parseFormURLEncoded(body)) ?? []
    }

    /// The body, where it is JSON.
    var json: JSONValue? { try? JSONValue(parsing: body) }

    /// The path between its slashes.
    var segments: [String] { path.split(separator: "/").map(String.init) }

    /// The parts of a body of the `multipart` kind, each with the name that it is given and its content.
    var parts: [(name: String, content: [UInt8])] {
        guard let type = header("content-type"), let mark = type.firstRange(of: "boundary=") else { return [] }
        let boundary = Array("--\(type[mark.upperBound...])".utf8)
        var parts: [(String, [UInt8])] = []
        var rest = body[...]
        guard let first = rest.firstRange(of: boundary) else { return [] }
        rest = rest[first.upperBound...]
        while let next = rest.firstRange(of: boundary) {
            // A line end before the head, one before the next boundary.
            let part = rest[rest.startIndex..<next.lowerBound].dropFirst(2).dropLast(2)
            if let blank = part.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: part[..<blank.lowerBound], as: UTF8.self)
                let name = head.firstRange(of: "name=\"").map { head[$0.upperBound...].prefix { $0 != "\"" } } ?? ""
                parts.append((String(name), Array(part[blank.upperBound...])))
            }
            rest = rest[next.upperBound...]
        }
        return parts
    }
}
