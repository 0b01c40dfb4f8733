import Channels

/// The pages that the browser of somebody who connects an account sees.
enum AccountPage {
    static let expired = Acknowledgement.page(
        400,
        "Please start again",
        "This link is not valid any more. An account has to be connected within ten minutes."
    )

    static func refused(_ title: String) -> Acknowledgement {
        .page(200, "Not connected", "\(title) was told not to connect the account. Nothing was changed.")
    }

    static func connected(_ title: String, name: String) -> Acknowledgement {
        .page(200, "\(title) is connected", "Verdicts can now be published as \(name). This page can be closed.")
    }

    static func failed(_ title: String, _ reason: String) -> Acknowledgement {
        .page(502, "Not connected", "\(title) could not be connected. \(reason)")
    }
}
