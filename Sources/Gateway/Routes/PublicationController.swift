import CoreTypes
import HTTPTypes
import Hummingbird
import Publishing

/// `/api/v1/publications`: what goes out to X and YouTube.
struct PublicationController: Sendable {
    let desk: PublicationDesk
    let debates: any DebateAPI
    let ids: any IdentifierSource
    let bodyReader: BodyReader
    let maximumBodyBytes: Int

    /// Adds the routes to the API's group.
    func addRoutes(to api: RouterGroup<GatewayContext>) {
        api.resource("/publications", [.get: list, .post: create])
        api.resource("/publications/{id}", [.get: find, .put: revise, .delete: withdraw])
        api.resource("/publications/{id}/preview", [.post: preview])
        api.resource("/publications/{id}/release", [.post: release])
        api.resource("/publications/{id}/retry", [.post: retry])
        api.resource("/publications/{id}/parts/{number}/resolve", [.post: resolve])
        // The original's paths.
        api.resource("/debates/{id}/publish/twitter", [.post: { try await publish($0, $1, on: "x", text: "message") }])
        api.resource("/debates/{id}/publish/x", [.post: { try await publish($0, $1, on: "x") }])
        api.resource("/debates/{id}/publish/youtube", [.post: { try await publish($0, $1, on: "youtube") }])
    }

    private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let page = try ListPage(query, defaultLimit: 20)
        let (items, total) = try await desk.list(
            workspace: query["workspace"].map { WorkspaceID($0) },
            limit: Int(page.limit),
            offset: Int(page.offset)
        )
        return .json(page.document(items.map(\.json), named: "publications", total: total))
    }

    /// Drafts what a debate becomes; the same `Idempotency-Key` gives the same publication.
    private func create(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await object(request)
        let (id, platform) = try PublicationReader.subject(body)
        return try await draft(id, platform, options: body["options"] ?? [:], request, context)
    }

    /// - Parameter text: the name under which this path has the option `text`.
    private func publish(
        _ request: Request,
        _ context: GatewayContext,
        on platform: String,
        text: String = "text"
    ) async throws -> Response {
        var options = try await object(request)
        if options["text"] == nil, let said = options[text] { (options["text"], options[text]) = (said, nil) }
        let debate = try await DebateLookup(debates: debates).record(context)
        return try await draft(debate.id, platform, options: options, request, context)
    }

    private func draft(
        _ id: DebateID,
        _ platform: String,
        options: JSONValue,
        _ request: Request,
        _ context: GatewayContext
    ) async throws -> Response {
        try refuseFiles(["media", "video", "thumbnail", "captions"].contains { options[$0] != nil })
        try PublicationReader.check(options, on: platform)
        guard let debate = try await debates.findAnywhere(id) else { throw HTTPFailure.notFound("debate") }
        let key = try IdempotencyKey.read(request) ?? ids.next()
        let publication = try await desk.draft(
            of: debate.id,
            workspace: debate.workspace,
            on: platform,
            options: options,
            originKey: "\(context.caller.rawValue):\(key)",
            by: context.caller.rawValue
        )
        return .json(
            publication.json,
            status: .created,
            headers: [.location: "/api/v1/publications/\(publication.id)"]
        )
    }

    private func find(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let (publication, parts) = try await lookUp(context)
        var document = publication.json
        document["content"] = publication.content
        document["parts"] = .array(parts.map(\.json))
        return .json(document)
    }

    private func revise(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await object(request)
        guard let content = body["content"], content.object != nil else {
            throw HTTPFailure.invalid("`content` has to be an object.")
        }
        try refuseFiles(Self.namesFile(content))
        let found = try await lookUp(context).publication
        return .json(try await desk.revise(found.id, workspace: found.workspace, content: content).json)
    }

    private func preview(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let found = try await lookUp(context).publication
        let (publication, text) = try await desk.preview(found.id, workspace: found.workspace)
        var document = publication.json
        document["preview"] = .string(text)
        return .json(document)
    }

    /// Releases what was looked at: `content_hash` has to be that of the preview.
    private func release(_ request: Request, _ context: GatewayContext) async throws -> Response {
        guard let hash = try await object(request)["content_hash"]?.string else {
            throw HTTPFailure.invalid("`content_hash` has to be that of the preview.")
        }
        let found = try await lookUp(context).publication
        let publication = try await desk.releaseAsOperator(
            found.id,
            workspace: found.workspace,
            contentHash: hash,
            by: context.caller.rawValue
        )
        return .json(publication.json, status: .accepted)
    }

    private func retry(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let found = try await lookUp(context).publication
        return .json(try await desk.retry(found.id, workspace: found.workspace).json, status: .accepted)
    }

    /// Says what became of a part that nobody knows of: `remote_id`, or null where it is not there.
    private func resolve(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await object(request)
        guard let members = body.object, let value = members["remote_id"], value == .null || value.string != nil,
            let number = context.parameters.get("number").flatMap({ Int($0) })
        else { throw HTTPFailure.invalid("`remote_id` has to be text, or null where the part is not there.") }
        let found = try await lookUp(context).publication
        let publication = try await desk.resolve(
            found.id,
            workspace: found.workspace,
            part: number,
            remoteID: value.string
        )
        return .json(publication.json, status: .accepted)
    }

    private func withdraw(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let found = try await lookUp(context).publication
        return .json(try await desk.withdraw(found.id, workspace: found.workspace).json, status: .accepted)
    }

    private func lookUp(_ context: GatewayContext) async throws
        -> (publication: Publication, parts: [PublicationPart])
    {
        guard let id = context.parameters.get("id"), (1...64).contains(id.utf8.count) else {
            throw HTTPFailure.notFound("publication")
        }
        return try await desk.find(PublicationID(id))
    }

    private func object(_ request: Request) async throws -> JSONValue {
        let body = try await bodyReader.read(request, upTo: maximumBodyBytes)
        return body.isEmpty ? [:] : try QuestionReader().object(body)
    }

    /// Files of this machine are named on its command line alone: over HTTP, anybody with a key could publish any file.
    private func refuseFiles(_ hasFiles: Bool) throws(HTTPFailure) {
        if hasFiles { throw .invalid("Files are added with `aragora publish draft` on the gateway's machine.") }
    }

    private static func namesFile(_ value: JSONValue) -> Bool {
        if let members = value.object { return members["path"] != nil || members.values.contains(where: namesFile) }
        return value.array?.contains(where: namesFile) ?? false
    }
}
