import CoreTypes
import Synchronization

/// The text of the `Date` header, made once a second.
final class HTTPDates: Sendable {
    private let last = Mutex<(second: Int64, text: String)>((-1, ""))
    private let time: any TimeSource

    init(time: any TimeSource) {
        self.time = time
    }

    /// The present moment in the form of RFC 9110, section 5.6.7.
    func now() -> String {
        let second = time.now().rawValue / 1000
        return last.withLock { last in
            if last.second != second {
                last = (second, Self.text(of: Timestamp(milliseconds: second * 1000)))
            }
            return last.text
        }
    }

    /// The form of RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(of moment: Timestamp) -> String {
        // The first of January 1970 was a Thursday.
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = moment.iso8601.split { "-T.Z".contains($0) }
        let weekday = weekdays[Int(moment.rawValue / 86_400_000 % 7)]
        let month = months[(Int(parts[1]) ?? 1) - 1]
        return "\(weekday), \(parts[2]) \(month) \(parts[0]) \(parts[3]) GMT"
    }
}
