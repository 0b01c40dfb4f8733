#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A moment, in milliseconds since 1970-01-01 UTC: what every table stores.
package struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64

    /// Wraps milliseconds since 1970-01-01 UTC.
    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Wraps milliseconds since 1970-01-01 UTC.
    package init(milliseconds: Int64) {
        self.rawValue = milliseconds
    }

    /// The moment in whole seconds since 1970-01-01 UTC.
    package var seconds: Int64 { rawValue / 1000 }

    /// The moment as ISO 8601 in UTC with milliseconds, such as `2026-01-31T09:05:00.120Z`.
    package var iso8601: String {
        let days = rawValue / 86_400_000 - (rawValue % 86_400_000 < 0 ? 1 : 0)
        let time = Self.positiveRemainder(rawValue, 86_400_000)
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = days + 719_468
        let era = (shifted - Self.positiveRemainder(shifted, 146_097)) / 146_097
        let dayOfEra = Self.positiveRemainder(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(time / 3_600_000, 2))"
            + ":\(padded(time / 60_000 % 60, 2)):\(padded(time / 1000 % 60, 2)).\(padded(time % 1000, 3))Z"
    }

    private static func positiveRemainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.rawValue < right.rawValue }

    /// The moment so much later; the last one that there is where the sum would lie behind it.
    package static func + (left: Timestamp, right: Duration) -> Timestamp {
        let (sum, isTooLarge) = left.rawValue.addingReportingOverflow(right.milliseconds)
        return Timestamp(rawValue: isTooLarge ? (right < .zero ? .min : .max) : sum)
    }

    /// The moment so much earlier; the first one that there is where the difference would lie before it.
    package static func - (left: Timestamp, right: Duration) -> Timestamp {
        let (difference, isTooLarge) = left.rawValue.subtractingReportingOverflow(right.milliseconds)
        return Timestamp(rawValue: isTooLarge ? (right < .zero ? .max : .min) : difference)
    }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        Duration.milliseconds(left.rawValue) - Duration.milliseconds(right.rawValue)
    }
}

extension Duration {
    /// The duration in whole milliseconds, rounded towards zero; the longest that there is where it is longer.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, isTooLargeNow) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return isTooLarge || isTooLargeNow ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds, as metrics want it.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// Where the time comes from, so that nothing is tested by waiting.
package protocol TimeSource: Sendable {
    /// The present moment.
    func now() -> Timestamp
    /// Returns after the duration has passed; throws `CancellationError` when cancelled before.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clock.
package struct SystemTime: TimeSource {
    /// Makes the machine's clock.
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(rawValue: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration)
    }
}

/// Where new ids come from.
package protocol IdentifierSource: Sendable {
    /// A new id of 26 characters from `0-9a-z`, unguessable in its last 16.
    func next() -> String
}

/// Ids that sort by the moment they were made: ten characters of time, sixteen of randomness (the layout of ULID).
package struct RandomIdentifiers: IdentifierSource {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private let time: any TimeSource

    /// Makes ids whose first ten characters tell the time of `time`.
    package init(time: any TimeSource = SystemTime()) {
        self.time = time
    }

    package func next() -> String {
        var generator = SystemRandomNumberGenerator()
        var milliseconds = UInt64(bitPattern: time.now().rawValue)
        var characters = [UInt8](repeating: 0, count: 26)
        for position in stride(from: 9, through: 0, by: -1) {
            characters[position] = Self.alphabet[Int(milliseconds & 31)]
            milliseconds >>= 5
        }
        var random = generator.next() as UInt64
        for position in 10..<26 {
            if position == 18 { random = generator.next() }
            characters[position] = Self.alphabet[Int(random & 31)]
            random >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }
}

/// Where the randomness of retry delays comes from.
package protocol JitterSource: Sendable {
    /// A number from 0 up to, not including, 1.
    func next() -> Double
}

/// Jitter from the machine's random numbers.
package struct RandomJitter: JitterSource {
    /// Makes the machine's jitter.
    package init() {}

    package func next() -> Double { Double.random(in: 0..<1) }
}
