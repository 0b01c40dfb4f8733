import CoreTypes
import Testing

@Suite("Core types")
struct CoreTypesTests {
    @Test("a secret shows itself nowhere but where it is asked for")
    func secret() {
        let secret = Secret("xoxb-hidden")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hidden"))
        #expect(secret.reveal() == "xoxb-hidden")
    }

    @Test("constant-time comparison agrees with equality")
    func constantTime() {
        let bytes: [UInt8] = Array("0123456789abcdef".utf8)
        #expect(constantTimeEquals(bytes, bytes))
        for position in bytes.indices {
            var other = bytes
            other[position] ^= 1
            #expect(!constantTimeEquals(bytes, other))
        }
        #expect(!constantTimeEquals(bytes, Array(bytes.dropLast())))
        #expect(constantTimeEquals([UInt8](), [UInt8]()))
    }

    @Test("ids sort by time, are 26 characters long and do not repeat")
    func identifiers() {
        let earlier = RandomIdentifiers(time: FixedTime(milliseconds: 1_000))
        let later = RandomIdentifiers(time: FixedTime(milliseconds: 2_000))
        let ids = (0..<1000).map { _ in earlier.next() }
        #expect(Set(ids).count == ids.count)
        #expect(
            ids.allSatisfy {
                $0.utf8.count == 26 && $0.utf8.allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".utf8.contains($0) }
            }
        )
        #expect(ids.allSatisfy { $0 < later.next() })
    }

    @Test("moments are written as ISO 8601 in UTC")
    func timestamps() {
        #expect(Timestamp(milliseconds: 0).iso8601 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 1_769_850_300_120).iso8601 == "2026-01-31T09:05:00.120Z")
        #expect(Timestamp(milliseconds: 951_782_400_000).iso8601 == "2000-02-29T00:00:00.000Z")
        #expect(Timestamp(milliseconds: -1).iso8601 == "1969-12-31T23:59:59.999Z")
        #expect((Timestamp(milliseconds: 1500) + .seconds(2)).rawValue == 3500)
    }

    @Test("a number of any size makes the longest duration and the last moment, not the end of the process")
    func saturation() {
        let (longest, moment) = (Duration.seconds(Int64.max), Timestamp(milliseconds: 1500))
        #expect(longest.milliseconds == .max)
        #expect((Duration.zero - longest).milliseconds == .min)
        #expect(Duration.milliseconds(Int64.max).milliseconds == .max)
        #expect(Duration.milliseconds(-1500).milliseconds == -1500)
        #expect((moment + longest).rawValue == .max)
        #expect((moment - longest).rawValue == 1500 - Int64.max)
        #expect((Timestamp(milliseconds: -1500) - longest).rawValue == .min)
        let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        #expect((last - first).milliseconds == .max)
        #expect(last.iso8601.hasSuffix("Z") && first.iso8601.hasSuffix("Z"))
    }

    @Test("severity and confidence stay between 0 and 1, whatever a model said")
    func bounds() {
        #expect(Critique(agent: "a", target: "b", issues: [], suggestions: [], severity: 7).severity == 1)
        #expect(Critique(agent: "a", target: "b", issues: [], suggestions: [], severity: .nan).severity == 0.5)
        #expect(Vote(agent: "a", choice: "b", confidence: -.infinity).confidence == 0.5)
        #expect(Vote(agent: "a", choice: "b", confidence: -3).confidence == 0)
    }
}

private struct FixedTime: TimeSource {
    let milliseconds: Int64
    func now() -> Timestamp { Timestamp(milliseconds: milliseconds) }
    func sleep(for duration: Duration) async throws {}
}
