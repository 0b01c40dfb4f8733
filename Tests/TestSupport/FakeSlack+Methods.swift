import CoreTypes

extension FakeSlack {
    /// Carries out a method.
    func answer(to method: String, _ arguments: JSONValue, token: String?) -> JSONValue {
        if method == "oauth.v2.access" { return exchange(arguments) }
        guard let token else { return Self.error("not_authed") }
        guard let workspace = workspaces[token] else { return Self.error("invalid_auth") }
        switch method {
        case "auth.test":
            return .record([
                "ok": true, "team_id": .string(workspace.team), "team": .string(workspace.name),
                "user_id": .string(workspace.botUser), "user": "aragora",
                "url": "https://test-workspace.slack.com/",
                "enterprise_id": workspace.enterprise.map { .string($0) },
                "is_enterprise_install": .bool(!workspace.teams.isEmpty),
            ])
        case "auth.teams.list":
            return ["ok": true, "teams": .array(workspace.teams.map { ["id": .string($0)] })]
        case "chat.postMessage": return post(arguments, workspace)
        case "chat.update": return update(arguments, workspace)
        case "chat.postEphemeral": return postEphemeral(arguments, workspace)
        case "views.open", "views.update": return open(arguments)
        case "conversations.history", "conversations.replies": return read(method, arguments)
        case "conversations.join":
            guard let channel = arguments["channel"]?.string, !missingChannels.contains(channel) else {
                return Self.error("channel_not_found")
            }
            guard channel.hasPrefix("C") else { return Self.error("method_not_supported_for_channel_type") }
            let isNew = joinedChannels.insert(channel).inserted
            return .record([
                "ok": true, "channel": ["id": .string(channel)], "warning": isNew ? nil : "already_in_channel",
            ])
        case "conversations.open":
            return ["ok": true, "channel": ["id": .string("D\(arguments["users"]?.string?.dropFirst() ?? "")")]]
        case "users.info":
            guard let id = arguments["user"]?.string, let name = names[id] else { return Self.error("user_not_found") }
            return [
                "ok": true,
                "user": [
                    "id": .string(id), "name": .string(name.lowercased()), "profile": ["display_name": .string(name)],
                ],
            ]
        default: return Self.error("unknown_method")
        }
    }

    private func post(_ arguments: JSONValue, _ workspace: Workspace) -> JSONValue {
        guard let named = arguments["channel"]?.string, !named.isEmpty, !missingChannels.contains(named) else {
            return Self.error("channel_not_found")
        }
        if let error = FakeSlackLimits.violation(in: arguments) { return Self.error(error) }
        // A message to a person comes out in the direct channel with them.
        let channel = named.hasPrefix("U") ? "D\(named.dropFirst())" : named
        let message = FakeSlackMessage(
            channel: channel,
            ts: nextTimestamp(),
            thread: arguments["thread_ts"]?.string,
            user: workspace.botUser,
            app: workspace.app,
            text: arguments["text"]?.string ?? "",
            blocks: arguments["blocks"]?.array ?? [],
            metadata: arguments["metadata"]
        )
        messageList.append(message)
        return [
            "ok": true, "channel": .string(channel), "ts": .string(message.ts),
            "message": message.json(includesMetadata: true),
        ]
    }

    private func update(_ arguments: JSONValue, _ workspace: Workspace) -> JSONValue {
        if let error = FakeSlackLimits.violation(in: arguments) { return Self.error(error) }
        let position = messageList.firstIndex {
            $0.channel == arguments["channel"]?.string && $0.ts == arguments["ts"]?.string
        }
        guard let position else { return Self.error("message_not_found") }
        guard messageList[position].user == workspace.botUser else { return Self.error("cant_update_message") }
        messageList[position].text = arguments["text"]?.string ?? ""
        messageList[position].blocks = arguments["blocks"]?.array ?? []
        messageList[position].edits += 1
        return ["ok": true, "channel": .string(messageList[position].channel), "ts": .string(messageList[position].ts)]
    }

    private func postEphemeral(_ arguments: JSONValue, _ workspace: Workspace) -> JSONValue {
        guard let channel = arguments["channel"]?.string, !missingChannels.contains(channel) else {
            return Self.error("channel_not_found")
        }
        guard let person = arguments["user"]?.string else { return Self.error("user_not_in_channel") }
        if let error = FakeSlackLimits.violation(in: arguments) { return Self.error(error) }
        let message = FakeSlackMessage(
            channel: channel,
            ts: nextTimestamp(),
            thread: arguments["thread_ts"]?.string,
            user: workspace.botUser,
            app: workspace.app,
            text: arguments["text"]?.string ?? "",
            blocks: arguments["blocks"]?.array ?? [],
            visibleTo: person
        )
        keep(message)
        return ["ok": true, "message_ts": .string(message.ts)]
    }

