import CoreTypes
import DatabaseSupport
import Foundation
import TestSupport
import Testing
import Transport

@Suite("The commands, from a question to a thread")
struct CommandTests {
    @Test("ask, draft, preview, release: the thread is at the emulated X, once")
    func published() async throws {
        try await withTemporaryDirectory { directory in
            let (emulator, settings) = try await emulated("x", settings: 7)
            defer { emulator.send(SIGTERM) }
            var environment = settings
            environment["ARAGORA_DATA_DIR"] = "\(directory)/data"
            func run(_ arguments: String...) async throws -> String {
                let (exit, output) = try await GatewayProcess.run(arguments, environment: environment)
                try #require(exit == .exited(0), "\(arguments): \(output)")
                return output
            }
            _ = try await run("ask", "Should we move to four-day weeks?", "--rounds", "1")
            let drafted = try await run("publish", "draft", "1", "--to", "x")
            let id = String(try #require(drafted.split(separator: " ").first))
            // Nothing goes out that nobody has looked at.
            let early = try await GatewayProcess.run(["publish", "release", id], environment: environment)
            #expect(early.exit == .exited(1))
            #expect(try await run("publish", "preview", id).contains("Should we move to four-day weeks?"))
            let released = try await run("publish", "release", id, "--wait")
            #expect(released.contains("published"))
            #expect(released.contains("https://x.com/i/status/"))

            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            let base = try #require(environment["X_API_URL"])
            let posts = try JSONValue(parsing: try await client.send(HTTPRequest(url: "\(base)/emulator/posts")).body)
            let texts = (posts.array ?? []).compactMap { $0["text"]?.string }
            #expect(texts.first?.hasPrefix("Should we move to four-day weeks?") == true)
            #expect(Set(texts).count == texts.count)
            #expect(
                try await run("publish", "status", id).components(separatedBy: ". post  sent").count == texts.count + 1
            )
            #expect(try await run("doctor").contains("X: Connected as @emulated."))
        }
    }

