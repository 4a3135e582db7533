import Allocation
import AllocationProblems
import Testing

/// The optimal allocator on problems of the size and shape of real networks.
@Suite(.serialized) struct OptimalScaleTests {
  static let cases = TestNetwork.allCases.flatMap { network in LossKind.allCases.map { (network, $0) } }

  @Test(arguments: cases)
  func `a network is solved near its bound, and never worse than by steps`(
    _ network: TestNetwork, _ kind: LossKind
  ) throws {
    for ratio in [2.0, 6] {
      let problem = try network.builder(kind: kind, seed: 11).problem(ratio: ratio)
      let greedy = try GreedyAllocator().allocate(problem)
      let started = ContinuousClock.now
      let plan = try OptimalAllocator().allocate(problem)
      let elapsed = ContinuousClock.now - started
      let gap = try #require(plan.gap)
      let quick = try OptimalAllocator(effort: .quick, startingPrices: plan.prices).allocate(problem)
      let context = "\(network), \(kind), ratio \(ratio)"
      print(
        "\(context): \(elapsed), gap \(gap), loss \(plan.predictedLossChange), by steps \(greedy.predictedLossChange)")
      #expect(plan.predictedLossChange <= greedy.predictedLossChange, "\(context)")
      #expect(quick.predictedLossChange <= greedy.predictedLossChange, "\(context)")
      // What one effort proves, no plan of the other can fall below; rounding of sums of thousands of losses aside.
      let (bound, quickBound) = (try #require(plan.lowerBound), try #require(quick.lowerBound))
      #expect(bound <= quick.predictedLossChange + 1e-9, "\(context)")
      #expect(quickBound <= plan.predictedLossChange + 1e-9, "\(context)")
      // The promise is 0.1 % for chains and trees, 1 % elsewhere.
      #expect(gap < (network.isForest ? 1e-3 : 1e-2), "\(context)")
    }
  }

  /// Multiply-accumulates, weights, and the widths of three groups, all at once; the same in measured steps of eight.
  @Test(arguments: [TestNetwork.vgg16, .mobileNetV2, .resNet50, .denseNet121])
  func `several limits, or a measured staircase, leave a small gap too`(network: TestNetwork) throws {
    let builder = try network.builder(kind: .exponential, seed: 5)
    let groups = builder.groups
    let widths = [0, 3, 5].map { CostTerm(coefficient: 1, left: LinearForm(keptIn: $0)) }
    let several = [
      try Requirement(name: "macs", terms: builder.terms, compressionRatio: 2, groups: groups),
      try Requirement(name: "weights", terms: builder.weights, compressionRatio: 2.5, groups: groups),
      try Requirement(name: "widths", terms: widths, sparsity: 0.4, groups: groups),
    ]
    let latency = try Requirement(name: "latency", terms: builder.measured(), compressionRatio: 1.5, groups: groups)
    for requirements in [several, [latency]] {
      let problem = try AllocationProblem(groups: groups, requirements: requirements)
      let plan = try OptimalAllocator().allocate(problem)
      let greedy = try GreedyAllocator().allocate(problem)
      let gap = try #require(plan.gap)
      print("\(network), \(requirements.map(\.name)): gap \(gap)")
      #expect(plan.predictedLossChange <= greedy.predictedLossChange)
      // A staircase over a concatenation is only bounded by lines below it.
      #expect(gap < (network.isForest ? 1e-3 : 2e-2))
    }
  }

  @Test(arguments: [OptimalAllocator.Effort.full, .quick])
  func `a curve over a large network never falls`(effort: OptimalAllocator.Effort) throws {
    let problem = try TestNetwork.mobileNetV2.builder(kind: .ties, seed: 3).problem(ratio: 1)
    let points = try OptimalAllocator(effort: effort)
      .frontier(of: problem, ratios: Frontier.proposedRatios(for: problem, count: 200))
    #expect(points.count == 200)
    for (point, next) in zip(points, points.dropFirst()) {
      #expect(point.plan.predictedLossChange <= next.plan.predictedLossChange)
    }
    #expect(Frontier.knee(of: points) != nil)
  }
}
