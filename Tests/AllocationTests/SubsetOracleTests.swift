import Allocation
import AllocationProblems
import Testing

/// An oracle that shares nothing with the ladder, the prefix sums or the cost code: it tries every set of units.
@Suite struct SubsetOracleTests {
  /// A chain in → a → b → out with unit costs: 2·a + 3·a·b + 5·b.
  private struct Chain {
    var a: [Double]
    var b: [Double]
    var blocksOfA: Int
    var multipleOfB: Int
    var limit: Double

    init(seed: UInt64) {
      var random = SeededGenerator(seed: seed)
      a = (0..<6).map { _ in Double.random(in: 0...4, using: &random) }
      b = (0..<5).map { _ in Double.random(in: 0...4, using: &random) }
      blocksOfA = [1, 2, 3].randomElement(using: &random) ?? 1
      multipleOfB = [1, 2, 3].randomElement(using: &random) ?? 1
      limit = Double.random(in: 20...127, using: &random)
    }

    /// Lowest sum of losses over all admissible sets; `nil` if none meets the limit.
    func optimum() -> Double? {
      var best: Double?
      for setA in 0..<(1 << a.count) - 1 {
        let size = a.count / blocksOfA
        let blocks = (0..<blocksOfA).map { (setA >> ($0 * size) & ((1 << size) - 1)).nonzeroBitCount }
        guard Set(blocks).count == 1 else { continue }
        for setB in 0..<(1 << b.count) - 1 {
          let keptA = Double(a.count - setA.nonzeroBitCount)
          let keptB = b.count - setB.nonzeroBitCount
          guard setB == 0 || keptB.isMultiple(of: multipleOfB) else { continue }
          guard 2 * keptA + 3 * keptA * Double(keptB) + 5 * Double(keptB) <= limit else { continue }
          let loss = sum(a, setA) + sum(b, setB)
          best = min(best ?? loss, loss)
        }
      }
      return best
    }

    private func sum(_ losses: [Double], _ set: Int) -> Double {
      losses.indices.reduce(0) { set >> $1 & 1 == 1 ? $0 + losses[$1] : $0 }
    }

    func problem() throws -> AllocationProblem {
      let size = a.count / blocksOfA
      let blocks = (0..<blocksOfA).map { Array($0 * size..<($0 + 1) * size) }
      let terms = [
        CostTerm(coefficient: 2, left: LinearForm(keptIn: 0)),
        CostTerm(coefficient: 3, left: LinearForm(keptIn: 0), right: LinearForm(keptIn: 1)),
        CostTerm(coefficient: 5, left: LinearForm(keptIn: 1)),
      ]
      return try AllocationProblem(
        groups: [
          ChoiceGroup(name: "a", losses: a, partitions: [blocks]),
          ChoiceGroup(name: "b", losses: b, multiple: multipleOfB),
        ], requirements: [Requirement(name: "target", terms: terms, limit: limit)])
    }
  }

  @Test(arguments: UInt64(1)...60)
  func `no set of units beats the ladder's optimum, and greedy is never below it`(seed: UInt64) throws {
    let chain = Chain(seed: seed)
    let problem = try chain.problem()
    let optimum = chain.optimum()
    let onLadder = exhaustiveOptimum(problem)
    guard let optimum, let onLadder else {
      #expect(optimum == nil && onLadder == nil)
      #expect(throws: AllocationError.self) { try GreedyAllocator().allocate(problem) }
      return
    }
    // Sums of up to 9 losses below 4 in another order: exact to about 1e-14.
    #expect(abs(onLadder - optimum) < 1e-12)
    #expect(try GreedyAllocator().allocate(problem).predictedLossChange >= optimum - 1e-12)
  }
}
