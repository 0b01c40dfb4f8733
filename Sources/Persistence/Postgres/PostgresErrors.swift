import CPostgres

extension DatabaseError.Code {
    /// Sorts a server's error by its five letters (PostgreSQL manual, appendix A).
    init(sqlState: String) {
        switch sqlState {
        case "40001", "40P01": self = .serialization
        case "23505": self = .uniqueViolation
        case "55P03": self = .locked
        case "57014", "25P03": self = .timeout
        // Too many connections, shut down, crashed, starting up, or a standby after a failover.
        case "53300", "57P01", "57P02", "57P03", "57P05", "25006": self = .connection
        default:
            switch sqlState.prefix(2) {
            case "08": self = .connection
            case "22", "23": self = .constraint
            case "42": self = .syntax
            case "53": self = .full
            default: self = .other
            }
        }
    }
}

extension DatabaseError {
    /// Describes a failed statement without its values: the server's own text is kept only where it can hold none.
    init(_ result: PostgresResult, isConnectionLost: Bool) {
        guard let state = result.errorField("C") else {
            self.init(
                isConnectionLost ? .connection : .other,
                isConnectionLost ? "The connection to Postgres was lost." : "libpq gave an answer without a reason."
            )
            return
        }
        let reason = Code(sqlState: state)
        if state == "53100" {
            self.init(.full, Self.noRoom)
            return
        }
        var description = "Postgres refused the statement (SQLSTATE \(state)"
        if let constraint = result.errorField("n") { description += ", constraint \(constraint)" }
        if let table = result.errorField("t") { description += ", table \(table)" }
        if let column = result.errorField("c") { description += ", column \(column)" }
        description += ")"
        if reason == .syntax || reason == .connection, let message = result.errorField("M") {
            description += ": \(message)"
        }
        self.init(reason, description + ".")
    }

    /// Describes a connection that could not be made.
    ///
    /// libpq quotes what it took for the host, and a password with unescaped `@` or `/` ends up there; so the text is
    /// kept only where the server itself has spoken or the reason is a known one.
    init(connecting message: String) {
        var reason = Code.connection
        let hint: String
        if let range = message.firstRange(of: "FATAL:") {
            hint = message[range.upperBound...].split(separator: "\n").first.map(String.init)?.trimmedSpaces ?? ""
        } else if let parameter = Self.parameterOfUnknownValue(in: message) {
            reason = .other
            hint = "it does not know the value of \(parameter) in DATABASE_URL; \(Self.percentEncoding)"
        } else if message.contains("root certificate file") {
            reason = .other
            hint = "the file of sslrootcert, with which its certificate is checked, is missing or cannot be read"
        } else if message.contains("Connection refused") || message.contains("No such file or directory") {
            // A name that could be resolved is no piece of a password.
            hint = "nobody listens " + (Self.place(in: message).map { "at \($0)" } ?? "there")
        } else if message.contains("timeout expired") || message.contains("timed out") {
            hint = "no answer in time"
        } else if message.contains("translate host name") {
            hint = "the host name cannot be resolved; \(Self.percentEncoding)"
        } else if message.contains("SSL") {
            hint = "the TLS handshake failed"
        } else if message.contains("password") {
            hint = "a password is needed"
        } else {
            hint = "the connection broke off"
        }
        self.init(reason, "Cannot connect to Postgres: \(hint).")
    }

    /// Where libpq knocked last, as it says: `connection to server at "localhost" (127.0.0.1), port 5432 failed`, or
    /// `connection to server on socket "/tmp/.s.PGSQL.5432" failed`.
    private static func place(in message: String) -> String? {
        guard let line = message.split(separator: "\n").last(where: { $0.contains("connection to server ") }) else {
            return nil
        }
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        guard let port = parts[2].firstRange(of: ", port ") else { return String(parts[1]) }
        return "\(parts[1]):\(parts[2][port.upperBound...].prefix { $0.isNumber })"
    }
}

extension String {
    fileprivate var trimmedSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " || $0 == "." }.reversed())
    }
}
