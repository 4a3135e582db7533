import Allocation
import AllocationProblems
import Testing

/// Problems of the size of ResNet-152 and EfficientNet: about 30,000 units.
@Suite struct GreedyScaleTests {
  /// Four residual streams, each between many bottlenecks of two inner groups (widths × 1.5 of ResNet-152).
  static func residualNetwork(seed: UInt64) throws -> (groups: [ChoiceGroup], terms: [CostTerm]) {
    var random = SeededGenerator(seed: seed)
    var groups: [ChoiceGroup] = []
    var terms: [CostTerm] = []
    func add(_ units: Int) throws -> Int {
      let scale = Double.random(in: 0.001...1, using: &random)
      let losses = (0..<units).map { _ in scale * Double.random(in: 0...1, using: &random) }
      groups.append(try ChoiceGroup(name: "g\(groups.count)", losses: losses))
      return groups.count - 1
    }
    var previous: Int?
    for (stage, blocks) in [3, 8, 36, 3].enumerated() {
      let width = 96 << stage
      let area = Double(56 * 56 >> (2 * stage))
      let stream = try add(4 * width)
      if let previous {
        terms.append(
          CostTerm(coefficient: area, left: LinearForm(keptIn: previous), right: LinearForm(keptIn: stream)))
      }
      for _ in 0..<blocks {
        let (first, second) = (try add(width), try add(width))
        for (kernel, from, to) in [(1.0, stream, first), (9, first, second), (1, second, stream)] {
          terms.append(
            CostTerm(coefficient: kernel * area, left: LinearForm(keptIn: from), right: LinearForm(keptIn: to)))
        }
      }
      previous = stream
    }
    return (groups, terms)
  }

  @Test(arguments: [1.5, 2, 4, 8], [1, 8])
  func `a network of thirty thousand units is solved close to the target, with no better neighbour`(
    ratio: Double, multiple: Int
  ) throws {
    let (plain, terms) = try Self.residualNetwork(seed: 7)
    let groups = try plain.map { try ChoiceGroup(name: $0.name, losses: $0.losses, multiple: multiple) }
    let units = groups.reduce(0) { $0 + $1.unitCount }
    #expect(units > 28_000)
    let target = try Requirement(name: "target", terms: terms, compressionRatio: ratio, groups: groups)
    let problem = try AllocationProblem(groups: groups, requirements: [target])
    let started = ContinuousClock.now
    let plan = try GreedyAllocator().allocate(problem)
    let elapsed = ContinuousClock.now - started
    let reached = try #require(plan.compressionRatio)
    print(
      "\(units) units, \(groups.count) groups, ratio \(ratio), multiple \(multiple): \(elapsed), reached \(reached)")
    #expect(reached >= ratio)
    // The smallest step of this network that is still open is far below a thousandth of its cost.
    #expect(reached < ratio * (multiple == 1 ? 1.0005 : 1.005))
    try expectNoBetterNeighbour(of: plan, in: problem, "ratio \(ratio), multiple \(multiple)")
  }
}
