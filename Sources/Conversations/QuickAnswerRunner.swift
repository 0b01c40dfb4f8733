package import Channels
package import CoreTypes
import Debates
package import Logging
package import Persistence

/// Runs the jobs of `ask`: one agent answers, without rounds, and the waiting message becomes the answer.
package struct QuickAnswerRunner: Sendable {
    private let database: any Database
    private let panel: any PanelSource
    private let outbox: Outbox
    private let time: any TimeSource
    private let backgrounds: ThreadBackgrounds
    private let queue = JobQueue()

    /// Makes a runner.
    package init(
        database: any Database,
        panel: any PanelSource,
        adapters: [any ChannelAdapter],
        outbox: Outbox,
        time: any TimeSource,
        logger: Logger
    ) {
        backgrounds = ThreadBackgrounds(
            adapters: Dictionary(adapters.map { ($0.platform, $0) }, uniquingKeysWith: { first, _ in first }),
            logger: logger
        )
        self.database = database
        self.panel = panel
        self.outbox = outbox
        self.time = time
    }

    /// What a job worker does for quick answers.
    package var handler: JobWorker.Handler {
        JobWorker.Handler(
            run: { job, _ in try await run(job) },
            giveUp: { job, reason, transaction in
                let text = "No answer: \(reason)"
                try reply(Post(body: text, fallbackText: text), for: job, in: transaction)
            }
        )
    }

    private func run(_ job: ClaimedJob) async throws {
        let question = job.payload["question"]?.string ?? ""
        guard let agent = try panel.panel(named: job.payload["agent"]?.string.map { [$0] }).first else {
            throw ConversationError(.invalidAgents, "The agent is not configured any more.")
        }
        let background = await backgrounds.background(
            of: question,
            given: job.payload["background"]?.string ?? "",
            asked: job.payload["address"].flatMap { Address(json: $0) },
            in: job.payload["asked_in"]?.string
        )
        let briefing = Briefing(task: question, background: background)
        let request = GenerateRequest(purpose: .answer, briefing: briefing)
        let answer = try await agent.generate(request, call: AgentCall(key: "\(job.id)/answer"))
        try await database.write { transaction in
            try queue.complete(JobClaim(id: job.id, fence: job.fence), now: time.now(), in: transaction)
            try reply(
                QuickAnswerPosts.answer(question, answer: answer.value, agent: agent.profile),
                for: job,
                in: transaction
            )
        }
        await database.notify(.outbox)
    }

    private func reply(_ post: Post, for job: ClaimedJob, in transaction: borrowing Transaction) throws {
        guard var address = job.payload["address"].flatMap({ Address(json: $0) }),
            let message = job.payload["message"]?.string
        else { return }
        // What the message cannot hold stands in its thread: beside it, others' messages would fall in between.
        if address.thread == nil { address.threadOpenedBy = OutboxKey(message) }
        try outbox.edit(
            target: OutboxKey(message),
            post: post,
            address: address,
            key: OutboxKey("\(job.id)/answer"),
            context: DeliveryContext(role: .quickAnswer, debate: nil).json,
            in: transaction
        )
    }
}
