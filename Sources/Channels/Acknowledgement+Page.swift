import CoreTypes

extension Acknowledgement {
    /// A page for the browser of somebody who connects something, with a heading and one paragraph.
    ///
    /// It loads nothing and runs no scripts.
    /// - Parameters:
    ///   - title: the heading, as plain text.
    ///   - text: the paragraph, as plain text.
    package static func page(_ status: Int, _ title: String, _ text: String) -> Acknowledgement {
        let html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title.escapedForHTML)</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; }
            </style>
            </head>
            <body>
            <h1>\(title.escapedForHTML)</h1>
            <p>\(text.escapedForHTML)</p>
            </body>
            </html>

            """
        return Acknowledgement(
            status: status,
            contentType: "text/html; charset=utf-8",
            body: Array(html.utf8),
            headers: [
                ("cache-control", "no-store"),
                ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
                ("referrer-policy", "no-referrer"),
                ("x-content-type-options", "nosniff"),
            ]
        )
    }
}
