import Channels

/// The pages that the browser of somebody who installs the app sees.
///
/// They load nothing and run no scripts.
enum SlackPage {
    static let notFound = page(404, "Not found", "There is no such page.")
    static let expired = page(
        400,
        "Please start again",
        "This link is not valid any more. Installations have to be completed within ten minutes, in the same browser."
    )
    static let refused = page(200, "Not installed", "Slack was told not to install Aragora. Nothing was changed.")

    /// The installation is complete.
    static func installed(name: String) -> Acknowledgement {
        page(
            200,
            "Aragora is installed",
            "Aragora is now in \(name). In Slack, invite @Aragora to a channel and ask it a question, or type "
                + "/aragora in any channel. This page can be closed."
        )
    }

    /// The installation did not work.
    static func failed(_ reason: String) -> Acknowledgement {
        page(502, "Not installed", "Slack could not be connected. \(reason)")
    }

    private static func page(_ status: Int, _ title: String, _ text: String) -> Acknowledgement {
        let html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escaped(title))</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; }
            </style>
            </head>
            <body>
            <h1>\(escaped(title))</h1>
            <p>\(escaped(text))</p>
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

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
    }
}
