import Channels

/// The pages that the browser of somebody who installs the app sees.
enum SlackPage {
    static let notFound = Acknowledgement.page(404, "Not found", "There is no such page.")
    static let expired = Acknowledgement.page(
        400,
        "Please start again",
        "This link is not valid any more. Installations have to be completed within ten minutes, in the same browser."
    )
    static let refused = Acknowledgement.page(
        200,
        "Not installed",
        "Slack was told not to install Aragora. Nothing was changed."
    )

    /// The installation is complete.
    static func installed(name: String) -> Acknowledgement {
        .page(
            200,
            "Aragora is installed",
            "Aragora is now in \(name). In Slack, invite @Aragora to a channel and ask it a question, or type "
                + "/aragora in any channel. This page can be closed."
        )
    }

    /// The installation did not work.
    static func failed(_ reason: String) -> Acknowledgement {
        .page(502, "Not installed", "Slack could not be connected. \(reason)")
    }
}
