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
        for (path, file) in page.files {
            router.resource(RouterPath(path), [.get: { request, _ in Self.answer(file, to: request) }])
        }
    }

    static func answer(_ file: WebPage.File, to request: Request) -> Response {
        let headers: HTTPFields = [.eTag: file.tag, .cacheControl: "no-cache"]
        if request.headers[.ifNoneMatch]?.contains(file.tag) == true {
            return Response(status: .notModified, headers: headers)
        }
        return .bytes(file.bytes, contentType: file.contentType, headers: headers)
    }
}
