import Approvals
import CoreTypes
import HTTPTypes
import Hummingbird

/// Asking people and answering them over the API: `/api/v1/approvals`.
struct ApprovalController: Sendable {
    let approvals: ApprovalService
    let debates: any DebateAPI
    let ids: any IdentifierSource
    let bodyReader: BodyReader
    let maximumBodyBytes: Int

    private static let nobody =
        "Nobody was asked: none of the approvers is reached on a platform that is connected, and roles without members "
        + "ask nobody. `prompts` shows each copy."

    /// The kinds that the original's unified inbox collects; its public client sends them as `sources`.
    private static let sources = ["workflow", "decision_plan", "computer_use", "gateway", "inbox_wedge"]

    func addRoutes(to api: RouterGroup<GatewayContext>) {
        api.resource("/approvals", [.get: list, .post: create])
        api.resource("/approvals/pending", [.get: listPending])
        api.resource("/approvals/{id}", [.get: find])
        api.resource("/approvals/{id}/decide", [.post: decide])
        api.resource("/approvals/{id}/withdraw", [.post: withdraw])
        // The original's own paths, which its clients may have kept.
        api.resource("/workflow-approvals", [.get: listPending])
        api.resource("/workflow-approvals/{id}/resolve", [.post: resolve])
        for (path, option) in [("approve", "approve"), ("reject", "reject")] {
            api.resource("/decisions/plans/{id}/\(path)", [.post: choose(option)])
        }
        for (path, option) in [("approve", "approve"), ("deny", "reject")] {
            api.resource("/computer-use/approvals/{id}/\(path)", [.post: choose(option)])
        }
    }

    /// `POST /approvals`: asks people; the same `Idempotency-Key` gives the same request.
    private func create(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try await object(request)
        let key = try IdempotencyKey.read(request) ?? ids.next()
        let draft = try ApprovalReader.draft(
            fields,
            caller: context.caller,
            originKey: "api:\(context.caller.rawValue):\(key)",
            evidence: "request:\(context.requestID)"
        )
        let record = try await approvals.open(draft, choosesWorkspace: context.caller.workspace == nil)
        guard let detail = try await approvals.findAnywhere(record.id.rawValue) else {
            throw HTTPFailure.notFound("approval")
        }
        var document = ApprovalDocument.detail(detail)
        document["success"] = true
        if detail.reachesNobody { document["warning"] = .string(Self.nobody) }
        return .json(document, status: .created, headers: [.location: "/api/v1/approvals/\(record.id)"])
    }

