import Channels
import CoreTypes
import Transport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Checks the app's secret, its tokens and its installations, without posting anything.
struct SlackDiagnosis: Sendable {
    /// How far our clock may be away from Slack's before requests are in danger of being refused.
    private static let allowedSkew: Duration = .seconds(60)

    let configuration: SlackConfiguration
    let api: SlackAPI
    let credentials: SlackCredentials
    let installations: (any SlackInstallations)?

    /// What `aragora doctor` says of Slack.
    func findings() async -> [Finding] {
        var findings = [Finding(.fine, "slack.signing_secret", "The signing secret is set.")]
        if configuration.signingSecret.reveal().utf8.count < 16 {
            findings[0] = Finding(
                .warning,
                "slack.signing_secret",
                "The signing secret is unusually short.",
                remedy: "Copy it again from Basic Information, App Credentials; it is not the client secret."
            )
        }
        if let token = configuration.botToken { findings += await check(token, subject: "slack.token") }
        findings += await checkInstallations()
        if !configuration.canAnswer {
            let (message, remedy) = SlackConfiguration.cannotAnswer
            findings.append(Finding(.problem, "slack.token", message, remedy: remedy))
        }
        return findings
    }

    private func checkInstallations() async -> [Finding] {
        guard let installations, configuration.clientID != nil else { return [] }
        do {
            let all = try await installations.all()
            guard !all.isEmpty || configuration.botToken != nil else {
                return [
                    Finding(
                        .warning,
                        "slack.installations",
                        "The app is installed in no workspace yet.",
                        remedy: "Open /api/v1/bots/slack/install in a browser."
                    )
                ]
            }
            var findings: [Finding] = []
            for installation in all {
                let subject = installation.workspace.rawValue
                do throws(SlackFailure) {
                    let credential = try await credentials.credential(for: installation.workspace)
                    findings += await check(credential.token, subject: subject)
                } catch {
                    findings.append(Self.finding(error, subject: subject))
                }
            }
            return findings
        } catch {
            let description = (error as? any CodedError)?.description ?? "The installations cannot be read."
            return [Finding(.problem, "slack.installations", description)]
        }
    }

    /// Asks Slack who a token belongs to, and what it is allowed.
    private func check(_ token: Secret, subject: String) async -> [Finding] {
        do throws(SlackFailure) {
            let reply = try await api.call("auth.test", token: token)
            let name = reply.body["team"]?.string ?? "the workspace"
            let user = reply.body["user"]?.string ?? "the app"
            var findings = [Finding(.fine, subject, "Connected to \(name) as \(user).")]
            if reply.body["is_enterprise_install"]?.bool == true {
                findings += try await checkTeams(of: token, subject: subject)
            }
            if let header = reply.response.header("x-oauth-scopes") {
                let granted = Set(header.split(separator: ",").map { trimmed(String($0)) })
                let missing = SlackConfiguration.scopes.filter { !granted.contains($0) }
                if !missing.isEmpty {
                    findings.append(
                        Finding(
                            .problem,
                            subject,
                            "The app lacks the scopes \(missing.joined(separator: ", ")).",
                            remedy: "Add them under OAuth & Permissions, Bot Token Scopes, and install the app again."
                        )
                    )
                }
            }
            if let moment = reply.response.header("date").flatMap(Self.moment) { findings += checkClock(moment) }
            return findings
        } catch {
            return [Self.finding(error, subject: subject)]
        }
    }

    /// An organisation's token speaks in the workspaces that the organisation granted to the app, and nowhere else.
    private func checkTeams(of token: Secret, subject: String) async throws(SlackFailure) -> [Finding] {
        let count = try await credentials.teams(of: token).count
        guard count == 0 else {
            let workspaces = count == 1 ? "1 workspace" : "\(count) workspaces"
            return [Finding(.fine, subject, "It is an organisation's token, good for \(workspaces).")]
        }
        return [
            Finding(
                .problem,
                subject,
                "It is an organisation's token, and no workspace was granted to the app: it hears and answers nobody.",
                remedy: "Let an administrator of the organisation add the app to its workspaces."
            )
        ]
    }

    /// Reads a date such as `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers write (RFC 9110, 5.6.7).
    private static func moment(_ text: String) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let iso = "\(words[3])-\(month < 9 ? "0" : "")\(month + 1)-\(words[1])T\(words[4])Z"
        guard let date = try? Date(iso, strategy: .iso8601) else { return nil }
        return Timestamp(milliseconds: Int64(date.timeIntervalSince1970) * 1000)
    }

    private func checkClock(_ theirs: Timestamp) -> [Finding] {
        let skew = api.time.now() - theirs
        let seconds = abs(skew.components.seconds)
        guard seconds > Self.allowedSkew.components.seconds else { return [] }
        return [
            Finding(
                .problem,
                "slack.clock",
                "This machine's clock is \(seconds) seconds \(skew < .zero ? "behind" : "ahead of") Slack's; from 300 on "
                    + "every request of Slack is refused.",
                remedy: "Let the machine set its clock by NTP."
            )
        ]
    }

    private static func finding(_ failure: SlackFailure, subject: String) -> Finding {
        switch failure.kind {
        case .authentication:
            Finding(
                .problem,
                subject,
                failure.description,
                remedy: "Install the app again, or copy the Bot User OAuth Token (xoxb-…) into SLACK_BOT_TOKEN."
            )
        case .permanent: Finding(.problem, subject, failure.description)
        case .rateLimited, .transient, .unknown:
            Finding(
                .warning,
                subject,
                "Slack could not be asked: \(failure.description)",
                remedy: "Check that this machine reaches slack.com over HTTPS."
            )
        }
    }
}
