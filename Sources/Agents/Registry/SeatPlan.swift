/// Who sits on a panel: which model under which name, with which stance.
struct SeatPlan: Sendable, Hashable {
    let name: String
    let provider: String
    let model: String
    let stance: Stance?

    /// Gives every seat its name: the provider's where it sits once, the model's beside it where several models of a
    /// provider sit, and a stance where the same model sits again.
    static func plans(for seats: [(provider: String, model: String)]) -> [SeatPlan] {
        // A debate needs several voices: a single model takes three seats.
        let seats = seats.count == 1 ? Array(repeating: seats[0], count: 1 + Stance.allCases.count) : seats
        var taken: Set<String> = []
        var repeats: [String: Int] = [:]
        return seats.map { seat in
            let models = Set(seats.filter { $0.provider == seat.provider }.map(\.model))
            let base = models.count > 1 ? "\(seat.provider)-\(slug(seat.model))" : seat.provider
            let count = repeats["\(seat.provider):\(seat.model)", default: 0]
            repeats["\(seat.provider):\(seat.model)"] = count + 1
            let stance = count > 0 && count <= Stance.allCases.count ? Stance.allCases[count - 1] : nil
            var name = stance.map { "\(base)-\($0.rawValue)" } ?? base
            var number = 1
            while !taken.insert(name).inserted {
                number += 1
                name = "\(base)-\(number)"
            }
            return SeatPlan(name: name, provider: seat.provider, model: seat.model, stance: stance)
        }
    }

    /// A model's name as a part of a seat's name: without its maker, in lower case.
    private static func slug(_ model: String) -> String {
        let last = model.split(separator: "/").last.map(String.init) ?? model
        return String(last.lowercased().map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" })
    }
}
