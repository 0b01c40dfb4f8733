import Approvals
import CoreTypes
import HTTPTypes
import Hummingbird
import WebIntegration

/// The pages on which people decide: the inbox, and the one that a letter's link leads to.
///
/// Looking never decides: GET and HEAD change nothing, however often and by whomever the links are followed. A form
/// decides only with an answer that somebody chose, because some mail scanners press buttons.
struct ApprovalPageController: Sendable {
    let approvals: ApprovalService
    let pages: ApprovalPages
    let bodyReader: BodyReader

    /// The largest form: an edited text and a reason.
    private static let maximumBodyBytes = 1 << 20

    func addRoutes(to router: Router<GatewayContext>) {
        let pages = pages
        for path: RouterPath in ["/approvals", "/approvals/{id}"] {
            router.resource(path, [.get: { request, _ in PageController.answer(pages.inbox, to: request) }])
        }
        router.resource("/approvals.js", [.get: { request, _ in PageController.answer(pages.script, to: request) }])
        router.resource(
            RouterPath("\(ApprovalPosts.answerPath)/{token}"),
            [.get: show, .post: decide]
        )
    }

    private func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
        guard let found = try await approvals.look(token: try context.parameters.require("token")) else {
            return page(pages.message("This link leads nowhere", Self.lost), status: .notFound)
        }
        return page(pages.form(form(found.record, person: found.recipient, isStale: found.isStale)))
    }

    private func decide(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let token = try context.parameters.require("token")
        // First of all: nobody without a link is waited for.
        guard let found = try await approvals.look(token: token) else {
            return page(pages.message("This link leads nowhere", Self.lost), status: .notFound)
        }
        let body = try await bodyReader.read(request, upTo: Self.maximumBodyBytes)
        let fields = QueryParameters(String(decoding: body, as: UTF8.self))
        try fields.refuseNUL()
        guard let option = fields["option"], !option.isEmpty else {
            return again(found.record, found, "Choose an answer first.", fields)
        }
        // The form always sends its text; a no is a no to what was asked.
        let mayEdit = found.record.policy.option(option)?.effect == .approve
        let answer = try await approvals.decide(
            token: token,
            option: option,
            comment: fields["comment"] ?? "",
            editedText: mayEdit ? fields["text"] : nil,
            evidence: "request:\(context.requestID)"
        )
        switch answer {
        case .counted(let record, _):
            return page(pages.message(record.title, answer?.text ?? ""))
        case .refused(let record, .commentRequired):
            return again(record, found, "This answer needs a reason.", fields)
        case .refused(let record, .unknownOption):
            return again(record, found, "Choose an answer first.", fields)
        case .refused(let record, .unusable(let problem)):
            return again(record, found, problem, fields)
        case .refused(let record, _):
            return page(pages.message(record.title, answer?.text ?? ""), status: .conflict)
        case .unknown, nil:
            return page(pages.message("This link leads nowhere", Self.lost), status: .notFound)
        }
    }

    private static let lost = "It was cut off, it is too old, or the request is gone. Nothing was changed."

    private typealias Found = (record: ApprovalRecord, recipient: String, isStale: Bool)

    /// The form once more, with what was written into it.
    private func again(_ record: ApprovalRecord, _ found: Found, _ problem: String, _ fields: QueryParameters)
        -> Response
    {
        var form = form(record, person: found.recipient, isStale: found.isStale)
        form.problem = problem
        form.comment = fields["comment"] ?? ""
        if form.isTextEditable, let text = fields["text"] { form.text = text }
        return page(pages.form(form), status: .badRequest)
    }

    private func form(_ record: ApprovalRecord, person: String, isStale: Bool) -> ApprovalPages.Form {
        ApprovalPages.Form(
            title: record.title,
            question: record.question,
            context: record.context,
            text: record.operation["text"]?.string ?? "",
            isTextEditable: record.policy.allowsEdit && record.version == 0,
            document: record.boundDocument ?? "",
            hash: record.shortHash,
            summary: record.outcomeLine,
            person: person,
            number: record.number,
            until: record.expiresAt.map(ApprovalPosts.minute) ?? "",
            options: record.policy.options.map { ($0.id, $0.label, $0.requiresComment) },
            isOpen: record.status == .pending && !isStale,
            isStale: record.status == .pending && isStale
        )
    }

    private func page(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
        .bytes(Array(html.utf8), contentType: "text/html; charset=utf-8", status: status)
    }
}
