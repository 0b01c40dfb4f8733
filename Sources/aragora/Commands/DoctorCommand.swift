import Agents
import ArgumentParser
import Channels
import Conversations
import CoreTypes
import Debates
import Logging
import Persistence
import Publishing
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
            let settings = try await Settings.loadFromProcess()
            let house = try await House.open(settings, logger: House.logger(level: .critical), migrate: .ignore)
            var findings = await checkDatabase(house)
            findings += [
                Finding(
                    settings.apiToken == nil ? .warning : .fine,
                    "API",
                    settings.apiToken == nil
                        ? "No token is set: only this machine may use the API." : "A token is set.",
                    remedy: settings.apiToken == nil ? "Set ARAGORA_API_TOKEN to let other machines in." : ""
                )
            ]
            if !findings.contains(where: { $0.subject == "Schema" && $0.level != .fine || $0.level == .problem }) {
                findings.append(
                    Finding(.fine, "Receipts", "Signed with the public key \(hexadecimal(house.signer.publicKey)).")
                )
            }
            findings += await checkAgents(house)
            findings += await checkAdapters(house)
            findings += await house.publishing.diagnose()
            house.transport.shutdown()
            await house.database.close()
            for finding in findings { printFinding(finding) }
            if findings.contains(where: { $0.level == .problem }) { throw ExitCode(1) }
        }
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
            if let skew = try await clockSkew(house) {
                let isFine = abs(skew.milliseconds) < 2_000
                findings.append(
                    Finding(
                        isFine ? .fine : .problem,
                        "Clock",
                        isFine
                            ? "Agrees with the database's." : "Differs from the database's by \(skew.milliseconds) ms.",
                        remedy: isFine ? "" : "Synchronise this machine's clock: leases depend on it."
                    )
                )
            }
        } catch {
            let description = (error as? any CodedError)?.description ?? "It cannot be reached."
            findings.append(Finding(.problem, "Database", description, remedy: "Check DATABASE_URL and that it runs."))
        }
        return findings
    }

    private func clockSkew(_ house: House) async throws -> Duration? {
        guard house.database.dialect == .postgres else { return nil }
        let rows = try await house.database.run(
            "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as moment"
        )
        return try rows.first.map { house.time.now() - (try $0.timestamp("moment")) }
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
                remedy: inbox.givenUp == 0 ? "" : "See last_error in the table inbox where status is 2."
            )
        ] + outbox
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
        guard !house.adapters.isEmpty else {
            return [
                Finding(
                    .fine,
                    "Slack",
                    "Not configured, so it is not mounted.",
                    remedy: "integrations/slack/README.md has the five steps."
                )
            ]
        }
        var findings: [Finding] = []
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