    @Test("ask, draft, preview, release: the rendered video is at the emulated YouTube, once")
    func video() async throws {
        try await withTemporaryDirectory { directory in
            let (emulator, settings) = try await emulated("youtube", settings: 3)
            defer { emulator.send(SIGTERM) }
            let environment = settings.merging([
                "ARAGORA_DATA_DIR": "\(directory)/data", "ARAGORA_PUBLIC_URL": "https://aragora.example.com",
                "PATH": "/usr/bin:/bin", "ARAGORA_API_TOKEN": String(repeating: "secret", count: 8),
            ]) { $1 }
            func run(_ arguments: String...) async throws -> String {
                let (exit, output) = try await GatewayProcess.run(arguments, environment: environment)
                try #require(exit == .exited(0), "\(arguments): \(output)")
                return output
            }
            let asked = try await run("ask", "Tabs or spaces?", "--rounds", "1")
            let mark = try #require(asked.range(of: ", id "))
            let debate = String(asked[mark.upperBound...].prefix { $0 != "." })
            let drafted = try await run("publish", "draft", debate, "--to", "youtube")
            let id = String(try #require(drafted.split(separator: " ").first))

            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            // The channel is connected through a running gateway.
            let gateway = try await GatewayProcess.start(environment: environment)
            let address = try await run("publish", "connect", "youtube").split(separator: "\n").last
            let agreed = try await client.send(HTTPRequest(url: String(try #require(address))))
            let query = try #require(agreed.header("location")).split(separator: "?", maxSplits: 1)[1]
            let callback = "\(gateway.url)/api/v1/integrations/youtube/callback?\(query)"
            #expect(try await client.send(HTTPRequest(url: callback)).status == 200)
            #expect(try await gateway.terminate() == .exited(0))

            #expect(try await run("publish", "preview", id).contains("Tabs or spaces?"))
            let released = try await run("publish", "release", id, "--wait")
            #expect(released.contains("https://www.youtube.com/watch?v="))
            for part in ["render", "video", "thumbnail", "captions", "processing"] {
                #expect(released.contains(". \(part)  sent"), "\(part)")
            }
            let base = try #require(environment["YOUTUBE_API_URL"])
            let answer = try await client.send(HTTPRequest(url: "\(base)/emulator/videos"))
            let videos = try JSONValue(parsing: answer.body).array ?? []
            #expect(videos.map { $0["snippet"]?["title"] } == ["Tabs or spaces?"])
            // What was rendered is not needed any more.
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory)/data/publications").isEmpty)
            let findings = try await run("doctor")
            #expect(findings.contains("YouTube: Connected as Emulated channel."))
            #expect(findings.contains("YouTube quota: 99 of 100 uploads and 95"))
        }
    }

    /// Starts `aragora emulate`, and reads the settings that it prints, of which there are so many.
    private func emulated(_ platform: String, settings count: Int) async throws
        -> (process: ChildProcess, settings: [String: String])
    {
        let emulator = try ChildProcess(GatewayProcess.executable, ["emulate", platform, "--port", "0"])
        let settings = try await eventually("the emulator's settings") { () -> [String: String]? in
            let lines = emulator.output.split(separator: "\n").filter { $0.hasPrefix("\(platform.uppercased())_") }
            guard lines.count == count else { return nil }
            return Dictionary(
                uniqueKeysWithValues: lines.map { line in
                    let halves = line.split(separator: "=", maxSplits: 1)
                    return (String(halves[0]), String(halves[1]))
                }
            )
        }
        return (emulator, settings)
    }

    @Test("The same over HTTP: the gateway sends what was released, and connects accounts")
    func overHTTP() async throws {
        try await withTemporaryDirectory { directory in
            let (emulator, settings) = try await emulated("x", settings: 7)
            defer { emulator.send(SIGTERM) }
            let environment = settings.merging([
                "ARAGORA_DATA_DIR": "\(directory)/data", "ARAGORA_PUBLIC_URL": "https://aragora.example.com",
                "ARAGORA_API_TOKEN": "the-operators-token",
            ]) { $1 }
            let asked = try await GatewayProcess.run(
                ["ask", "Tabs or spaces?", "--rounds", "1"],
                environment: environment
            )
            let mark = try #require(asked.output.range(of: ", id "))
            let debate = String(asked.output[mark.upperBound...].prefix { $0 != "." })
            let gateway = try await GatewayProcess.start(environment: environment)
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            func call(_ method: String, _ path: String, _ body: JSONValue? = nil, key: String = "k1") async throws -> (
                Int, JSONValue
            ) {
                let response = try await client.send(
                    HTTPRequest(
                        method: method,
                        url: "\(gateway.url)/api/v1\(path)",
                        headers: [("authorization", "Bearer the-operators-token")]
                            + (body == nil ? [] : [("content-type", "application/json"), ("idempotency-key", key)]),
                        body: body?.bytes ?? []
                    )
                )
                return (response.status, (try? JSONValue(parsing: response.body)) ?? .null)
            }
            let request: JSONValue = ["debate_id": .string(debate), "platform": "x"]
            let (created, publication) = try await call("POST", "/publications", request)
            #expect(created == 201)
            let id = try #require(publication["id"]?.string)
            #expect(try await call("POST", "/publications", request).1["id"]?.string == id)
            var other = request
            other["options"] = ["text": "Something else."]
            #expect(try await call("POST", "/publications", other).0 == 409)
            // The gateway's own pages are not for the public.
            let content = try #require(try await call("GET", "/publications/\(id)").1["content"])
            #expect(!content.text.contains("aragora.example.com"))
            // Over HTTP no file of the machine can be named.
            var withFile = request
            withFile["options"] = ["media": [["path": "/etc/hostname.png"]]]
            #expect(try await call("POST", "/publications", withFile).0 == 400)
            #expect(try await call("POST", "/publications/\(id)/release", ["content_hash": "x"]).0 == 409)
            let preview = try await call("POST", "/publications/\(id)/preview", [:]).1
            #expect(preview["preview"]?.string?.contains("Tabs or spaces?") == true)
            let hash = try #require(preview["content_hash"])
            #expect(try await call("POST", "/publications/\(id)/release", ["content_hash": "other"]).0 == 409)
            #expect(try await call("POST", "/publications/\(id)/release", ["content_hash": hash]).0 == 202)
            let url = try await eventually("the publication's address") {
                let found = try await call("GET", "/publications/\(id)").1
                return found["state"]?.string == "published" ? found["url"]?.string : nil
            }
            #expect(url.hasPrefix("https://x.com/i/status/"))
            #expect(try await call("GET", "/publications").1["total"] == 1)
            #expect(try await call("GET", "/publications/nothing").0 == 404)

            try await approvalsRelease(debate) { try await call($0, $1, $2, key: "\($2.hashValue)") }

            let authorize = try #require(try await call("GET", "/integrations/x/connect").1["authorize_url"]?.string)
            #expect(authorize.hasPrefix("\(try #require(settings["X_API_URL"]))/i/oauth2/authorize?response_type=code"))
            #expect(authorize.contains("code_challenge_method=S256"))
            // With another way's state nobody connects anything.
            #expect(try await call("GET", "/integrations/x/callback?state=guess&code=code-1").0 == 400)
            let agreed = try await client.send(HTTPRequest(url: authorize))
            let query = try #require(agreed.header("location")).split(separator: "?", maxSplits: 1)[1]
            #expect(try await call("GET", "/integrations/x/callback?\(query)").0 == 200)
            #expect(try await gateway.terminate() == .exited(0))
        }
    }

    private typealias Call = (String, String, JSONValue?) async throws -> (Int, JSONValue)

    /// The inbox of approvals decides what goes out, and nothing else does.
    private func approvalsRelease(_ debate: String, _ call: Call) async throws {
        func waiting() async throws -> [JSONValue] {
            try await call("GET", "/approvals?status=pending", nil).1["items"]?.array ?? []
        }
        func previewed(_ text: String) async throws -> (publication: String, approval: String) {
            let options: JSONValue = ["text": .string(text)]
            let request: JSONValue = ["debate_id": .string(debate), "platform": "x", "options": options]
            let id = try #require(try await call("POST", "/publications", request).1["id"]?.string)
            let shown = try await call("POST", "/publications/\(id)/preview", [:]).1
            return (id, try #require(shown["approval_id"]?.string))
        }
        func publication(_ id: String) async throws -> JSONValue { try await call("GET", "/publications/\(id)", nil).1 }

        // What was released by the operator's word is no longer asked about.
        #expect(try await waiting().isEmpty)
        let approved = try await previewed("By an approval")
        #expect(try await waiting().first?["kind"] == "publication")
        // Whoever looks again is asked nothing new.
        #expect(
            try await call("POST", "/publications/\(approved.publication)/preview", [:]).1["approval_id"]?.string
                == approved.approval
        )
        #expect(try await call("POST", "/approvals/\(approved.approval)/decide", ["option": "approve"]).0 == 200)
        try await eventually("the publication") {
            try await publication(approved.publication)["state"] == "published" ? true : nil
        }
        let released = try await publication(approved.publication)
        #expect(released["released_by"]?.string == "the operator")

        // Whoever approves may change the text before it goes out; what X would not take is refused.
        let edited = try await previewed("Almost right")
        func approve(_ text: String) async throws -> (Int, JSONValue) {
            let body: JSONValue = ["option": "approve", "text": .string(text)]
            return try await call("POST", "/approvals/\(edited.approval)/decide", body)
        }
        let refused = try await approve(String(repeating: "word ", count: 8000))
        #expect(refused.0 == 400 && refused.1["error"]?.string?.contains("100 posts at most") == true)
        #expect(try await publication(edited.publication)["state"] == "previewed")
        let right = String(repeating: "Quite right. ", count: 40)
        #expect(try await approve(right).0 == 200)
        try await eventually("the edited publication") {
            try await publication(edited.publication)["state"] == "published" ? true : nil
        }
        let sent = try await publication(edited.publication)["content"]
        #expect(sent?["text"]?.string == right && sent?["posts"]?.array?.count == 2, "\(sent?.text ?? "")")

        let rejected = try await previewed("By nobody")
        let no: JSONValue = ["option": "reject", "comment": "Not in public"]
        #expect(try await call("POST", "/approvals/\(rejected.approval)/decide", no).0 == 200)
        let back = try await publication(rejected.publication)
        #expect(back["state"] == "withdrawn")
        #expect(back["error"]?["message"]?.string == "the operator: Not in public")

        // A changed text is another question; a request of a program's own releases nothing.
        let revised = try await previewed("First")
        let content: JSONValue = ["content": ["posts": [["text": "Second"]]]]
        #expect(try await call("PUT", "/publications/\(revised.publication)", content).0 == 200)
        #expect(try await call("POST", "/approvals/\(revised.approval)/decide", ["option": "approve"]).0 == 409)
        let again = try await call("POST", "/publications/\(revised.publication)/preview", [:]).1
        #expect(again["approval_id"]?.string != revised.approval)
        let forged: JSONValue = [
            "title": "Something", "question": "Something?", "kind": "publication",
            "operation": [
                "publication_id": .string(revised.publication), "platform": "x",
                "content_hash": again["content_hash"] ?? .null,
            ],
        ]
        let other = try #require(try await call("POST", "/approvals", forged).1["id"]?.string)
        #expect(try await call("POST", "/approvals/\(other)/decide", ["option": "approve"]).0 == 200)
        #expect(try await publication(revised.publication)["state"] == "previewed")
    }
}
