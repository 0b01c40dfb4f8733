import CoreTypes

/// The longest wait that a peer can impose.
private let longestWait = Duration.seconds(3600)

/// Reads `Retry-After`: seconds, with a fraction as some peers send it, or an HTTP date (RFC 9110, 10.2.3).
func parseRetryAfter(_ text: String, now: Timestamp) -> Duration? {
    let value = text.trimmingBlanks()
    guard !value.isEmpty, value.utf8.count <= 64 else { return nil }
    if value.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }) {
        guard let seconds = Double(value) else { return nil }
        return min(longestWait, .milliseconds(Int64(min(seconds, 3600) * 1000 + 0.999)))
    }
    guard let moment = parseHTTPDate(value) else { return nil }
    return min(longestWait, max(.zero, moment - now))
}

/// Reads the three forms of an HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994` (RFC 9110, 5.6.7).
func parseHTTPDate(_ text: String) -> Timestamp? {
    var words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
    guard words.count >= 5 else { return nil }
    words.removeFirst()
    if words[0].first?.isNumber == false {
        // Month, day, time, year: brought into the order of the other two.
        guard words.count == 4 else { return nil }
        words = [words[1], words[0], words[3], words[2], "GMT"]
    }
    guard words.count == 5, words[4] == "GMT",
        let day = Int(words[0]), (1...31).contains(day),
        let month = monthNames.firstIndex(of: words[1]),
        var year = Int(words[2]), (0...9999).contains(year)
    else { return nil }
    if words[2].count == 2 { year += year < 70 ? 2000 : 1900 }
    let clock = words[3].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
    else { return nil }
    let seconds = daysSinceEpoch(year: year, month: month + 1, day: day) * 86400 + clock[0] * 3600 + clock[1] * 60
    return Timestamp(milliseconds: Int64(seconds + clock[2]) * 1000)
}

private let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/// Counts the days from 1970-01-01 in the Gregorian calendar, in years that begin with March so that leap days come last.
private func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}

extension StringProtocol {
    /// The text without blanks and tabs at both ends.
    func trimmingBlanks() -> String {
        var text = self[...].drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
