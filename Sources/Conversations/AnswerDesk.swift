package import Channels
package import CoreTypes
import Debates
package import Persistence

/// Answers what people ask of the gateway itself, to them alone where the platform allows it.
package struct AnswerDesk: Sendable {
    let panel: any PanelSource
    let outbox: Outbox
    private let posts: DebatePosts
    private let answerPosts: AnswerPosts
    private let adapters: [String: any LinkingChannel]
    private let debates = DebateStore()
    private let inputs = DebateInputStore()
    private let journal: JournalStore
    private let receipts = ReceiptStore()
    private let events: DebateEvents
    private let time: any TimeSource

    /// Makes the desk.
    /// - Parameters:
    ///   - adapters: those whose messages have addresses are linked to.
    ///   - events: who hears which receipts are taken.
    package init(
        panel: any PanelSource,
        adapters: [any ChannelAdapter],
        outbox: Outbox,
        posts: DebatePosts,
        journal: JournalStore,
        events: any WorkspaceEventSink = NoSubscribers(),
        time: any TimeSource = SystemTime()
    ) {
        self.events = DebateEvents(sink: events)
        self.time = time
        self.panel = panel
        self.adapters = Dictionary(
            adapters.compactMap { $0 as? any LinkingChannel }.map { ($0.platform, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        self.journal = journal
        self.outbox = outbox
        self.posts = posts
        answerPosts = AnswerPosts(links: posts.links)
    }

    /// Answers one person with a line or two of Markdown.
    func reply(_ text: String, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        try reply(Post(body: text, fallbackText: text), event, in: transaction)
    }

    /// Answers one person, once for each thing that was done.
    func reply(_ post: Post, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        try say(post, key: Self.answerKey(of: event), event, in: transaction)
    }

    /// Tells somebody who sent files that nobody reads them, once and beside any other answer.
    /// - Returns: whether there are any.
    @discardableResult
    func tellOfFiles(_ event: InboundEvent, in transaction: borrowing Transaction) throws -> Bool {
        guard event.hasFiles, !event.actor.isBot else { return false }
        let text = "I cannot read files; paste the text that matters."
        let key = OutboxKey("\(event.originKey)/files")
        try say(Post(body: text, fallbackText: text), key: key, event, in: transaction)
        return true
    }

    private func say(
        _ post: Post,
        key: OutboxKey,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        var address = event.address
        address.person = event.actor.id
        address.trigger = nil
        try outbox.ephemeral(
            post,
            to: address,
            key: key,
            context: DeliveryContext(role: .answer, debate: nil).json,
            in: transaction
        )
    }

    /// Whether the person was answered already: a platform may tell of one thing twice, and what was done then must not
    /// be done once more.
    func hasAnswered(_ event: InboundEvent, in transaction: borrowing Transaction) throws -> Bool {
        try OutboxStore().resolve(Self.answerKey(of: event), workspace: event.workspace, in: transaction) != nil
    }

    private static func answerKey(of event: InboundEvent) -> OutboxKey { OutboxKey("\(event.originKey)/answer") }

    /// Answers somebody who decided something, or asks them for what is missing.
    func give(_ answer: HumanDecisionAnswer, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        switch answer {
        case .say(let post): try reply(post, event, in: transaction)
        case .ask(let form, let otherwise):
            var address = event.address
            address.person = event.actor.id
            try outbox.open(
                form,
                at: address,
                key: OutboxKey("\(event.originKey)/form"),
                context: DeliveryContext(role: .form, debate: nil, otherwise: otherwise).json,
                in: transaction
            )
        }
    }

    func noDecisions(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        try reply("Nobody is asked for approvals here.", event, in: transaction)
    }

    /// - Parameter isInDebate: whether it would else have become evidence for a debate that goes on.
    func explain(
        _ mistake: CommandMistake,
        isInDebate: Bool = false,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        let prefix = event.commandPrefix
        let suggestion = mistake.suggestion.map { "\nDid you mean `\(prefix)\(quotable($0))`?" } ?? ""
        let note = isInDebate ? "\nNothing was added to the debate: what becomes evidence is a sentence." : ""
        let isMessage = event.messageID != nil
        let again = isMessage ? "\nSend it again; edits are not read." : ""
        let text = "\(mistake.message)\(suggestion)\(note)\nAll commands: `\(prefix)help`\(again)"
        try reply(text, event, in: transaction)
    }

    func refuse(_ error: ConversationError, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        try reply(error.description, event, in: transaction)
    }

    func noSuchDebate(_ name: String?, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        let text =
            name.map {
                "No debate “\(clipped($0[...]))” was asked here or by you. `\(event.commandPrefix)recent` lists the newest "
                    + "ones."
            } ?? "No debate was asked here or by you yet. Start one with `\(event.commandPrefix)debate <question>`."
        try reply(text, event, in: transaction)
    }

    func help(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        try reply(answerPosts.help(prefix: event.commandPrefix, isDemo: isDemo), event, in: transaction)
    }

    /// The newest debates that somebody may see from where they are.
    func visibleDebates(
        to event: InboundEvent,
        limit: Int,
        in transaction: borrowing Transaction
    ) throws -> [DebateListing] {
        try debates.visible(
            workspace: event.workspace,
            channel: event.address.channel,
            person: event.actor.id,
            limit: limit,
            in: transaction
        )
    }

    /// The debates that go on and that somebody may see from where they are: their own ones, or else the others'.
    func runningDebates(
        near event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws -> [DebateListing] {
        let running = try debates.visible(
            workspace: event.workspace,
            channel: event.address.channel,
            person: event.actor.id,
            isRunning: true,
            limit: 100,
            in: transaction
        )
        let own = running.filter { $0.record.requestedBy == event.actor.id }
        return own.isEmpty ? running : own
    }

    /// Asks which of several debates is to be stopped.
    func askWhichToStop(
        _ candidates: [DebateListing],
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        var post = answerPosts.list(
            of: try candidates.prefix(Self.listed).map { ($0.record, try thread(of: $0.record, in: transaction)) },
            prefix: event.commandPrefix
        )
        post.title = "Several debates are running"
        post.footer = "`\(event.commandPrefix)stop <number>` stops one."
        post.fallbackText = "Several debates are running"
        try reply(post, event, in: transaction)
    }

    private static let listed = 10

    func recent(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        var items: [(debate: DebateRecord, thread: String?)] = []
        for listing in try visibleDebates(to: event, limit: Self.listed, in: transaction) {
            items.append((listing.record, try thread(of: listing.record, in: transaction)))
        }
        guard !items.isEmpty else { return try noSuchDebate(nil, event, in: transaction) }
        try reply(answerPosts.list(of: items, prefix: event.commandPrefix), event, in: transaction)
    }

    /// The address of the message that a debate's thread begins with, where the platform has such addresses.
    private func thread(of debate: DebateRecord, in transaction: borrowing Transaction) throws -> String? {
        guard let address = Address(json: debate.address), let adapter = adapters[address.platform] else { return nil }
        let first =
            if let thread = address.thread {
                thread
            } else if let key = address.threadOpenedBy {
                try outbox.messageID(of: key, workspace: debate.workspace, in: transaction)
            } else {
                nil as String?
            }
        return first.flatMap { adapter.permalink(of: $0, at: address) }
    }

    func agents(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        try reply(answerPosts.agents(panel.known), event, in: transaction)
    }

    func leaderboard(_ event: InboundEvent, in transaction: borrowing Transaction) throws {
        let standings = try debates.standings(workspace: event.workspace, in: transaction)
        try reply(answerPosts.leaderboard(standings), event, in: transaction)
    }

    func status(of debate: DebateRecord, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        let post = answerPosts.status(
            of: debate,
            try projection(of: debate, in: transaction),
            thread: try thread(of: debate, in: transaction),
            prefix: event.commandPrefix
        )
        try reply(post, event, in: transaction)
    }

    func verdict(of debate: DebateRecord, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        guard debate.status.isFinal else { return try status(of: debate, event, in: transaction) }
        let projection = try projection(of: debate, in: transaction)
        let late = try inputs.count(
            of: debate.id,
            workspace: debate.workspace,
            after: projection.evidenceCursor,
            in: transaction
        )
        try reply(posts.verdict(of: debate, projection, tokens: nil, late: late), event, in: transaction)
    }

    func details(of debate: DebateRecord, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        let projection = try projection(of: debate, in: transaction)
        guard !projection.isHeldBack else { return try refuseHeldBack(debate, event, in: transaction) }
        try reply(answerPosts.details(of: debate, projection), event, in: transaction)
    }

    private func refuseHeldBack(
        _ debate: DebateRecord,
        _ event: InboundEvent,
        in transaction: borrowing Transaction
    ) throws {
        let text = "What the panel said in debate #\(debate.number) was not released; the operator alone can read it."
        try reply(text, event, in: transaction)
    }

    func receipt(of debate: DebateRecord, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        guard let receipt = try receipts.find(debate.id, workspace: debate.workspace, in: transaction) else {
            return try reply("Debate #\(debate.number) has no receipt.", event, in: transaction)
        }
        guard try !projection(of: debate, in: transaction).isHeldBack else {
            return try refuseHeldBack(debate, event, in: transaction)
        }
        try reply(answerPosts.receipt(receipt.document, id: receipt.id, of: debate), event, in: transaction)
        try events.tellExport(
            of: debate,
            receiptID: receipt.id,
            to: "\(event.address.platform):\(event.actor.id)",
            key: event.originKey,
            at: time.now(),
            in: transaction
        )
    }

    func openQuestionForm(text: String, _ event: InboundEvent, in transaction: borrowing Transaction) throws {
        let otherwise =
            "The form could not be opened. Try again, or type `\(InboundEvent.slashPrefix)debate <question>`."
        let form = answerPosts.questionForm(question: text, agents: panel.known)
        try give(.ask(form, otherwise: Post(body: otherwise, fallbackText: otherwise)), event, in: transaction)
    }

    private var isDemo: Bool { panel.known.contains(where: \.isDemo) }

    /// What whoever goes on from a debate should know of it: what was asked, and how it ended, as far as everybody may
    /// know that.
    func background(from debate: DebateRecord, in transaction: borrowing Transaction) throws -> String {
        do {
            return try EarlierDebate(debate, projection(of: debate, in: transaction)).background
        } catch is DebateError {
            // A journal that cannot be read keeps nobody from asking on.
            return EarlierDebate(debate, nil).background
        }
    }

    private func projection(of debate: DebateRecord, in transaction: borrowing Transaction) throws -> DebateProjection {
        try journal.projection(of: debate.id, workspace: debate.workspace, in: transaction)
    }

    /// A text that can stand between backticks, whole where somebody may want to send it again.
    ///
    /// Scalar by scalar: to Swift, a backtick with a mark behind it is another character.
    private func quotable(_ text: String) -> String {
        let limit = text.isLonger(than: Self.longestSuggestion) ? Self.clippedSuggestion : Self.longestSuggestion
        let shown = text.shortened(to: limit)
        let plain = shown.unicodeScalars.map { scalar -> Unicode.Scalar in
            scalar == "`" || Character(scalar).isNewline ? " " : scalar
        }
        return String(String.UnicodeScalarView(plain))
    }

    /// Longer ones would bury what is wrong; they are copied from the message itself, mended and sent again.
    private static let longestSuggestion = 3000
    private static let clippedSuggestion = 300
}

extension DebateRecord {
    /// Whether somebody may see the debate from where they are: it was asked there, or by them.
    ///
    /// Channels may be private, and only the platform knows who is in them.
    func isVisible(to event: InboundEvent) -> Bool {
        requestedBy == event.actor.id || Address(json: address)?.channel == event.address.channel
    }
}
