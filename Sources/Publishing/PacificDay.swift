package import CoreTypes

/// The day in California, at whose midnight Google's quotas begin anew.
///
/// By the rule that has been law since 2007: summer time from the second Sunday of March, 2 a.m., to the first Sunday of
/// November, 2 a.m.
package struct PacificDay: Sendable, Hashable {
    /// Midnight of the day after it.
    package let end: Timestamp

    /// The day of a moment.
    package init(of moment: Timestamp) {
        let local = moment.seconds + Self.offset(at: moment.seconds)
        let midnight = (Self.day(local) + 1) * 86_400
        // The day may end in another offset than it began in; the clocks change after midnight, never at it.
        let estimate = midnight - Self.offset(at: moment.seconds)
        let seconds = midnight - Self.offset(at: estimate)
        end = Timestamp(milliseconds: seconds * 1000)
    }

    /// Seconds that Californian clocks are ahead of UTC.
    static func offset(at seconds: Int64) -> Int64 {
        let year = Int(Timestamp(milliseconds: seconds * 1000).iso8601.prefix(4)) ?? 1970
        // 2 a.m. of winter time is 10:00 UTC, of summer time 9:00 UTC.
        let start = sunday(number: 2, month: 3, year: year) * 86_400 + 10 * 3600
        let end = sunday(number: 1, month: 11, year: year) * 86_400 + 9 * 3600
        return start <= seconds && seconds < end ? -7 * 3600 : -8 * 3600
    }

    private static func day(_ seconds: Int64) -> Int64 {
        seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    }

    /// The days from 1970-01-01 to a Sunday of a month.
    private static func sunday(number: Int64, month: Int64, year: Int) -> Int64 {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil, for March and November alone.
        let year = Int64(year)
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month - 3) + 2) / 5
        let first = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        // 1970-01-01 was a Thursday.
        let weekday = (first % 7 + 7 + 4) % 7
        return first + (7 - weekday) % 7 + (number - 1) * 7
    }
}
