import Agents
import Approvals
import ArgumentParser
import Channels
import Conversations
import CoreTypes
import Debates
import Logging
import Persistence
import Publishing
import SlackIntegration
import Transport

/// `aragora doctor`: what is configured, what is missing, what is wrong, and what to do about it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks the configuration, the database, the model keys and each integration.",
        discussion: "Nothing is posted anywhere and no text is generated. Exits with 1 if anything is a problem."
    )

    func run() async throws {
        try await reportingErrors {
            let settings = try Settings.loadFromProcess()
            let house = try await House.open(settings, logger: House.logger(level: .critical), migrate: .ignore)
            var findings = await checkDatabase(house)
            findings.append(try checkToken(house))
            findings += try checkReleases(house)
            findings += try await checkApprovers(house)
            // What is wrong with the database has findings of its own.
            if !findings.contains(where: { ["Database", "Schema"].contains($0.subject) && $0.level != .fine }) {
                let receipts = checkReceipts(house)
                findings.append(receipts)
                // A key that does not open the first secret opens none of its name.
                if receipts.level == .fine { findings.append(try await checkSecrets(house)) }
            }
            findings += await checkAgents(house)
            findings += await checkAdapters(house)
            findings += await house.publishing.diagnose()
            house.shutdown()
            await house.database.close()
            for finding in findings { printFinding(finding) }
            if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
        }
    }

    private func checkToken(_ house: House) throws -> Finding {
        guard house.settings.apiToken == nil else { return Finding(.fine, "API", "A token is set.") }
        let remedy = "Set ARAGORA_API_TOKEN to a long random text, such as the output of `openssl rand -hex 32`."
        guard try !house.isPublic else {
            return Finding(
                .problem,
                "API",
                "No token is set, but the gateway is meant to be reached from outside: a proxy may look like this machine.",
                remedy: remedy
            )
        }
        return Finding(.warning, "API", "No token is set: only this machine may use the API.", remedy: remedy)
    }

    private func checkApprovers(_ house: House) async throws -> [Finding] {
        var findings: [Finding] = []
        for setting in ["ARAGORA_BREAKPOINT_APPROVERS", "ARAGORA_PUBLICATION_APPROVERS"] {
            let named = try house.settings.approvers(setting)
            // A schema that is not there yet has a finding of its own.
            guard let lost = try? await house.approvals.unreachable(named), !lost.isEmpty else { continue }
            findings.append(
                Finding(
                    .warning,
                    "Approvers",
                    "\(setting) names \(lost.map(\.text).joined(separator: ", ")), who cannot be asked about what "
                        + "comes from outside their chat.",
                    remedy: "Connect the platform to one workspace; a bot token's is known once `aragora serve` ran."
                )
            )
        }
        return findings
    }

    private func checkReleases(_ house: House) throws -> [Finding] {
        let triggers = try house.settings.debateDefaults().breakpoints.triggers
        guard triggers.contains(.release), try house.settings.approvers("ARAGORA_BREAKPOINT_APPROVERS").isEmpty else {
            return []
        }
        return [
            Finding(
                .warning,
                "Releases",
                "Every verdict waits for its release, and nobody but the operator is asked.",
                remedy: "Release them at /approvals, or name people in ARAGORA_BREAKPOINT_APPROVERS."
            )
        ]
    }

    private func checkDatabase(_ house: House) async -> [Finding] {
        var findings: [Finding] = []
        do {
            let pending = try await Migrator(house.database).pending()
            findings.append(Finding(.fine, "Database", "\(house.database.dialect.rawValue) answers."))
            findings.append(
                pending.isEmpty
                    ? Finding(.fine, "Schema", "Up to date.")
                    : Finding(
                        house.database.dialect == .sqlite ? .warning : .problem,
                        "Schema",
                        "Not applied: \(pending.joined(separator: ", ")).",
                        remedy: house.database.dialect == .sqlite
                            ? "`aragora serve` does that by itself." : "Run `aragora migrate`."
                    )
            )
            guard pending.isEmpty else { return findings }
            findings += try await checkQueues(house)
            findings.append(try await ClockCheck(database: house.database, time: house.time).finding())
        } catch {
            let description = (error as? any CodedError)?.description ?? "It cannot be reached."
            findings.append(Finding(.problem, "Database", description, remedy: "Check DATABASE_URL and that it runs."))
        }
        return findings
    }

    private func checkQueues(_ house: House) async throws -> [Finding] {
        let (inbox, outbox) = try await house.database.read { transaction in
            (try InboxStore().counts(in: transaction), try Outbox(time: house.time).findings(in: transaction))
        }
        return [
            Finding(
                inbox.givenUp == 0 ? .fine : .problem,
                "Inbox",
                "\(inbox.waiting) waiting, \(inbox.givenUp) could not be handled.",
                remedy: inbox.givenUp == 0
                    ? "" : "`aragora inbox list` shows why; mend the cause, then retry or forget them."
            )
        ] + outbox
    }

    private func checkReceipts(_ house: House) -> Finding {
        switch house.receiptKey {
        case .success(let key): return Finding(.fine, "Receipts", "Signed with the public key \(hexadecimal(key)).")
        case .failure(let error):
            return Finding(
                .problem,
                "Receipts",
                (error as? any CodedError)?.description ?? "The key that signs them cannot be read.",
                remedy:
                    "Give back the ARAGORA_ENCRYPTION_KEYS, or the \(KeyFile.name) in the data directory, of before; "
                    + "`aragora serve` does not start without."
            )
        }
    }

    private func checkSecrets(_ house: House) async throws -> Finding {
        let needs = try await house.database.read { try house.sealedSecrets.needs(in: $0) }
        if needs.lost > 0 {
            let key = needs.missingKey.map { "the encryption key \($0)" } ?? "an encryption key"
            return Finding(
                .problem,
                "Secrets",
                "\(needs.lost) stored secrets need \(key), which is not configured.",
                remedy: "Put it behind the others in ARAGORA_ENCRYPTION_KEYS."
            )
        }
        let former = needs.values.filter { $0.key != house.sealedSecrets.currentKey }
        let needed = former.filter { $0.value > 0 }.keys.sorted()
        guard needed.isEmpty else {
            return Finding(
                .warning,
                "Secrets",
                "Some are still sealed with \(needed.joined(separator: ", ")).",
                remedy: "Start `aragora serve`, which seals them anew, before that key is taken away."
            )
        }
        return Finding(
            .fine,
            "Secrets",
            former.isEmpty
                ? "All are sealed with the encryption key \(house.sealedSecrets.currentKey)."
                : "None is sealed with \(former.keys.sorted().joined(separator: ", ")) any more. Buttons and links of requests "
                    + "that were asked before need it while they wait, and 90 days longer."
        )
    }

    private func checkAgents(_ house: House) async -> [Finding] {
        var findings: [Finding] = []
        if house.agents.isDemo {
            findings.append(
                Finding(
                    .warning,
                    "Panel",
                    "Offline demo agents only: they are no AI models.",
                    remedy: "Set a model key such as ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY."
                )
            )
        }
        for agent in house.agents.agents where !agent.profile.isDemo {
            let result = await house.agents.probe(agent)
            findings.append(
                Finding(
                    result.isUsable ? .fine : .problem,
                    "Agent \(agent.profile.name)",
                    result.description,
                    remedy: result.isUsable ? "" : "Check its key, its model and its base URL."
                )
            )
        }
        return findings
    }

    private func checkAdapters(_ house: House) async -> [Finding] {
        var findings: [Finding] = []
        if !house.adapters.contains(where: { $0.platform == SlackAdapter.platformName }) {
            findings.append(
                Finding(
                    .fine,
                    "Slack",
                    "Not configured, so it is not mounted.",
                    remedy: "integrations/slack/README.md has the five steps."
                )
            )
        }
        for adapter in house.adapters {
            if let adapter = adapter as? any DiagnosableChannel { findings += await adapter.diagnose() }
        }
        return findings
    }

    private func printFinding(_ finding: Finding) {
        let mark =
            switch finding.level {
            case .fine: "ok     "
            case .warning: "warning"
            case .problem: "PROBLEM"
            }
        printNow("\(mark)  \(finding.subject): \(finding.message)")
        if !finding.remedy.isEmpty { printNow("         -> \(finding.remedy)") }
    }
}