    /// `GET /approvals`: pending ones, or those of the status that is named; `all` for everything.
    private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request.uri.query)
        let word = query["status"].flatMap { $0.isEmpty ? nil : $0 } ?? "pending"
        guard let status = ApprovalStatus(rawValue: word) else {
            guard word == "all" else {
                let words = ApprovalStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw HTTPFailure.invalid("`status` has to be one of all, \(words).")
            }
            return try await page(query, status: nil, request, context)
        }
        return try await page(query, status: status, request, context)
    }

    private func listPending(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try await page(QueryParameters(request.uri.query), status: .pending, request, context)
    }

    private func page(
        _ query: QueryParameters,
        status: ApprovalStatus?,
        _ request: Request,
        _ context: GatewayContext
    ) async throws -> Response {
        let page = try ListPage(query, defaultLimit: 100, mostItems: 500)
        let named = query["sources"]?.split(separator: ",").map(String.init) ?? []
        let caller = context.caller
        let found = try await approvals.list(
            workspace: caller.workspace(in: query),
            status: status,
            // The usual five together mean: everything.
            kinds: Set(named).isSuperset(of: Self.sources) ? [] : Array(named.prefix(50)),
            limit: Int(page.limit),
            offset: Int(page.offset),
            for: actor(request, context)
        ) { listing, isWaiting in
            var document = ApprovalDocument.line(listing)
            document["can_decide"] = .bool(isWaiting)
            return (document: document, verdict: Self.verdict(in: listing.record, for: caller))
        }
        var items: [JSONValue] = []
        for item in found.items { items.append(try await shown(item.document, item.verdict)) }
        var document = page.document(items, named: "approvals", total: found.total)
        document["requested_by"] = .string(ApprovalReader.identity(of: context.caller))
        document["sources"] = .strings(named.isEmpty ? Self.sources : named)
        return .json(document)
    }

    /// `GET /approvals/{id}`: with the answers, the copies of the prompt and the log.
    private func find(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let detail = try await visible(context)
        let isWaiting = try await approvals.isWaiting(detail.record, for: actor(request, context))
        let verdict = Self.verdict(in: detail.record, for: context.caller)
        var document = try await shown(ApprovalDocument.detail(detail), verdict)
        document["can_decide"] = .bool(isWaiting)
        return .json(document)
    }

    /// A debate whose verdict is not for everybody before its release.
    private struct Verdict: Sendable {
        let debate: DebateID
        let workspace: WorkspaceID
    }

    /// The verdict in a request that a caller sees only after its release: it is for the operator and for those who may
    /// decide.
    private static func verdict(in record: ApprovalRecord, for caller: Caller) -> Verdict? {
        let identity = ApprovalReader.identity(of: caller)
        let named = record.policy.approvers + record.policy.escalations.flatMap(\.approvers)
        guard caller.workspace != nil, let debate = record.debate, !named.contains(where: { $0.person == identity })
        else { return nil }
        return Verdict(debate: debate, workspace: record.workspace)
    }

    /// What is shown of a request in which there may be a verdict.
    private func shown(_ document: JSONValue, _ verdict: Verdict?) async throws -> JSONValue {
        guard let verdict, try await debates.isHeldBack(verdict.debate, workspace: verdict.workspace) else {
            return document
        }
        var document = document
        document["context"] = ""
        return document
    }

    /// The request that a path names, where the caller may see its workspace.
    private func visible(_ context: GatewayContext) async throws -> ApprovalService.Detail {
        let detail = try await approvals.findAnywhere(try context.parameters.require("id"))
        guard let detail, context.caller.workspace ?? detail.record.workspace == detail.record.workspace else {
            throw HTTPFailure.notFound("approval")
        }
        return detail
    }

    /// `POST /approvals/{id}/decide`: the caller is who the token says, whatever the body says.
    private func decide(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try await object(request)
        return try await decide(try ApprovalReader.option(fields), fields, request, context)
    }

    /// `POST /workflow-approvals/{id}/resolve`: a missing status is an error, never a yes.
    private func resolve(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let fields = try await object(request)
        switch fields["status"]?.string {
        case "approved": return try await decide("approve", fields, request, context)
        case "rejected": return try await decide("reject", Self.withReason(fields), request, context)
        default: throw HTTPFailure.invalid("`status` has to be approved or rejected.")
        }
    }

    private func choose(_ option: String) -> Handler {
        { request, context in
            let fields = try await object(request, mayBeEmpty: true)
            return try await decide(option, option == "reject" ? Self.withReason(fields) : fields, request, context)
        }
    }

    /// The original's clients send a no without saying why, and a no here says why: then it says that.
    private static func withReason(_ fields: JSONValue) -> JSONValue {
        var fields = fields
        let isSilent = ApprovalReader.reasons.allSatisfy { name in
            // What is no text is not replaced: it is refused.
            fields[name].map { $0.string?.allSatisfy(\.isWhitespace) == true } ?? true
        }
        if isSilent { fields["comment"] = .string(ApprovalDocument.noReason) }
        return fields
    }

    private func decide(
        _ option: String,
        _ fields: JSONValue,
        _ request: Request,
        _ context: GatewayContext
    ) async throws -> Response {
        let id = try await visible(context).record.id.rawValue
        let reply = try ApprovalReader.reply(fields, option: option, actor: actor(request, context))
        let answer = try await approvals.decide(id, reply)
        guard case .counted(let record, let decision) = answer else { throw HTTPFailure(answer) }
        return .json([
            "success": true,
            "id": .string(record.id.rawValue),
            "status": .string(record.status.rawValue),
            "decision": decision.json,
            "message": .string(answer.text),
            "approval": ApprovalDocument.summary(record),
        ])
    }

    /// Who calls, as the credentials say.
    private func actor(_ request: Request, _ context: GatewayContext) -> ApprovalActor {
        let isOperator = context.caller.workspace == nil
        return ApprovalActor(
            identity: ApprovalReader.identity(of: context.caller),
            name: context.caller.displayName,
            // A program's key makes nobody an operator: it decides where it was named.
            roles: isOperator ? [ApprovalPolicy.operators] : [],
            // Browsers say so themselves; it is for the log alone.
            surface: request.headers[.secFetchSite] == nil ? .api : .page,
            evidence: "request:\(context.requestID)"
        )
    }

    /// `POST /approvals/{id}/withdraw`: nobody needs an answer any more, as whoever asked for it or the operator says.
    private func withdraw(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let id = try await visible(context).record.id.rawValue
        guard try await approvals.withdraw(id, by: actor(request, context)) else {
            throw HTTPFailure(.conflict, "conflict", "The request has ended already.")
        }
        return .json(["success": true, "status": "withdrawn"])
    }

    private func object(_ request: Request, mayBeEmpty: Bool = false) async throws -> JSONValue {
        let body = try await bodyReader.read(request, upTo: maximumBodyBytes)
        return body.isEmpty && mayBeEmpty ? [:] : try QuestionReader().object(body)
    }
}

extension HTTPFailure {
    /// What an answer that does not count becomes.
    init(_ answer: ApprovalAnswer) {
        let status: HTTPResponse.Status =
            switch answer.code {
            case "not_found": .notFound
            case "forbidden", "requester": .forbidden
            case "already_answered", "already_decided", "expired", "changed": .conflict
            default: .badRequest
            }
        self.init(status, answer.code, Self.text(of: answer))
    }

    /// What a program is told: where people have commands, it has members.
    private static func text(of answer: ApprovalAnswer) -> String {
        switch answer {
        case .refused(_, .commentRequired(let option)):
            "“\(option.label)” needs a reason: say it in `comment`."
        case .refused(let record, .changed):
            "#\(record.number) was changed after it was asked. Read it once more, and send its `operation_hash` with "
                + "the answer."
        case .unknown: "There is no such approval."
        default: answer.text
        }
    }
}
