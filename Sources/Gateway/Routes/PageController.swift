import HTTPTypes
import Hummingbird
import WebIntegration

/// The built-in pages and their files.
///
/// They hold no data: everything shown comes from the API.
struct PageController: Sendable {
    let page: WebPage

    func addRoutes(to router: Router<GatewayContext>) {
        let page = page
        for path: RouterPath in ["/", "/debates/{id}"] {
            router.resource(path, [.get: { request, _ in Self.answer(page.html, to: request) }])
        }
        router.resource("/webhooks", [.get: { request, _ in Self.answer(page.webhooks, to: request) }])
        router.resource("/webhooks.js", [.get: { request, _ in Self.answer(page.webhooksScript, to: request) }])
        router.resource("/page.css", [.get: { request, _ in Self.answer(page.style, to: request) }])
        router.resource("/shared.js", [.get: { request, _ in Self.answer(page.sharedScript, to: request) }])
        router.resource("/page.js", [.get: { request, _ in Self.answer(page.script, to: request) }])
    }

    static func answer(_ file: WebPage.File, to request: Request) -> Response {
        let headers: HTTPFields = [.eTag: file.tag, .cacheControl: "no-cache"]
        if request.headers[.ifNoneMatch]?.contains(file.tag) == true {
            return Response(status: .notModified, headers: headers)
        }
        return .bytes(file.bytes, contentType: file.contentType, headers: headers)
    }
}
