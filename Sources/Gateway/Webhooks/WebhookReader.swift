import CoreTypes
import Subscriptions

/// Reads webhooks out of the bodies of requests; the names are those of the original and its public client.
struct WebhookReader: Sendable {
    /// What may be said of a webhook when it is made, and what may be changed.
    private static let keys: Set = [
        "url", "name", "description", "events", "channels", "tags", "payload", "ordered", "legacy_signature",
        "rate_limit", "concurrency", "notify", "headers", "active",
    ]
    private static let keysOfNew = keys.union(["event", "workspace", "workspace_id", "secret", "signature"])

    /// Refuses what nobody would look at: a misspelt filter would be none.
    /// - Throws: `HTTPFailure` 400 that names the key.
    func checkKeys(_ fields: JSONValue, isNew: Bool) throws(HTTPFailure) {
        let names = (fields.object ?? [:]).keys
        if !isNew, let name = names.sorted().first(where: { $0 == "secret" || $0 == "signature" }) {
            throw .invalid("`\(name)` cannot be changed here; POST /api/v1/webhooks/{id}/rotate takes it.")
        }
        try fields.refuseMembers(beside: isNew ? Self.keysOfNew : Self.keys, of: "a webhook")
        if isNew, let isActive = fields["active"], isActive != true {
            throw .invalid("A new webhook is active; pause it with POST /api/v1/webhooks/{id}/pause.")
        }
    }

    /// Reads `POST /webhooks`.
    /// - Throws: `HTTPFailure` 400 that names the key.
    func draft(_ fields: JSONValue, caller: Caller) throws(HTTPFailure) -> EndpointDraft {
        guard let url = fields["url"]?.string else { throw .invalid("`url` has to be text.") }
        let (named, original) = (try fields.textMember("workspace"), try fields.textMember("workspace_id"))
        let workspace = (named ?? original).map { WorkspaceID($0) }
        guard workspace?.rawValue.utf8.count ?? 1 <= 200 else { throw .invalid("`workspace` is too long.") }
        var draft = EndpointDraft(
            workspace: caller.workspace ?? workspace ?? .local,
            url: url,
            createdBy: caller.rawValue
        )
        draft.name = try fields.textMember("name") ?? ""
        draft.details = try fields.textMember("description") ?? ""
        draft.settings = try settings(fields, over: EndpointSettings())
        if fields["events"] == nil, let events = try texts(fields, "event") { draft.settings.events = events }
        draft.secret = try fields.textMember("secret").map { Secret($0) }
        if let word = try fields.textMember("signature") { draft.scheme = try scheme(word) }
        draft.headers = try headers(fields) ?? []
        return draft
    }

    /// The further headers of every request; nil where nothing is said of them.
    /// - Throws: `HTTPFailure` 400.
    func headers(_ fields: JSONValue) throws(HTTPFailure) -> [(name: String, value: String)]? {
        guard let value = fields["headers"] else { return nil }
        guard let members = value.object else { throw .invalid("`headers` has to be an object of texts.") }
        var headers: [(name: String, value: String)] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let value = value.string else { throw .invalid("`headers` has to be an object of texts.") }
            headers.append((name, value))
        }
        return headers
    }

    /// Changes an endpoint as `PATCH /webhooks/{id}` says.
    /// - Throws: `HTTPFailure` 400 that names the key.
    func change(_ endpoint: inout Endpoint, _ fields: JSONValue) throws(HTTPFailure) {
        if let url = try fields.textMember("url") { endpoint.url = url }
        if let name = try fields.textMember("name") { endpoint.name = name }
        if let details = try fields.textMember("description") { endpoint.details = details }
        endpoint.settings = try settings(fields, over: endpoint.settings)
        if let isActive = try flag(fields, "active") { endpoint.status = isActive ? .active : .paused }
    }

    /// Reads how a new secret signs.
    private func scheme(_ word: String) throws(HTTPFailure) -> WebhookSecret.Scheme {
        guard let scheme = WebhookSecret.Scheme(rawValue: word) else {
            throw .invalid("`signature` is v1 (HMAC-SHA256) or v1a (Ed25519).")
        }
        return scheme
    }

    /// Reads `POST /webhooks/{id}/rotate`.
    /// - Throws: `HTTPFailure` 400 that names the key.
    func rotation(_ fields: JSONValue) throws(HTTPFailure)
        -> (secret: Secret?, scheme: WebhookSecret.Scheme?, overlap: Duration)
    {
        try fields.refuseMembers(beside: ["overlap_seconds", "secret", "signature"], of: "a rotation")
        let secret = try fields.textMember("secret").map { Secret($0) }
        var scheme: WebhookSecret.Scheme?
        if let word = try fields.textMember("signature") { scheme = try self.scheme(word) }
        guard let overlap = fields["overlap_seconds"] else { return (secret, scheme, EndpointSecrets.overlap.usual) }
        guard let seconds = overlap.integer else { throw .invalid("`overlap_seconds` has to be a whole number.") }
        return (secret, scheme, .seconds(seconds))
    }

    private func settings(_ fields: JSONValue, over former: EndpointSettings) throws(HTTPFailure) -> EndpointSettings {
        var settings = former
        if let events = try texts(fields, "events") { settings.events = events }
        if let channels = try texts(fields, "channels") { settings.channels = channels }
        if let tags = try texts(fields, "tags") { settings.tags = tags }
        if let form = try fields.textMember("payload") {
            guard form == "thin" || form == "full" else { throw .invalid("`payload` is thin or full.") }
            settings.isThin = form == "thin"
        }
        if let isOrdered = try flag(fields, "ordered") { settings.isOrdered = isOrdered }
        if let isAdded = try flag(fields, "legacy_signature") { settings.addsLegacySignature = isAdded }
        if let concurrency = try number(fields, "concurrency") { settings.concurrency = concurrency }
        if let rate = try number(fields, "rate_limit") { settings.deliveriesPerSecond = rate == 0 ? nil : rate }
        if let notify = try fields.textMember("notify") {
            settings.notify = notify.isEmpty ? nil : notify
            // Where that is has to be found out anew.
            settings.notifyWorkspace = nil
        }
        return settings
    }

    /// A list of texts, or one text, with commas or without.
    private func texts(_ fields: JSONValue, _ name: String) throws(HTTPFailure) -> [String]? {
        guard let value = fields[name] else { return nil }
        if let text = value.string { return text.split(separator: ",").map { String($0) } }
        guard let elements = value.array else { throw .invalid("`\(name)` has to be a list of texts.") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else { throw .invalid("`\(name)` has to be a list of texts.") }
            texts.append(text)
        }
        return texts
    }

    private func flag(_ fields: JSONValue, _ name: String) throws(HTTPFailure) -> Bool? {
        guard let value = fields[name] else { return nil }
        guard let flag = value.bool else { throw .invalid("`\(name)` has to be true or false.") }
        return flag
    }

    private func number(_ fields: JSONValue, _ name: String) throws(HTTPFailure) -> Int? {
        guard let value = fields[name] else { return nil }
        guard let number = value.integer, (0...1_000_000).contains(number) else {
            throw .invalid("`\(name)` has to be a whole number.")
        }
        return Int(number)
    }
}
