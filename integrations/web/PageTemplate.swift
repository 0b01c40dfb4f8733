import CoreTypes
import Mustache

extension MustacheTemplate {
    /// A page's template, whose values are escaped as browsers read them.
    ///
    /// What the library itself does goes by Swift's characters and leaves a `<` with a mark in front of it as it is.
    /// - Throws: where the template cannot be read.
    init(page bytes: [UInt8]) throws {
        MustacheContentTypes.register(PageText(), named: PageText.name)
        try self.init(string: "{{% CONTENT_TYPE: \(PageText.name)}}\(String(decoding: bytes, as: UTF8.self))")
    }
}

/// How the values of pages are written.
private struct PageText: MustacheContentType {
    static let name = "PAGE"

    func escapeText(_ text: String) -> String { text.escapedForHTML }
}
