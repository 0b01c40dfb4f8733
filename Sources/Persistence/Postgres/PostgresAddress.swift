import CPostgres
import CoreTypes

extension DatabaseError {
    /// What a password with `@` or `/` needs.
    static let percentEncoding = "special characters in a password must be percent-encoded"

    /// Why libpq cannot read an address; nil where it can, which needs no network.
    ///
    /// libpq quotes what it could not read, and that may be a piece of the password.
    init?(unreadable url: Secret) {
        var message: UnsafeMutablePointer<CChar>?
        if let options = PQconninfoParse(url.reveal(), &message) {
            PQconninfoFree(options)
            return nil
        }
        let text = message.map { String(cString: $0) } ?? ""
        if let message { PQfreemem(message) }
        if let name = Self.unknownParameter(in: text, of: url.reveal()) {
            self.init(
                .other,
                "DATABASE_URL has a parameter that Postgres does not know: \(name). Take it away, or correct it."
            )
        } else {
            self.init(
                .other,
                "DATABASE_URL is no address that Postgres understands, such as "
                    + "postgres://user:password@host/name?sslmode=require; \(Self.percentEncoding)."
            )
        }
    }

    private static func unknownParameter(in message: String, of url: String) -> String? {
        // Where an `@` follows, the question mark may be a password's.
        guard let query = url.firstIndex(of: "?"), !url[query...].contains(where: { $0 == "@" }),
            let range = message.firstRange(of: "invalid URI query parameter: \"")
        else { return nil }
        let name = message[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        return name.isEmpty ? nil : String(name)
    }

    /// The parameter whose value libpq does not know, as it says: `invalid sslmode value: "x"`,
    /// `invalid integer value "x" for connection option "port"` or `invalid port number: "x"`.
    static func parameterOfUnknownValue(in message: String) -> String? {
        let quoted = "for connection option \""
        if message.contains("invalid integer value"), let range = message.firstRange(of: quoted) {
            return String(message[range.upperBound...].prefix { $0 != "\"" })
        }
        guard message.hasPrefix("invalid ") else { return nil }
        let name = message.dropFirst("invalid ".count).prefix { $0 != " " }
        let rest = message.dropFirst("invalid ".count + name.count)
        return rest.hasPrefix(" value: ") || rest.hasPrefix(" number: ") ? String(name) : nil
    }
}
