import CoreTypes
import HTTPTypes
import Hummingbird

/// Asking questions and steering debates: the part of `/api/v1/debates` that changes something.
struct DebateController: Sendable {
    let debates: any DebateAPI
    let ids: any IdentifierSource
    let bodyReader: BodyReader
    let maximumBodyBytes: Int
    /// What a question may have, whose texts are longer than all others.
    let maximumQuestionBytes: Int
    /// Lets in so many questions that are larger than other bodies, so that all of them fit into memory.
    let longQuestions: ConcurrencyGate

    private var lookup: DebateLookup { DebateLookup(debates: debates) }

    /// The longest text that may be added to a running debate, in characters.
    private static let longestInput = 100_000

    /// `POST /debates`: starts a debate; the same `Idempotency-Key` gives the same one.
    func create(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let isLong = mayBeLong(request)
        guard !isLong || longQuestions.enter() else { throw HTTPFailure.overloaded }
        defer { if isLong { longQuestions.leave() } }
        let body = try await bodyReader.read(request, upTo: maximumQuestionBytes)
        let key = try IdempotencyKey.read(request)
        var question = try QuestionReader().read(
            body,
            caller: context.caller,
            originKey: "\(context.caller.rawValue):\(key ?? ids.next())"
        )
        if key != nil { question.fingerprint = try QuestionReader().fingerprint(of: body) }
        let record = try await debates.start(question)
        guard record.fingerprint == question.fingerprint else {
            throw HTTPFailure(
                .conflict,
                "conflict",
                "This Idempotency-Key was used for another question. Send a new key with a new question, or the first "
                    + "question's body once more."
            )
        }
        var document = DebateDocument.summary(record)
        document["success"] = true
        return .json(document, status: .created, headers: [.location: "/api/v1/debates/\(record.id)"])
    }

    /// Whether the body may be larger than others; one that does not say how large it is may.
    private func mayBeLong(_ request: Request) -> Bool {
        guard let length = request.headers[.contentLength] else { return request.headers[.transferEncoding] != nil }
        return Int(length).map { $0 > maximumBodyBytes } ?? true
    }

    /// The longest title, in characters.
    private static let longestTitle = 500

    /// `PATCH /debates/{id}`: its title, which null takes away, and its tags.
    func describe(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try QuestionReader().object(try await bodyReader.read(request, upTo: maximumBodyBytes))
        let members = fields.object ?? [:]
        let names = members.keys.sorted()
        if let name = names.first(where: { $0 != "title" && $0 != "tags" }) {
            throw HTTPFailure.invalid("`\(name.prefix(50))` cannot be changed; `title` and `tags` can.")
        }
        guard !names.isEmpty else { throw HTTPFailure.invalid("Send what is to change: `title`, `tags` or both.") }
        let title = try newTitle(members["title"])
        let tags = try QuestionReader().tags(members["tags"])
        let record = try await lookup.record(context)
        let changed = try await debates.describe(record.id, workspace: record.workspace, title: title, tags: tags)
        return .json([
            "success": true,
            "id": .string(record.id.rawValue),
            "debate_id": .string(record.id.rawValue),
            "updated_fields": .strings(names),
            "debate": DebateDocument.summary(changed),
        ])
    }

    /// A new title, empty for none; nil where nothing is said of it.
    private func newTitle(_ value: JSONValue?) throws(HTTPFailure) -> String? {
        guard let value else { return nil }
        if value == .null { return "" }
        let title = value.string.map(QuestionReader().trimmed) ?? ""
        guard !title.isEmpty, !title.isLonger(than: Self.longestTitle) else {
            throw .invalid("`title` has to be text of 1 to \(Self.longestTitle) characters, or null for none.")
        }
        return title
    }

    /// `POST /debates/{id}/cancel`: stops a debate; 400 for one that has ended, as the public client expects.
    func cancel(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let record = try await lookup.record(context)
        do {
            try await debates.cancel(record.id, workspace: record.workspace, by: context.caller.rawValue)
        } catch let error as any CodedError where error.code == "conflict" {
            throw HTTPFailure.invalid(error.description, code: error.code)
        }
        return .json([
            "success": true,
            "id": .string(record.id.rawValue),
            "debate_id": .string(record.id.rawValue),
            // What it ends as, in the public client's word; until what is under way has stopped, it is still running.
            "status": "cancelled",
            "message": "The debate is being stopped; it ends with what the panel has.",
        ])
    }

    /// `POST /debates/{id}/messages`: adds evidence for the panel's next round, as long as there is one.
    func addMessage(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await bodyReader.read(request, upTo: maximumBodyBytes)
        let fields = try QuestionReader().object(body)
        guard let content = fields["content"]?.string.map(QuestionReader().trimmed), !content.isEmpty else {
            throw HTTPFailure.invalid("`content` has to be text.")
        }
        guard !content.isLonger(than: Self.longestInput) else {
            throw HTTPFailure.invalid("`content` may have \(Self.longestInput) characters at most.")
        }
        let record = try await lookup.record(context)
        let isNew = try await debates.addInput(
            content,
            author: context.caller.rawValue,
            key: "\(context.caller.rawValue):\(try IdempotencyKey.read(request) ?? ids.next())",
            to: record.id,
            workspace: record.workspace
        )
        return .json(
            [
                "success": true,
                "debate_id": .string(record.id.rawValue),
                "message": ["role": "user", "author": .string(context.caller.rawValue), "content": .string(content)],
            ],
            status: isNew ? .created : .ok
        )
    }
}
