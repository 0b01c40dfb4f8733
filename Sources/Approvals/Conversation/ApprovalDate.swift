import CoreTypes

/// Reads the ends of delegations as people type them.
enum ApprovalDate {
    /// `2026-01-31` means the end of that day in UTC; `2026-01-31 09:05` and `2026-01-31T09:05` a minute of it.
    static func read(_ text: String) -> Timestamp? {
        let text = text.hasSuffix("Z") ? String(text.dropLast()) : text
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
        guard let date = parts.first, (1...2).contains(parts.count) else { return nil }
        let numbers = date.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard numbers.count == 3, let year = numbers[0], let month = numbers[1], let day = numbers[2],
            (2000...9999).contains(year), (1...12).contains(month), (1...length(of: month, in: year)).contains(day)
        else { return nil }
        var minutes: Int64 = 24 * 60
        if parts.count == 2 {
            let clock = parts[1].split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
            guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1],
                (0...23).contains(hour), (0...59).contains(minute)
            else { return nil }
            minutes = hour * 60 + minute
        }
        return Timestamp(milliseconds: days(year, month, day) * 86_400_000 + minutes * 60_000)
    }

    private static func length(of month: Int64, in year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month - 1)]
    }

    /// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
