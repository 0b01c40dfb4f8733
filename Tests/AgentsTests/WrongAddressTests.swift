import Agents
import CoreTypes
import Logging
import TestSupport
import Testing
import Transport

/// Servers that answer and are not the API that is meant.
@Suite("Wrong addresses")
struct WrongAddressTests {
    private let prompt = PromptBuilder(name: "x").prompt(
        for: GenerateRequest(purpose: .answer, briefing: Briefing(task: "Why?"))
    )

    private func client(_ transport: CannedTransport) -> OpenAIClient {
        let endpoint = ModelEndpoint(
            provider: "P",
            baseURL: "http://127.0.0.1:1",
            model: "m",
            addressAdvice: "Check THE_ADDRESS."
        )
        return OpenAIClient(endpoint: endpoint, transport: transport, time: SystemTime())
    }

    private static let page = "\n<!doctype html>\n<title>Open WebUI</title>\n"
    private static let unknown = "P answered with an unknown text and not with its API. Check THE_ADDRESS."
    private static let missing = "P has no such address (404). Check THE_ADDRESS."
    private static let openAI = #"{"error":{"type":"invalid_request_error","message":"Invalid URL (POST /c)"}}"#
    private static let studio = #"{"error":"Unexpected endpoint or method. (POST /c)"}"#

    /// Status, type and body of what comes, and what is said of it.
    private static let answers: [(Int, String, String, String)] = [
        (200, "text/html", page, "P answered with a web page and not with its API. Check THE_ADDRESS."),
        (200, "application/json", #"{"detail":"Hello"}"#, unknown),
        (200, "text/plain", "Ollama is running", unknown),
        (
            200, "application/json", studio,
            "P has no such address. Check THE_ADDRESS. It says: “Unexpected endpoint or method. (POST /c)”"
        ),
        (404, "text/plain", "404 page not found", missing),
        (404, "text/html", page, missing),
        (404, "application/json", #"{"detail":"Not Found"}"#, missing),
        (405, "text/html", page, "P has no such address (405). Check THE_ADDRESS."),
        (
            404, "application/json", openAI,
            "P has no such address (404 invalid_request_error). Check THE_ADDRESS. It says: “Invalid URL (POST /c)”"
        ),
    ]

    @Test(
        "What is no API is asked once, costs nothing, and the setting of its address is named",
        arguments: answers
    )
    func noAPI(status: Int, type: String, body: String, text: String) async {
        let transport = CannedTransport(status: status, type: type, [body])
        let client = RetryingClient(
            client(transport),
            time: ManualTime(isAutomatic: true),
            jitter: FixedJitter()
        )
        let error = await #expect(throws: AgentError.self) {
            try await client.complete(ModelRequest(prompt: prompt, key: "1"))
        }
        #expect(error?.reason == .badRequest)
        #expect(error?.description == text)
        #expect(error?.usage == Usage())
        #expect(transport.calls.value == 1)
    }

    @Test("An unknown model is still told from an unknown address")
    func unknownModel() async {
        let body = #"{"error":{"type":"api_error","message":"model 'm' not found, try pulling it first"}}"#
        let client = client(CannedTransport(status: 404, type: "application/json", [body]))
        let error = await #expect(throws: AgentError.self) {
            try await client.complete(ModelRequest(prompt: prompt, key: "1"))
        }
        #expect(
            error?.description
                == "P does not know the model m (404 api_error). It says: “model 'm' not found, try pulling it first”"
        )
    }

    @Test(
        "An answer in one piece is read whatever it is called",
        arguments: ["text/plain", "application/octet-stream"]
    )
    func wholeAnswer(type: String) async throws {
        let pieces = [
            "{\n\"choices\": [{\"message\": {\"content\": \"The", "re.\"},\n\"finish_reason\": \"stop\"}]}\n",
        ]
        let client = client(CannedTransport(type: type, pieces))
        #expect(try await client.complete(ModelRequest(prompt: prompt, key: "1")).text == "There.")
    }

    @Test("A stream is read whatever it is called")
    func stream() async throws {
        let event = #"data: {"choices":[{"delta":{"content":"There."}}]}"# + "\n\n"
        let client = client(CannedTransport(type: "text/plain", [": wait\n\n", event, "data: [DONE]\n\n"]))
        #expect(try await client.complete(ModelRequest(prompt: prompt, key: "1")).text == "There.")
    }

    @Test(
        "A list of models that is not there says which setting holds the address",
        arguments: [
            (200, page, "Ollama answered with a web page and not with its API."),
            (404, "404 page not found", "Ollama has no such address (404)."),
        ]
    )
    func listing(status: Int, body: String, text: String) async throws {
        let registry = try AgentRegistry(
            configuration: ["OLLAMA_BASE_URL": "http://127.0.0.1:1", "OLLAMA_MODEL": "m"],
            transport: CannedTransport(status: status, type: "text/html", [body]),
            time: ManualTime(),
            jitter: FixedJitter(),
            logger: Logger(label: "test")
        )
        let result = await registry.probe(try #require(registry.agents.first))
        #expect(result.outcome == .failed)
        #expect(result.description == "\(text) Check OLLAMA_BASE_URL, which usually ends in /v1.")
    }

    @Test("No list is asked for a model, so a page that is missing there is always the address")
    func missingList() async {
        let body = #"{"error":{"type":"not_found_error","message":"no such page"}}"#
        let client = client(CannedTransport(status: 404, type: "application/json", [body]))
        let error = await #expect(throws: AgentError.self) { try await client.models() }
        #expect(
            error?.description
                == "P has no such address (404 not_found_error). Check THE_ADDRESS. It says: “no such page”"
        )
    }
}
