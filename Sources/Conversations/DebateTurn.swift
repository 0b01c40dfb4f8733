import Debates
import Persistence

/// One job's run of a debate: what it was taken up with.
final class DebateTurn: Sendable {
    let job: ClaimedJob
    let record: DebateRecord
    let settings: DebateSettings
    let people: PeopleNames
    let entries: [JournalEntry]
    let waiting: DebateBreakpoint?
    let resolution: BreakpointResolution?
    let arena: Arena
    let journal: JobJournal
    let reports: ProgressReporter.Reports

    init(
        job: ClaimedJob,
        record: DebateRecord,
        settings: DebateSettings,
        people: PeopleNames,
        entries: [JournalEntry],
        waiting: DebateBreakpoint?,
        resolution: BreakpointResolution?,
        arena: Arena,
        journal: JobJournal,
        reports: ProgressReporter.Reports
    ) {
        self.job = job
        self.record = record
        self.settings = settings
        self.people = people
        self.entries = entries
        self.waiting = waiting
        self.resolution = resolution
        self.arena = arena
        self.journal = journal
        self.reports = reports
    }
}
