package import CoreTypes
import Crypto

/// One way of a person to a platform and back.
package struct OAuthState: Sendable {
    /// What goes with the person, as `state`.
    package let text: Secret
    /// What it is about, such as a workspace; whoever holds the text can read it.
    package let subject: String
    /// What only this installation can find out of the text: the PKCE verifier (RFC 7636, 4.1).
    package let verifier: Secret
}

/// The `state` values of OAuth round trips: signed with the encryption keys, and good for one use.
///
/// Whoever only begins writes nothing, however often; a row of the table `oauth_states` marks a state as used. A state
/// is an id of its own, the moment of its end, its subject and the code of them, with points between.
package struct OAuthStateStore: Sendable {
    private static let purpose = "oauth-state"
    private static let verifierPurpose = "oauth-verifier"
    /// A used state is remembered for so long after its end, because clocks of several processes differ.
    private static let memory = Duration.seconds(3600)

    private let sealer: Sealer
    private let identifiers: any IdentifierSource

    /// Makes the store.
    package init(sealer: Sealer, identifiers: any IdentifierSource = RandomIdentifiers()) {
        self.sealer = sealer
        self.identifiers = identifiers
    }

    /// Makes a state.
    /// - Parameter subject: what is needed when the person comes back.
    package func issue(platform: String, subject: String = "", expiresAt: Timestamp) -> OAuthState {
        let claims = [identifiers.next(), String(expiresAt.rawValue), hexadecimal(subject.utf8)]
        let code = sealer.code(for: [platform] + claims, purpose: Self.purpose)
        return OAuthState(
            text: Secret((claims + [code]).joined(separator: ".")),
            subject: subject,
            verifier: verifier(for: [platform] + claims, key: 0)
        )
    }

    /// Takes a state back; nobody can use it again.
    /// - Returns: nil where it is not ours, used, expired or of another platform.
    /// - Throws: `DatabaseError`.
    package func consume(
        _ text: String,
        platform: String,
        now: Timestamp,
        in transaction: borrowing Transaction
    ) throws -> OAuthState? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 4, let code = hexadecimalBytes(parts[3]) else { return nil }
        let claims = Array(parts.dropLast())
        let words = [platform] + claims
        let codes = sealer.codes(for: words, purpose: Self.purpose)
        guard let key = codes.firstIndex(where: { constantTimeEquals($0, code) }),
            let end = Int64(claims[1]), let subject = hexadecimalBytes(claims[2])
        else { return nil }
        let expiresAt = Timestamp(rawValue: end)
        guard expiresAt > now else { return nil }
        let hash = hexadecimal(SHA256.hash(data: Array(text.utf8)))
        let marked = try transaction.execute(
            """
            insert into oauth_states (state_hash, platform, expires_at)
            values (\(hash), \(platform), \(expiresAt + Self.memory)) on conflict do nothing
            """
        )
        guard marked == 1 else { return nil }
        return OAuthState(
            text: Secret(text),
            subject: String(decoding: subject, as: UTF8.self),
            verifier: verifier(for: words, key: key)
        )
    }

    /// Forgets the used ones that have ended.
    /// - Returns: how many.
    /// - Throws: `DatabaseError`.
    @discardableResult
    package static func prune(now: Timestamp, in transaction: borrowing Transaction) throws -> Int {
        try transaction.execute("delete from oauth_states where expires_at <= \(now)")
    }

    /// 64 characters of which 256 bits cannot be guessed, made with the key that signed the state.
    private func verifier(for words: [String], key: Int) -> Secret {
        let halves = ["1", "2"].map { half in
            hexadecimal(sealer.codes(for: words + [half], purpose: Self.verifierPurpose)[key])
        }
        return Secret(halves.joined())
    }
}
