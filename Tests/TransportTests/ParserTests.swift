import CoreTypes
import Testing
import Transport

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", 0), ("127.0.0.1", 0x7f00_0001), ("255.255.255.255", 0xffff_ffff), ("1.2.3.4", 0x0102_0304),
    ])
    func readsIPv4(_ text: String, _ bits: Int) {
        #expect(IPAddress(text)?.bits == UInt128(bits))
        #expect(IPAddress(text)?.version == .four)
    }

    @Test(arguments: [
        ("::", [UInt128(0), 0]), ("::1", [0, 1]), ("1::", [0x0001_0000_0000_0000, 0]),
        ("2001:db8::ff00:42:8329", [0x2001_0db8_0000_0000, 0x0000_ff00_0042_8329]),
        ("1:2:3:4:5:6:7:8", [0x0001_0002_0003_0004, 0x0005_0006_0007_0008]),
        ("1:2:3:4:5:6:7::", [0x0001_0002_0003_0004, 0x0005_0006_0007_0000]),
        ("::ffff:192.0.2.1", [0, 0xffff_c000_0201]), ("64:FF9B::10.0.0.1", [0x0064_ff9b_0000_0000, 0x0a00_0001]),
    ])
    func readsIPv6(_ text: String, _ halves: [UInt128]) {
        #expect(IPAddress(text)?.bits == halves[0] << 64 | halves[1])
        #expect(IPAddress(text)?.version == .six)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.-4", "1.2.3.4 ", "0x7f.1", "localhost", "1..2.3", ":",
        ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1%eth0", "[::1]", "12345::", "g::", "1.2.3.4::",
        "::1.2.3", "1:2:3:4:5:6:7:8::", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "+1::", "::1.2.3.4:5",
        "1.2.3.4\0", "::1\0.example", "8.8.8.8\0127.0.0.1",
    ])
    func refuses(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func agreesWithItsBytes() {
        #expect(IPAddress(bytes: [10, 0, 0, 1]) == IPAddress("10.0.0.1"))
        #expect(IPAddress(bytes: [UInt8](repeating: 0, count: 15) + [1]) == IPAddress("::1"))
        #expect(IPAddress(bytes: []) == nil)
    }

    @Test func readsRanges() throws {
        let range = try #require(CIDR("10.1.0.0/16"))
        #expect(range.contains(try #require(IPAddress("10.1.255.3"))))
        #expect(!range.contains(try #require(IPAddress("10.2.0.0"))))
        #expect(!range.contains(try #require(IPAddress("::a01:1"))))
        #expect(try #require(CIDR("::/0")).contains(try #require(IPAddress("ffff::"))))
        #expect(!(try #require(CIDR("10.0.0.1")).contains(try #require(IPAddress("10.0.0.2")))))
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "/8", "10.0.0.0/8/8", "name/8", "::/129"] {
            #expect(CIDR(text) == nil)
        }
    }
}

@Suite struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.8.8", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::8.8.8.8",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:0:53aa:64c::1", "2001:10::1", "2001:20::1", "2001:db8::1",
        "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
        "ff02::1", "4000::1",
    ])
    func refuses(_ text: String) throws {
        #expect(!AddressGuard().allows(try #require(IPAddress(text)), isEncrypted: true))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8", "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111",
        "2a00:1450::1", "3ffe::1",
    ])
    func allows(_ text: String) throws {
        #expect(AddressGuard().allows(try #require(IPAddress(text)), isEncrypted: true))
    }

    @Test func opensWhatTheOperatorOpens() throws {
        let open = AddressGuard(allowing: ["10.1.0.0/16", "fd00::/8"].compactMap { CIDR($0) })
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"] {
            #expect(open.allows(try #require(IPAddress(text)), isEncrypted: true))
        }
        // Without TLS the opened ranges can be reached and nothing else.
        for (text, isAllowed) in [("10.1.2.3", true), ("fd12::1", true), ("8.8.8.8", false), ("10.2.0.1", false)] {
            #expect(open.allows(try #require(IPAddress(text)), isEncrypted: false) == isAllowed, "\(text)")
        }
        #expect(open.objection(to: "http://10.1.2.3/") == nil)
        #expect(open.objection(to: "https://8.8.8.8/") == nil)
        #expect(open.objection(to: "http://8.8.8.8/") != nil)
        #expect(open.objection(to: "https://10.2.0.1/") != nil)
        for text in ["10.2.0.1", "fe80::1", "127.0.0.1"] {
            #expect(!open.allows(try #require(IPAddress(text)), isEncrypted: true))
        }
    }
}

@Suite struct ServerSentEventsTests {
    private func events(_ text: String) -> [ServerSentEvent] {
        var stream = ServerSentEvents()
        return stream.feed(text.utf8)
    }

