import Approvals
import Channels
import CoreTypes
import DatabaseSupport
import Gateway
import Persistence
import Synchronization
import TestSupport
import Testing

extension ApprovalRouteTests {
    @Test("In a browser nobody presses what does not count, and what has ended shows how")
    func endedInBrowser() async throws {
        let (theirs, ended) = try await run { client, _ in
            let others = #"{"title":"Pay?","approvers":["email:ann@example.org"]}"#
            _ = try await client.post(Self.path, others)
            let inbox = try await client.browse("/approvals", until: "would not count")
            let id = try await client.post(Self.path, #"{"title":"Pay 8?"}"#).json["id"]?.string ?? ""
            _ = try await client.post("\(Self.path)/\(id)/decide", #"{"option":"approve"}"#)
            return (inbox, try await client.browse("/approvals/\(id)", until: "It is approved"))
        }
        #expect(theirs.contains("disabled"))
        #expect(ended.contains("It is approved: approved by the operator at"))
    }

    @Test("In a browser the inbox shows all that is decided")
    func inbox() async throws {
        let page = try await run { client, _ in
            let operation = #"{"text":"one <b>two</b>","pay":12345678901234567}"#
            _ = try await client.post(Self.path, #"{"title":"Pay?","operation":\#(operation)}"#)
            return try await client.browse("/approvals", until: "Operation ")
        }
        #expect(page.contains(#"<pre>{"pay":12345678901234567}</pre>"#))
        #expect(page.contains("one &lt;b&gt;two&lt;/b&gt;") && page.contains("Operation "))
        #expect(!page.contains("<b>two"))
    }

    @Test("In a browser an answer is given by keyboard, and the list changes nothing under anybody's hands")
    func keyboard() async throws {
        try await run { client, _ in
            let id = try await client.post(Self.path, #"{"title":"Pay 7?"}"#).json["id"]?.string ?? ""
            let browser = try await client.openInBrowser("/approvals")
            try await browser.wait(for: "Pay 7?")
            try await browser.evaluate("document.querySelector('#inbox textarea').focus()")
            try await browser.type("Within budget")
            _ = try await client.post(Self.path, #"{"title":"Pay 8?"}"#)
            try await browser.evaluate("show()")
            try await browser.wait(for: "Pay 8?")
            #expect(try await browser.evaluate("document.activeElement.value") == "Within budget")
            try await browser.press(.tab)
            #expect(try await browser.evaluate("document.activeElement.textContent") == "Approve")
            try await browser.press(.enter)
            try await browser.wait(until: "document.activeElement.id === 'main' && $('inbox').children.length === 1")
            let decided = try await client.request("GET", "\(Self.path)/\(id)").json
            #expect(decided["status"] == "approved" && "\(decided)".contains("Within budget"))
        }
    }
}
