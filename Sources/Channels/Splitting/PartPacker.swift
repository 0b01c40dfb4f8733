/// Fills parts with blocks, in their order, under several limits at once: a number of blocks, a sum of characters, a
/// number of bytes.
///
/// ```swift
/// var packer = PartPacker<Block>(limits: [50, 12_000])  // blocks, characters
/// packer.add(heading, costs: [1, 40], keepsWithNext: true)
/// packer.add(paragraph, costs: [1, 2_800])
/// let messages = packer.finish()
/// ```
///
/// A block that is over a limit by itself gets a part of its own; whoever adds blocks cuts them first
/// (`RunSplitter`, `CodeSplitter`, `TableSplitter`).
package struct PartPacker<Block> {
    private let limits: [Int]
    private var parts: [[Block]] = []
    private var part: [Block] = []
    private var used: [Int]
    /// Blocks at the end of the part that move to the next one together with what follows them.
    private var held: [(block: Block, costs: [Int])] = []
    private var heldCosts: [Int]

    /// Makes a packer.
    /// - Parameter limits: what a part may hold of each kind of cost.
    package init(limits: [Int]) {
        self.limits = limits
        used = Array(repeating: 0, count: limits.count)
        heldCosts = used
    }

    /// Adds a block.
    /// - Parameters:
    ///   - costs: what the block takes of each limit, in the limits' order; missing ones are 0.
    ///   - keepsWithNext: whether the block, such as a heading, must not be the last one of a part.
    package mutating func add(_ block: Block, costs: [Int], keepsWithNext: Bool = false) {
        let costs = limits.indices.map { $0 < costs.count ? costs[$0] : 0 }
        if !fits(used, heldCosts, costs) {
            if !fits(heldCosts, costs) { settle() }
            closePart()
        }
        held.append((block, costs))
        heldCosts = zip(heldCosts, costs).map(+)
        if !keepsWithNext { settle() }
    }

    /// Ends the present part, whatever room it has left.
    package mutating func breakPart() {
        settle()
        closePart()
    }

    /// The parts, none of them empty.
    package consuming func finish() -> [[Block]] {
        var last = self
        last.breakPart()
        return last.parts
    }

    private func fits(_ costs: [Int]...) -> Bool {
        limits.indices.allSatisfy { index in costs.reduce(0) { $0 + $1[index] } <= limits[index] }
    }

    /// Puts the held blocks where they are now.
    private mutating func settle() {
        for (block, costs) in held {
            if !fits(used, costs) { closePart() }
            part.append(block)
            used = zip(used, costs).map(+)
        }
        held = []
        heldCosts = Array(repeating: 0, count: limits.count)
    }

    private mutating func closePart() {
        if !part.isEmpty { parts.append(part) }
        part = []
        used = Array(repeating: 0, count: limits.count)
    }
}
