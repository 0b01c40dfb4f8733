import ArgumentParser
import Conversations
import CoreTypes
import Debates
import Logging
import Persistence

/// `aragora ask`: a debate in the terminal, with live progress.
struct AskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Debates a question in the terminal.",
        discussion: """
            The debate is stored like any other: the page lists it, and its receipt can be fetched later. Where it waits \
            for people, this waits too. The exit code is 0 only where the debate was completed, and 1 where it failed \
            or was stopped.
            """
    )

    @Argument(help: "The question; several words need no quotes.")
    var question: [String]

    @Option(help: "The rounds of criticism and revision, from 1 to 12.")
    var rounds: Int?

    @Option(help: "The agents on the panel, with commas between them.")
    var agents: String?

    @Option(help: "How the votes decide: majority, supermajority, unanimous or judge.")
    var consensus: String?

    @Option(help: "Writes the receipt to this file.")
    var receipt: String?

    @Flag(help: "Prints the verdict alone.")
    var quiet = false

    func run() async throws {
        try await reportingErrors {
            let settings = try Settings.loadFromProcess()
            let house = try await House.open(settings, logger: House.logger(level: .error), migrate: .refuse)
            let options = DebateOptions(
                rounds: rounds,
                agents: agents.map { $0.split(separator: ",").map { $0.lowercased() } },
                consensus: consensus?.lowercased()
            )
            let id = house.identifiers.next()
            let debate = try await house.debates.start(
                Question(
                    workspace: .local,
                    task: question.joined(separator: " "),
                    options: options,
                    platform: "terminal",
                    originKey: "terminal:\(id)",
                    conversationKey: "terminal:\(id)",
                    requestedBy: "terminal"
                )
            )
            try await house.running(debate.id) { try await follow(debate, in: house) }
        }
    }

    private func follow(_ debate: DebateRecord, in house: House) async throws {
        var script = TerminalScript(isQuiet: quiet)
        if debate.isDemo { printError(TerminalScript.demoNotice) }
        let follower = house.debates.drafts.follow(debate.id, workspace: debate.workspace)
        var foot = quiet ? nil : TerminalDraft()
        var journal = JournalReader()
        var sequence = 0
        var status: DebateStatus?
        while status == nil {
            let rows = try await house.debates.entries(
                of: debate.id,
                workspace: debate.workspace,
                after: sequence,
                limit: 500
            )
            if !rows.isEmpty { foot?.clear() }
            for row in rows {
                let entry = try journal.read(row.bytes)
                for line in script.lines(for: entry.event) { printNow(line) }
                sequence = row.sequence
                if case .breakpoint = entry.event { printError(TerminalScript.waitingNotice) }
                if case .debateEnd(let result) = entry.event { status = result.status }
            }
            guard status == nil, rows.isEmpty else { continue }
            foot?.show(follower.drafts)
            if try await house.debates.findAnywhere(debate.id)?.status == .failed {
                throw SettingsError("The debate failed; `aragora doctor` and the log say more.")
            }
            try await house.time.sleep(for: .milliseconds(150))
        }
        if let receipt {
            guard let document = try await house.debates.receipt(of: debate.id, workspace: debate.workspace) else {
                throw SettingsError("The debate has no receipt.")
            }
            try writeFile(document, to: receipt)
            printError("Receipt: \(receipt) (check it with `aragora receipt verify \(receipt)`)")
        }
        printError("Debate #\(debate.number), id \(debate.id).")
        if status != .completed { throw ExitCode.failure }
    }
}
