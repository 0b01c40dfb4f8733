import Hummingbird

/// What stands behind a middleware.
///
/// `@concurrent`, because the protocol's module was built without
/// `NonisolatedNonsendingByDefault` and a plain function type means that there.
typealias Next = @concurrent (Request, GatewayContext) async throws -> Response
