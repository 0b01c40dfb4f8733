/// The app manifest that an operator pastes at Slack.
package enum SlackManifest {
    /// What stands in `manifest.json` in place of the operator's address.
    static let placeholder = "https://YOUR-HOST"

    /// The manifest for one address.
    /// - Parameter url: where Slack reaches the gateway, without a slash at its end.
    package static func text(for url: String) -> String {
        String(decoding: PackageResources.manifest_json, as: UTF8.self)
            .split(separator: placeholder, omittingEmptySubsequences: false)
            .joined(separator: url)
    }
}