    private func open(_ arguments: JSONValue) -> JSONValue {
        guard let trigger = arguments["trigger_id"]?.string, !trigger.isEmpty else {
            return Self.error("invalid_trigger_id")
        }
        guard usedTriggers.insert(trigger).inserted else { return Self.error("exchanged_trigger_id") }
        guard let view = arguments["view"], view["type"]?.string == "modal",
            view["title"]?["text"]?.string.map({ $0.utf16.count <= 24 }) == true,
            view["private_metadata"]?.string.map({ $0.utf16.count <= 3000 }) ?? true,
            let blocks = view["blocks"]?.array, !blocks.isEmpty, blocks.count <= 100
        else { return Self.error("invalid_arguments") }
        for block in blocks where block["element"]?["options"]?.array?.isEmpty == true {
            return Self.error("invalid_arguments")
        }
        var opened = view
        opened["id"] = .string("V\(viewList.count + 1)")
        opened["hash"] = .string("hash-\(viewList.count + 1)")
        viewList.append(opened)
        return ["ok": true, "view": opened]
    }

    private func read(_ method: String, _ arguments: JSONValue) -> JSONValue {
        guard let channel = arguments["channel"]?.string, !missingChannels.contains(channel) else {
            return Self.error("channel_not_found")
        }
        var found = messageList.filter { $0.channel == channel && $0.visibleTo == nil }
        if method == "conversations.replies" {
            guard let root = arguments["ts"]?.string else { return Self.error("invalid_arguments") }
            found = found.filter { $0.ts == root || $0.thread == root }
            guard !found.isEmpty else { return Self.error("thread_not_found") }
        } else {
            // Newest first, and without what stands in threads.
            found = found.filter { $0.thread == nil || $0.thread == $0.ts }.reversed()
        }
        // A thread's first message comes whatever is asked for.
        let root = arguments["ts"]?.string
        if let oldest = arguments["oldest"]?.string.flatMap({ Double($0) }) {
            found = found.filter { Double($0.ts) ?? 0 > oldest || $0.ts == root }
        }
        if let latest = arguments["latest"]?.string.flatMap({ Double($0) }) {
            found = found.filter { Double($0.ts) ?? 0 < latest || $0.ts == root }
        }
        let limit = arguments["limit"]?.string.flatMap { Int($0) } ?? 100
        let start = arguments["cursor"]?.string.flatMap { Int($0) } ?? 0
        let page = found.dropFirst(start).prefix(limit)
        let hasMore = start + page.count < found.count
        let includesMetadata = arguments["include_all_metadata"]?.string == "true"
        return [
            "ok": true,
            "messages": .array(page.map { $0.json(includesMetadata: includesMetadata) }),
            "has_more": .bool(hasMore),
            "response_metadata": ["next_cursor": .string(hasMore ? String(start + page.count) : "")],
        ]
    }

    /// Every code and every refresh token works once.
    private func exchange(_ arguments: JSONValue) -> JSONValue {
        if let refresh = arguments["refresh_token"]?.string {
            return grants.removeValue(forKey: refresh) ?? Self.error("invalid_refresh_token")
        }
        return grants.removeValue(forKey: arguments["code"]?.string ?? "") ?? Self.error("invalid_code")
    }

    private static func error(_ code: String) -> JSONValue { ["ok": false, "error": .string(code)] }
}

/// Slack's documented limits of a message, held to without any knowledge of the product's own table.
enum FakeSlackLimits {
    /// The error that Slack would answer with, or nil.
    static func violation(in message: JSONValue) -> String? {
        let text = message["text"]?.string ?? ""
        guard text.utf16.count <= 40_000 else { return "msg_too_long" }
        guard let blocks = message["blocks"]?.array, !blocks.isEmpty else { return text.isEmpty ? "no_text" : nil }
        guard blocks.count <= 50 else { return "invalid_blocks" }
        guard JSONValue.array(blocks).text.utf16.count <= 13_200 else { return "msg_blocks_too_long" }
        guard blocks.filter({ $0["type"]?.string == "table" }).count <= 1 else { return "invalid_attachments" }
        return blocks.allSatisfy(isValid) ? nil : "invalid_blocks"
    }

    private static func isValid(_ block: JSONValue) -> Bool {
        func text(_ value: JSONValue?, _ limit: Int) -> Bool {
            guard let text = value?["text"]?.string else { return false }
            return !text.isEmpty && text.utf16.count <= limit
        }
        switch block["type"]?.string {
        case "header": return text(block["text"], 150) && block["text"]?["type"]?.string == "plain_text"
        case "section":
            let fields = block["fields"]?.array ?? []
            guard fields.count <= 10, fields.allSatisfy({ text($0, 2000) }) else { return false }
            return !fields.isEmpty || text(block["text"], 3000)
        case "context":
            let elements = block["elements"]?.array ?? []
            return !elements.isEmpty && elements.count <= 10 && elements.allSatisfy { text($0, 3000) }
        case "actions":
            let elements = block["elements"]?.array ?? []
            let ids = Set(elements.compactMap { $0["action_id"]?.string })
            return !elements.isEmpty && elements.count <= 25 && ids.count == elements.count
                && elements.allSatisfy { text($0["text"], 75) && ($0["value"]?.string?.utf16.count ?? 0) <= 2000 }
        case "divider": return true
        case "rich_text": return !(block["elements"]?.array ?? []).isEmpty
        case "table":
            let rows = block["rows"]?.array ?? []
            return (1...100).contains(rows.count) && rows.allSatisfy { (1...20).contains($0.array?.count ?? 0) }
        default: return false
        }
    }
}
