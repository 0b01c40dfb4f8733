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
        let findings = await diagnose()
        for finding in findings { printFinding(finding) }
        if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
    }

    private func diagnose() async -> [Finding] {
        let settings: Settings
        do {
            settings = try Settings.loadFromProcess()
        } catch {
            return [Finding(.problem, "Settings", text(of: error), remedy: "Mend that line or variable.")]
        }
        let mistakes = settings.mistakes()
        var findings = mistakes.map { Finding(.problem, "Settings", $0, remedy: "Mend that setting.") }
        let house: House
        do {
            house = try await House.open(settings, logger: House.logger(level: .critical), migrate: .ignore)
        } catch {
            let reason = text(of: error)
            if !mistakes.contains(reason) {
                findings.append(
                    Finding(.problem, "Start", reason, remedy: "`aragora serve` does not start until that is mended.")
                )
            }
            return findings + (await checkWithoutHouse(settings, known: reason))
        }
        do {
            try await check(house, &findings)
        } catch {
            findings.append(Finding(.problem, "Database", text(of: error), remedy: "Run `aragora doctor` once more."))
        }
        house.shutdown()
        await house.database.close()
        return findings
    }

    private func check(_ house: House, _ findings: inout [Finding]) async throws {
        findings += await checkDatabase(house)
        findings.append(checkToken(house.settings, isPublic: try house.isPublic))
        findings += try checkReleases(house.settings)
        findings += try await checkApprovers(house)
        // What is wrong with the database has findings of its own.
        if !findings.contains(where: { ["Database", "Schema"].contains($0.subject) && $0.level != .fine }) {
            let receipts = try await checkReceipts(house)
            findings.append(receipts)
            // A key that does not open the first secret opens none of its name.
            if receipts.level == .fine { findings.append(try await checkSecrets(house)) }
        }
        findings += await checkAgents(house.agents, house.settings)
        findings += await checkAdapters(house)
        findings += await house.publishing.diagnose()
    }

    /// What can be said of an installation that does not open, for a reason that was said already.
    private func checkWithoutHouse(_ settings: Settings, known reason: String) async -> [Finding] {
        let isPublic = ["ARAGORA_PUBLIC_URL", "SLACK_SIGNING_SECRET"].contains { settings.values[$0] != nil }
        var findings = [checkToken(settings, isPublic: isPublic)]
        findings += (try? checkReleases(settings)) ?? []
        findings += checkSlackSecret(settings)
        let logger = House.logger(level: .critical)
        let transport = HTTPClient(logger: logger)
        do {
            let agents = try AgentRegistry(configuration: settings.values, transport: transport, logger: logger)
            findings += await checkAgents(agents, settings)
        } catch {
            let words = text(of: error)
            if words != reason { findings.append(Finding(.problem, "Panel", words, remedy: "Mend that setting.")) }
        }
        transport.shutdown()
        return findings
    }

    private func text(of error: any Error) -> String {
        (error as? any CodedError)?.description ?? "Something went wrong: \(String(reflecting: type(of: error)))."
    }

    private func checkToken(_ settings: Settings, isPublic: Bool) -> Finding {
        guard settings.apiToken == nil else { return Finding(.fine, "API", "A token is set.") }
        let remedy = "Set ARAGORA_API_TOKEN to a long random text, such as the output of `openssl rand -hex 32`."
        guard !isPublic else {
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
                    remedy: "Connect the platform to one workspace, or name them with theirs, such as "
                        + "slack:T012:U012; a bot token's is known once `aragora serve` ran."
                )
            )
        }
        return findings
    }

    private func checkReleases(_ settings: Settings) throws -> [Finding] {
        let triggers = try settings.debateDefaults().breakpoints.triggers
        guard triggers.contains(.release), try settings.approvers("ARAGORA_BREAKPOINT_APPROVERS").isEmpty else {
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
            try await house.database.tryWriting()
        } catch let error as DatabaseError where error.reason == .migration {
            findings.append(Finding(.fine, "Database", "\(house.database.dialect.rawValue) answers."))
            findings.append(Finding(.problem, "Schema", error.description))
        } catch {
            let isFull = (error as? DatabaseError)?.reason == .full
            findings.append(
                Finding(
                    .problem,
                    "Database",
                    text(of: error),
                    remedy: isFull ? "" : "Check that the database runs, and ARAGORA_DATA_DIR or DATABASE_URL."
                )
            )
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

    private func checkReceipts(_ house: House) async throws -> Finding {
        switch house.receiptKey {
        case .success(let key):
            let keys = try await house.database.read { try house.signingKeys.keys(in: $0) }
            let former = keys.filter { $0.publicKey != key }.map { hexadecimal($0.publicKey) }
            return Finding(
                .fine,
                "Receipts",
                "Signed with the public key \(hexadecimal(key))."
                    + (former.isEmpty ? "" : " Older ones: with \(former.joined(separator: ", ")).")
            )
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

    private func checkAgents(_ agents: AgentRegistry, _ settings: Settings) async -> [Finding] {
        var findings = AgentRegistry.unusedModels(in: settings.values).map { model, missing in
            Finding(
                .warning,
                "Panel",
                "\(model) is set, but its model takes no seat: \(missing) is not set.",
                remedy: "Set \(missing), or take \(model) away."
            )
        }
        if agents.isDemo {
            findings.append(
                Finding(
                    .warning,
                    "Panel",
                    "Offline demo agents only: they are no AI models.",
                    remedy: "Set a model key such as ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY."
                )
            )
        }
        for agent in agents.agents where !agent.profile.isDemo {
            let result = await agents.probe(agent)
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
        var findings = checkSlackSecret(house.settings)
        if findings.isEmpty, !house.adapters.contains(where: { $0.platform == SlackAdapter.platformName }) {
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

    private func checkSlackSecret(_ settings: Settings) -> [Finding] {
        guard let (message, remedy) = SlackConfiguration.withoutSecret(settings.values) else { return [] }
        return [Finding(.problem, "Slack", message, remedy: remedy)]
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
