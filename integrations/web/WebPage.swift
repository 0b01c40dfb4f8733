import CoreTypes
import Mustache

/// The built-in page: its template, style sheet and scripts, all of them inside the binary.
package struct WebPage: Sendable {
    /// One file as it is served.
    package struct File: Sendable {
        package let bytes: [UInt8]
        package let contentType: String
        /// Changes with the bytes; quoted, as the `ETag` header wants it.
        package let tag: String

        init(_ bytes: [UInt8], contentType: String) {
            self.bytes = bytes
            self.contentType = contentType
            tag = "\"\(String(Self.fingerprint(bytes), radix: 16))\""
        }

        /// FNV-1a, 64 bits: enough to tell one build's file from another's.
        private static func fingerprint(_ bytes: [UInt8]) -> UInt64 {
            bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }

    /// The page; the same for every address, because the script reads the address.
    package let html: File
    /// The other pages, the style sheet and the scripts, by their paths.
    package let files: [String: File]

    /// Makes the page.
    /// - Parameter isDemo: whether the panel is the offline demo; the page then says so even without its script.
    /// - Throws: where the template cannot be read.
    package init(isDemo: Bool) throws {
        let template = try MustacheTemplate(page: PackageResources.page_mustache)
        let html = template.render(["demo": isDemo])
        self.html = File(Array(html.utf8), contentType: "text/html; charset=utf-8")
        let script = "text/javascript; charset=utf-8"
        files = [
            "/page.css": File(PackageResources.page_css, contentType: "text/css; charset=utf-8"),
            "/page.js": File(PackageResources.page_js, contentType: script),
            "/shared.js": File(PackageResources.shared_js, contentType: script),
            "/markdown.js": File(PackageResources.markdown_js, contentType: script),
            "/webhooks": File(PackageResources.webhooks_html, contentType: "text/html; charset=utf-8"),
            "/webhooks.js": File(PackageResources.webhooks_js, contentType: script),
        ]
    }
}
