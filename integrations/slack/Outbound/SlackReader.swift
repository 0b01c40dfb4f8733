import Channels
import CoreTypes

/// Reads what was written in a thread or a channel: to find a message of ours again, and for what people said.
struct SlackReader: Sendable {
    /// How much earlier than the send a message may be dated: the two clocks may differ.
    private static let clockAllowance: Duration = .seconds(300)
    /// The most pages that are read of a thread or a channel, and what a page holds.
    private static let maximumPages = 10
    private static let pageSize = 200

    let api: SlackAPI
    let credentials: SlackCredentials
    let people: SlackPeople

    /// Whether a message of ours is there; of threads and channels the newest pages are read.
    /// - Parameter isAnswer: whether it may be in the person's own channel instead, where answers go that a direct
    ///   conversation did not take.
    func reconcile(key: String, at address: Address, sentAfter: Timestamp, isAnswer: Bool) async -> Reconciliation {
        do throws(SlackFailure) {
            let token = try await credentials.credential(for: address.workspace).token
            let place = try await place(of: address, token: token)
            guard isAnswer, let person = address.person, person != address.channel else {
                return try await find(key, in: place, sentAfter: sentAfter, of: address, token)
            }
            let answer: Reconciliation
            do throws(SlackFailure) {
                answer = try await find(key, in: place, sentAfter: sentAfter, of: address, token)
            } catch {
                // What takes no answer often cannot be read either.
                guard error.isAboutPlace else { throw error }
                answer = .impossible(error.description)
            }
            if case .sent = answer { return answer }
            let own = try await direct(person, token: token)
            guard own != place else { return answer }
            let elsewhere = try await find(key, in: own, sentAfter: sentAfter, of: address, token)
            if case .notSent = elsewhere { return answer }
            return elsewhere
        } catch {
            switch error.kind {
            case .rateLimited(let wait): return .undecided(retryAfter: wait)
            case .transient, .unknown: return .undecided(retryAfter: .seconds(30))
            case .authentication:
                return error.code == "missing_scope"
                    ? .impossible(error.description) : .undecided(retryAfter: .seconds(300))
            case .permanent: return .impossible(error.description)
            }
        }
    }

    private func find(
        _ key: String,
        in place: Place,
        sentAfter: Timestamp,
        of address: Address,
        _ token: Secret
    ) async throws(SlackFailure) -> Reconciliation {
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            let reply = try await read(
                place,
                token: token,
                cursor: cursor,
                oldest: Self.slackTime(sentAfter - Self.clockAllowance),
                includesMetadata: true
            )
            for message in reply.body["messages"]?.array ?? [] {
                guard message["metadata"]?["event_type"]?.string == SlackAdapter.metadataType,
                    message["metadata"]?["event_payload"]?["key"]?.string == key,
                    let ts = message["ts"]?.string
                else { continue }
                return .sent(messageID: SlackMessageID(ts: ts, channel: place.channel).text(in: address.channel))
            }
            cursor = reply.nextCursor
            if cursor == nil { return .notSent }
        }
        return .impossible("Too much was written since: the message was not among the newest ones.")
    }

    /// What people wrote in a thread, oldest first: its opening and the newest of the rest.
    func history(
        of address: Address,
        before message: String?,
        limit: Int
    ) async throws(SlackFailure) -> [HistoryMessage] {
        // Nothing in a thread is older than the message that opens it.
        guard let thread = address.thread, thread != message, limit > 0 else { return [] }
        let credential = try await credentials.credential(for: address.workspace)
        let place = try await place(of: address, token: credential.token)
        var messages: [JSONValue] = []
        var cursor: String?
        for _ in 0..<Self.maximumPages {
            let reply = try await read(
                place,
                token: credential.token,
                cursor: cursor,
                latest: message,
                includesMetadata: false
            )
            // A thread's first message comes whatever is asked for.
            messages += (reply.body["messages"]?.array ?? []).filter {
                !Self.isOurs($0, credential) && Self.isOlder($0["ts"]?.string ?? "", than: message)
            }
            cursor = reply.nextCursor
            if cursor == nil { break }
        }
        // The first message says what the thread is about; of the others the newest count.
        let kept = messages.count <= limit ? messages[...] : messages.prefix(1) + messages.suffix(limit - 1)
        var history: [HistoryMessage] = []
        for message in kept {
            let text = SlackMessageContent(message, without: credential.botUserID).markdown
            guard !text.isEmpty else { continue }
            let author = await people.name(of: message, workspace: address.workspace, token: credential.token)
            history.append(HistoryMessage(author: author, text: text))
        }
        return history
    }

    /// A thread, or a channel.
    private struct Place: Equatable {
        let channel: String
        let thread: String?
    }

    /// Where an address's messages are; one that names a person has to be looked up.
    private func place(of address: Address, token: Secret) async throws(SlackFailure) -> Place {
        if let thread = address.thread {
            let id = SlackMessageID(thread, channel: address.channel)
            return Place(channel: id.channel, thread: id.ts)
        }
        guard address.channel.hasPrefix("U") || address.channel.hasPrefix("W") else {
            return Place(channel: address.channel, thread: nil)
        }
        return try await direct(address.channel, token: token)
    }

    /// The channel of our conversation with a person.
    private func direct(_ person: String, token: Secret) async throws(SlackFailure) -> Place {
        let reply = try await api.call("conversations.open", token: token, fields: ["users": person])
        return Place(channel: reply.body["channel"]?["id"]?.string ?? person, thread: nil)
    }

    private func read(
        _ place: Place,
        token: Secret,
        cursor: String?,
        oldest: String? = nil,
        latest: String? = nil,
        includesMetadata: Bool
    ) async throws(SlackFailure) -> SlackAPI.Reply {
        try await api.call(
            place.thread == nil ? "conversations.history" : "conversations.replies",
            token: token,
            fields: [
                "channel": place.channel,
                "ts": place.thread,
                "limit": String(Self.pageSize),
                "cursor": cursor,
                "oldest": oldest,
                "latest": latest,
                "include_all_metadata": includesMetadata ? "true" : nil,
            ]
        )
    }

    /// Whether a timestamp is older than another one; the same number of digits stands behind every point.
    private static func isOlder(_ ts: String, than other: String?) -> Bool {
        guard let other else { return true }
        return ts.utf8.count == other.utf8.count ? ts < other : ts.utf8.count < other.utf8.count
    }

    private static func isOurs(_ message: JSONValue, _ credential: SlackCredentials.Credential) -> Bool {
        if let user = message["user"]?.string, user == credential.botUserID { return true }
        guard let app = credential.appID, !app.isEmpty else { return false }
        return message["app_id"]?.string == app || message["bot_profile"]?["app_id"]?.string == app
    }

    /// A moment as Slack's timestamps count it: seconds with six decimals.
    private static func slackTime(_ moment: Timestamp) -> String {
        let milliseconds = max(0, moment.rawValue)
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return "\(milliseconds / 1000).\(fraction)000"
    }
}
