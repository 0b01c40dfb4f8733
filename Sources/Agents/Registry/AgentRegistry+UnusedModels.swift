extension AgentRegistry {
    /// The settings that name a model of a provider that nothing switches on, each with the setting that would.
    package static func unusedModels(in configuration: [String: String]) -> [(model: String, missing: String)] {
        func isSet(_ variable: String) -> Bool { !(configuration[variable] ?? "").isEmpty }
        return ModelProvider.all.compactMap { provider in
            // OpenAI's address alone means a compatible server.
            let isServer = provider.baseURL == nil || provider.name == "openai"
            guard let model = provider.modelVariables.first(where: isSet),
                !provider.keyVariables.contains(where: isSet),
                !(isServer && provider.baseVariables.contains(where: isSet)),
                let missing = (provider.baseURL == nil ? provider.baseVariables : provider.keyVariables).first
            else { return nil }
            return (model: model, missing: missing)
        }
    }
}
