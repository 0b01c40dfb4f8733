import Channels
import HTTPTypes
import Hummingbird
import NIOHTTPTypesHTTP1

/// The pages of platforms that people visit, such as the two ends of an OAuth installation.
struct BrowserController: Sendable {
    let pages: any BrowserRoutes

    func addRoutes(to router: Router<GatewayContext>) {
        for route in pages.browserRoutes {
            router.resource(
                RouterPath(AdapterEndpoint.path(pages.platform, route)),
                [
                    .get: { request, _ in
                        let query = QueryParameters(request.uri.query)
                        return Response(
                            await pages.visit(
                                route: route,
                                query: query.pairs,
                                cookies: request.headers[.cookie] ?? ""
                            )
                        )
                    }
                ]
            )
        }
    }
}

extension Response {
    /// The answer that a platform's page chose.
    init(_ acknowledgement: Acknowledgement) {
        let answer = AdapterAnswer(acknowledgement)
        self.init(
            status: answer.status,
            headers: HTTPFields(answer.headers, splitCookie: false),
            body: answer.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