    @Test(arguments: [
        ("data: one\n\n", [ServerSentEvent(data: "one")]),
        ("data:one\n\n", [ServerSentEvent(data: "one")]),
        ("data:  one\n\n", [ServerSentEvent(data: " one")]),
        ("data: a\ndata: b\n\n", [ServerSentEvent(data: "a\nb")]),
        ("data: a\r\ndata: b\r\n\r\n", [ServerSentEvent(data: "a\nb")]),
        ("data: a\rdata: b\r\r", [ServerSentEvent(data: "a\nb")]),
        ("data\n\ndata\ndata\n\ndata:", [ServerSentEvent(data: ""), ServerSentEvent(data: "\n")]),
        (": comment\n\n", []),
        ("retry: 1500\n\n", []),
        ("data: cut off\n", []),
        ("event: only\n\ndata: x\n\n", [ServerSentEvent(data: "x")]),
        (
            "event: delta\ndata: x\n\ndata: y\n\n",
            [ServerSentEvent(data: "x"), ServerSentEvent(data: "y")]
        ),
        ("id: 7\ndata: x\n\nid\ndata: y\n\n", [ServerSentEvent(data: "x"), ServerSentEvent(data: "y")]),
        ("\u{feff}data: x\n\n\u{feff}data: y\n\n", [ServerSentEvent(data: "x")]),
        ("unknown: x\ndata: {\"a\": 1}\n\n", [ServerSentEvent(data: "{\"a\": 1}")]),
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [ServerSentEvent(data: "YHOO\n+2\n10")]),
        ("data: [DONE]\n\n", [ServerSentEvent(data: "[DONE]")]),
        ("data: Grüße 🌍\n\n", [ServerSentEvent(data: "Grüße 🌍")]),
    ])
    func reads(_ text: String, _ expected: [ServerSentEvent]) {
        #expect(events(text) == expected)
        // The same, byte by byte.
        var stream = ServerSentEvents()
        #expect(text.utf8.flatMap { stream.feed([$0]) } == expected)
    }

    @Test func stopsAtTheLimit() {
        var stream = ServerSentEvents(maximumEventBytes: 20)
        #expect(stream.feed("data: 123456\n\ndata: 123456\n\n".utf8).count == 2)
        #expect(!stream.isOverLimit)
        #expect(stream.feed("data: 1234567890\ndata: 1234567890\n\ndata: x\n\n".utf8).isEmpty)
        #expect(stream.isOverLimit)
    }
}

@Suite struct FormEncodingTests {
    @Test func writes() {
        let bytes = formURLEncoded([("a b", "1&2=3"), ("ü", "+~*-._"), ("empty", "")])
        #expect(String(decoding: bytes, as: UTF8.self) == "a+b=1%262%3D3&%C3%BC=%2B%7E*-._&empty=")
        #expect(formURLEncoded([]).isEmpty)
        #expect(percentEncoded("aZ0 +~*-._ü%") == "aZ0%20%2B~%2A-._%C3%BC%25")
    }

    @Test func readsWhatItWrote() throws {
        let fields = [
            ("payload", "{\"type\": \"block_actions\"}\r\n\0"), ("x", "ü🌍%+ &="), ("x", "again"), ("", "nameless"),
        ]
        let read = try parseFormURLEncoded(formURLEncoded(fields))
        #expect(read.map(\.0) == fields.map(\.0))
        #expect(read.map(\.1) == fields.map(\.1))
    }

    @Test func readsFieldsWithoutValue() throws {
        let read = try parseFormURLEncoded(Array("a&b=&=c&&d=1=2".utf8))
        #expect(read.map { "\($0.0)|\($0.1)" } == ["a|", "b|", "|c", "d|1=2"])
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a= b", "a=\n", "a=ü", "a=%ff", "%c3=1"])
    func refuses(_ text: String) {
        #expect(throws: FormEncodingError.self) { try parseFormURLEncoded(Array(text.utf8)) }
    }

    @Test func hasLimits() throws {
        #expect(try parseFormURLEncoded(Array("a&b".utf8), maximumBytes: 3, maximumFields: 2).count == 2)
        #expect(throws: FormEncodingError.self) { try parseFormURLEncoded(Array("a&b".utf8), maximumBytes: 2) }
        #expect(throws: FormEncodingError.self) { try parseFormURLEncoded(Array("a&b".utf8), maximumFields: 1) }
    }
}

@Suite struct RetryAfterTests {
    /// 1994-11-06 08:49:37 UTC, the moment of the RFC's examples.
    private let moment = Timestamp(milliseconds: 784_111_777_000)

    private func wait(_ value: String, before: Duration = .zero) -> Duration? {
        HTTPResponse(status: 429, headers: [("Retry-After", value)]).retryAfter(now: moment - before)
    }

    @Test func readsSeconds() {
        #expect(wait("0") == .zero)
        #expect(wait(" 30 ") == .seconds(30))
        #expect(wait("0.25") == .milliseconds(250))
        #expect(wait("86400") == .seconds(3600))
        #expect(wait("99999999999999999999999999") == .seconds(3600))
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func readsDates(_ text: String) {
        #expect(wait(text, before: .seconds(90)) == .seconds(90))
        #expect(wait(text, before: .seconds(-90)) == .zero)
        #expect(wait(text, before: .seconds(9000)) == .seconds(3600))
    }

    @Test func knowsLeapYears() {
        #expect(
            HTTPResponse(status: 503, headers: [("retry-after", "Thu, 29 Feb 2024 00:01:00 GMT")])
                .retryAfter(now: Timestamp(milliseconds: 1_709_164_800_000)) == .seconds(60)
        )
    }

    @Test(arguments: ["", "-1", "soon", "1.2.3", ".", "Sun, 06 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT", "1e9"])
    func refuses(_ text: String) {
        #expect(wait(text) == nil)
    }

    @Test func isNilWithoutTheHeader() {
        #expect(HTTPResponse(status: 429).retryAfter(now: moment) == nil)
    }
}
