package import Channels
package import CoreTypes

/// A platform to which verdicts are published.
///
/// A platform makes calls and says what came of them; whether and when something is tried again is decided elsewhere.
package protocol PublishingPlatform: Sendable {
    /// The platform's name in tables and paths, such as `x`.
    var name: String { get }

    /// Writes what would be published of a debate.
    /// - Throws: `PublicationError` where nothing can be made of it.
    func draft(_ outcome: DebateOutcome, options: JSONValue) throws -> JSONValue

    /// Checks content and takes it apart into steps, the same ones every time.
    /// - Throws: `PublicationError` for content that the platform would refuse.
    func plan(_ content: JSONValue) throws -> [PlannedPart]

    /// The content as people look at it before they release it, in Markdown.
    func preview(_ content: JSONValue) -> String

    /// The text that people may change before they release it; nil where nothing may be changed.
    func editableText(_ content: JSONValue) -> String?

    /// The content with another text.
    /// - Throws: `PublicationError` for a text that the platform would refuse.
    func edited(_ content: JSONValue, text: String) throws -> JSONValue

    /// Whether a step of this kind may be begun again after a crash without anything appearing twice.
    func isRepeatable(_ kind: String) -> Bool

    /// Whether a publication counts as out without a step of this kind.
    func isOptional(_ kind: String) -> Bool

    /// Does one step.
    func send(_ step: PublicationStep) async -> PartOutcome

    /// Finds out what became of a step of which nobody knows: one that is not repeatable, or any that is taken back.
    func reconcile(_ step: PublicationStep) async -> PartReconciliation

    /// Takes a step back; one that is gone already counts as taken back.
    func withdraw(_ step: PublicationStep) async -> PartOutcome

    /// Where a publication can be seen, once it is out.
    func url(of parts: [PublicationPart]) -> String?

    /// Checks the platform without publishing anything.
    func diagnose() async -> [Finding]
}

/// A step with what it needs to know.
package struct PublicationStep: Sendable {
    package let publication: Publication
    package let part: PublicationPart
    /// All parts of the publication, those before with their ids.
    package let parts: [PublicationPart]
    /// Writes down where the work stands, before it goes on; throws where somebody else has taken the work over.
    package let save: @Sendable (JSONValue) async throws -> Void

    /// Describes a step.
    package init(
        publication: Publication,
        part: PublicationPart,
        parts: [PublicationPart],
        save: @escaping @Sendable (JSONValue) async throws -> Void
    ) {
        self.publication = publication
        self.part = part
        self.parts = parts
        self.save = save
    }
}

/// What came of a step.
package enum PartOutcome: Sendable {
    /// Done; the platform's id of it, empty where it has none.
    case sent(remoteID: String)
    /// The platform is at work on it; to be asked again at the moment, or later.
    case waiting(until: Timestamp)
    /// Nothing was done: what earlier, repeatable steps had made is gone, and they have to be done anew.
    case lost(parts: [Int], PublishingFailure)
    /// A former try may have done it, and the platform can never tell.
    case untraceable(PublishingFailure)
    case failed(PublishingFailure)
}

/// What a platform says about a step of which nobody knows.
package enum PartReconciliation: Sendable {
    case sent(remoteID: String)
    case notSent
    /// It cannot be told now.
    case undecided(until: Timestamp)
    /// It can never be told.
    case impossible(PublishingFailure)

    /// What follows where the platform could not be asked.
    package init(_ failure: PublishingFailure, now: Timestamp) {
        self =
            switch failure.kind {
            case .limited(let until): .undecided(until: until)
            case .transient, .unknown: .undecided(until: now + .seconds(30))
            case .authentication: .undecided(until: now + .seconds(300))
            case .permanent: .impossible(failure)
            }
    }
}

/// A platform that makes files on this machine, which are of no use once a publication is over.
package protocol WorkingFiles: Sendable {
    /// The publications of which there are files here.
    func publicationsWithFiles() -> [PublicationID]

    /// Removes a publication's files.
    func removeFiles(of id: PublicationID)
}
