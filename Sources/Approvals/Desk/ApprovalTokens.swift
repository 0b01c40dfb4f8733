import CoreTypes
import Persistence

/// What the buttons and links of a prompt carry; nothing of it is kept.
///
/// A token is the number of the copy (36 bits), the answer that it stands for (4), and a code over both and over what
/// was shown (80), as 20 characters: the shortest limit of any platform.
struct ApprovalTokens: Sendable {
    /// What a token says that it stands for; true only if its code is.
    struct Claim: Sendable {
        let number: Int64
        /// The position of the option of a button; nil for a link, whose page asks.
        let option: Int?
        fileprivate let code: ArraySlice<UInt8>
    }

    /// A link that is found years later shows nobody any more what was decided.
    static let lifetimeAfterEnd = Duration.seconds(90 * 24 * 3600)

    private static let purpose = "approval-token"
    private static let headBytes = 5
    private static let codeBytes = 10

    private let sealer: Sealer

    init(sealer: Sealer) {
        self.sealer = sealer
    }

    /// The token of a copy: the same every time.
    /// - Parameter option: the position of a button's option; nil for a link.
    func token(for prompt: ApprovalPrompt, option: Int?, operationHash: String, workspace: WorkspaceID) -> String {
        let slot = option.map { $0 + 1 } ?? 0
        let head = UInt64(prompt.number) << 4 | UInt64(slot)
        let bytes = (0..<Self.headBytes).reversed().map { UInt8(truncatingIfNeeded: head >> (UInt64($0) * 8)) }
        let words = Self.words(prompt.id, slot, operationHash, workspace)
        let code = sealer.codes(for: words, purpose: Self.purpose).first ?? []
        return Self.text(bytes + code.prefix(Self.codeBytes))
    }

    /// Reads a token; nil where it cannot be one of these.
    func read(_ token: String) -> Claim? {
        guard let bytes = Self.bytes(token) else { return nil }
        let head = bytes.prefix(Self.headBytes).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let slot = Int(head & 15)
        return Claim(
            number: Int64(head >> 4),
            option: slot == 0 ? nil : slot - 1,
            code: bytes.dropFirst(Self.headBytes)
        )
    }

    /// Whether a token was made for this copy and for what has this hash, with any of the keys.
    func isMade(_ claim: Claim, for prompt: ApprovalPrompt, operationHash: String, workspace: WorkspaceID) -> Bool {
        let words = Self.words(prompt.id, claim.option.map { $0 + 1 } ?? 0, operationHash, workspace)
        return sealer.codes(for: words, purpose: Self.purpose).reduce(false) { found, code in
            constantTimeEquals(Array(code.prefix(Self.codeBytes)), Array(claim.code)) || found
        }
    }

    private static func words(_ prompt: String, _ slot: Int, _ hash: String, _ workspace: WorkspaceID) -> [String] {
        [workspace.rawValue, prompt, String(slot), hash]
    }

    // MARK: base64url (RFC 4648, section 5), without its padding: fifteen bytes need none

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func text(_ bytes: [UInt8]) -> String {
        var characters: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<start + 3].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            for shift in [18, 12, 6, 0] as [UInt32] { characters.append(alphabet[Int(group >> shift & 63)]) }
        }
        return String(decoding: characters, as: UTF8.self)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let values = text.utf8.map { alphabet.firstIndex(of: $0) }
        guard values.count * 3 == (headBytes + codeBytes) * 4 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: values.count, by: 4) {
            var group: UInt32 = 0
            for value in values[start..<start + 4] {
                guard let value else { return nil }
                group = group << 6 | UInt32(value)
            }
            for shift in [16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
        }
        return bytes
    }
}
