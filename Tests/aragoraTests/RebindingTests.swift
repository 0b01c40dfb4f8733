import CoreTypes
import DatabaseSupport
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization
import TestSupport
import Testing
import Transport

/// A name that leads to an allowed address when a webhook is made, and to this machine afterwards.
@Suite(.timeLimit(.minutes(5))) struct RebindingTests {
    private final class Arrivals: Sendable {
        private let number = Mutex(0)
        var count: Int { number.withLock { $0 } }
        func note() { number.withLock { $0 += 1 } }
    }

    /// Answers for one name what a file says, as a name server that changes its mind.
    private static let resolver = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <netdb.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
            int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
                dlsym(RTLD_NEXT, "getaddrinfo");
            char address[64] = "";
            if (node && strcmp(node, "rebind.example") == 0) {
                FILE *file = fopen(getenv("REBIND_FILE"), "r");
                if (!file || !fgets(address, sizeof address, file)) return EAI_NONAME;
                fclose(file);
                node = address;
            }
            return real(node, service, hints, found);
        }
        """

    @Test func aNameThatRebindsIsRefused() async throws {
        try await withTemporaryDirectory { directory in
            let (source, library, answer) = ("\(directory)/r.c", "\(directory)/r.so", "\(directory)/answer")
            try Self.resolver.write(toFile: source, atomically: true, encoding: .utf8)
            let compiler = try ChildProcess(
                "/usr/bin/env",
                ["clang", "-shared", "-fPIC", "-o", library, source, "-ldl"],
                // The compiler comes with Swift, wherever that is.
                environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
            )
            try #require(
                try await compiler.waitForExit(timeout: .seconds(60)) == .exited(0),
                "\(compiler.output)"
            )
            let arrivals = Arrivals()
            let router = Router()
            router.post("/hook") { _, _ -> HTTPTypes.HTTPResponse.Status in
                arrivals.note()
                return .ok
            }
            let client = HTTPClient(logger: .silent)
            defer { client.shutdown() }
            try await withLocalServer(router) { port in
                var id = ""
                // 127.0.0.1 stands for a public address here: it alone is allowed.
                for address in ["127.0.0.1", "127.0.0.2"] {
                    try address.write(toFile: answer, atomically: true, encoding: .utf8)
                    let gateway = try await GatewayProcess.start(
                        environment: [
                            "ARAGORA_DATA_DIR": directory, "ARAGORA_WEBHOOK_ALLOW": "127.0.0.1/32",
                            "LD_PRELOAD": library, "REBIND_FILE": answer, "ARAGORA_LOG_LEVEL": "warning",
                        ],
                        directory: directory
                    )
                    func call(_ path: String, _ body: JSONValue) async throws -> Transport.HTTPResponse {
                        try await client.send(
                            Transport.HTTPRequest(
                                method: "POST",
                                url: "\(gateway.url)/api/v1/webhooks\(path)",
                                headers: [("Content-Type", "application/json")],
                                body: body.bytes
                            )
                        )
                    }
                    if id.isEmpty {
                        let made = try await call("", ["url": .string("http://rebind.example:\(port)/hook")])
                        id = try #require(try JSONValue(parsing: made.body)["webhook"]?["id"]?.string)
                    }
                    let tested = try await call("/\(id)/test", [:])
                    let attempt = try JSONValue(parsing: tested.body)["attempt"]
                    if address == "127.0.0.1" {
                        #expect(tested.status == 200)
                    } else {
                        #expect(tested.status == 502)
                        #expect(attempt?["error"] == "transport_refused_address")
                    }
                    _ = try await gateway.terminate()
                }
            }
            #expect(arrivals.count == 1)
        }
    }
}
