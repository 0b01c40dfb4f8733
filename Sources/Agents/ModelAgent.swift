package import CoreTypes

/// A panel member that a model speaks for.
package struct ModelAgent: Agent {
    package let profile: AgentProfile
    private let client: any ModelClient
    private let prompts: PromptBuilder
    private let parser: ReplyParser

    /// Puts a model on the panel.
    package init(profile: AgentProfile, client: any ModelClient, prompts: PromptBuilder) {
        self.profile = profile
        self.client = client
        self.prompts = prompts
        parser = ReplyParser(agent: profile.name)
    }

    package func generate(_ request: GenerateRequest, call: AgentCall) async throws -> Reply<String> {
        let completion = try await complete(prompts.prompt(for: request), call)
        return try reply(to: completion) { text throws(AgentError) in
            var text = try parser.text(text)
            if completion.isTruncated { text += "\n\n[The answer ends here at the model's output limit.]" }
            return text
        }
    }

    package func critique(_ request: CritiqueRequest, call: AgentCall) async throws -> Reply<Critique> {
        let completion = try await complete(prompts.prompt(for: request), call)
        return try reply(to: completion) { text throws(AgentError) in
            try parser.critique(text, target: request.target.agent)
        }
    }

    package func vote(_ request: VoteRequest, call: AgentCall) async throws -> Reply<Vote> {
        let completion = try await complete(prompts.prompt(for: request), call)
        return try reply(to: completion) { text throws(AgentError) in
            try parser.vote(text, among: request.proposals)
        }
    }

    /// Reads an answer; one that cannot be read has been paid for all the same.
    private func reply<Value>(
        to completion: Completion,
        _ read: (String) throws(AgentError) -> Value
    ) throws(AgentError) -> Reply<Value> {
        do {
            return Reply(try read(completion.text), usage: completion.usage)
        } catch {
            throw error.adding(completion.usage)
        }
    }

    private func complete(_ prompt: Prompt, _ call: AgentCall) async throws -> Completion {
        try await client.complete(
            ModelRequest(
                prompt: prompt,
                key: call.key,
                maximumOutputTokens: call.maximumOutputTokens,
                deadline: call.deadline,
                // A form that is half filled in is nothing to look at.
                listener: prompt.shape == .text ? call.listener : nil
            )
        )
    }
}
