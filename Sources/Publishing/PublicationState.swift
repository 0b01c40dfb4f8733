/// Where a publication stands.
package enum PublicationState: String, Sendable, CaseIterable {
    /// Written, and seen by nobody.
    case drafted
    /// Shown to those who may release it.
    case previewed
    /// It may go out.
    case released
    /// Parts of it are on their way.
    case sending
    case published
    /// A part was refused; what is before it is out.
    case failed
    /// It cannot be told whether a part is out; somebody has to look.
    case unknown
    /// It is being taken back.
    case withdrawing
    case withdrawn

    /// What happens to a publication.
    package enum Step: String, Sendable, CaseIterable {
        case revise, preview, release, begin, finish, fail, loseTrack, retry, withdraw, finishWithdrawal
    }

    /// The state after a step; nil where the step makes no sense.
    package func after(_ step: Step) -> PublicationState? {
        switch (self, step) {
        case (.drafted, .revise), (.previewed, .revise): .drafted
        case (.drafted, .preview), (.previewed, .preview): .previewed
        case (.previewed, .release): .released
        case (.released, .begin), (.sending, .begin): .sending
        case (.sending, .finish): .published
        case (.sending, .fail): .failed
        case (.sending, .loseTrack): .unknown
        // What is unknown is asked for again, not sent again.
        case (.failed, .retry), (.unknown, .retry): .released
        case (.withdrawing, .retry): .withdrawing
        // Nothing is out yet.
        case (.drafted, .withdraw), (.previewed, .withdraw): .withdrawn
        // Parts may be out, or on their way: whoever works on it stops before the next one.
        case (.released, .withdraw), (.sending, .withdraw), (.published, .withdraw): .withdrawing
        case (.failed, .withdraw), (.unknown, .withdraw): .withdrawing
        case (.withdrawing, .finishWithdrawal): .withdrawn
        default: nil
        }
    }

    /// Whether nothing more happens by itself.
    package var isSettled: Bool {
        switch self {
        case .released, .sending, .withdrawing: false
        default: true
        }
    }
}
