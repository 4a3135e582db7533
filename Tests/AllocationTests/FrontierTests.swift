import Allocation
import Testing

@Suite struct FrontierTests {
  private static func points(_ curve: [(ratio: Double, loss: Double)]) throws -> [FrontierPoint] {
    try curve.map { ratio, loss in
      let group = try ChoiceGroup(name: "a", losses: [loss, 0], fixedRemoved: 0)
      let option = try OptionChoice(name: "o", losses: [loss], original: 0)
      let problem = try AllocationProblem(groups: [group], options: [option], requirements: [])
      return FrontierPoint(
        compressionRatio: ratio, plan: try AllocationPlan(for: problem, kept: [2], method: "hand"))
    }
  }

  @Test func `the knee is the point farthest below the chord in log ratio and loss`() throws {
    // In log₂ of the ratio at 0, 1, 2, 3, 4 of 4; losses 0, 0.1, 0.2, 0.5, 1: below the chord by 0, 0.15, 0.3, 0.25, 0.
    let curve = [(1.0, 0.0), (2, 0.1), (4, 0.2), (8, 0.5), (16, 1)]
    #expect(try Frontier.knee(of: Self.points(curve)) == 2)
    #expect(try Frontier.knee(of: Self.points(Array(curve.prefix(2)))) == nil)
    #expect(try Frontier.knee(of: Self.points([(1, 2), (2, 2), (4, 2)])) == nil)
    #expect(Frontier.knee(of: []) == nil)
  }

  @Test func `the ratios proposed end at the largest that can be reached, in equal steps of log cost`() throws {
    let problem = try AllocationProblemTests.chain()
    let ratios = Frontier.proposedRatios(for: problem, count: 40)
    #expect(ratios.count == 40)
    #expect(ratios.last == problem.ranges[0].largestRatio)
    #expect(ratios[0] > 1)
    for (ratio, next) in zip(ratios, ratios.dropFirst()) {
      // One step of 40 in log cost, to the rounding of pow.
      #expect(abs(next / ratio - ratios[0]) < 1e-12)
    }
    #expect(throws: Never.self) { try OptimalAllocator().frontier(of: problem, ratios: ratios) }
    let fixed = try AllocationProblem(groups: [], requirements: [])
    #expect(Frontier.proposedRatios(for: fixed).isEmpty)
  }

  @Test(arguments: UInt64(1)...20, [OptimalAllocator.Effort.full, .quick])
  func `loss and bound never fall along the curve, and small problems are exact`(
    seed: UInt64, effort: OptimalAllocator.Effort
  ) throws {
    let problem = try RandomProblem(seed: seed, negative: seed.isMultiple(of: 2)).problem
    let first = try AllocationProblem(groups: problem.groups, requirements: [problem.requirements[0]])
    let ratios = Frontier.proposedRatios(for: first, count: 12)
    let points = try OptimalAllocator(effort: effort).frontier(of: first, ratios: ratios.reversed())
    #expect(points.map(\.compressionRatio) == ratios)
    for (point, next) in zip(points, points.dropFirst()) {
      #expect(point.plan.predictedLossChange <= next.plan.predictedLossChange, "seed \(seed)")
      let (bound, nextBound) = (try #require(point.plan.lowerBound), try #require(next.plan.lowerBound))
      #expect(bound <= nextBound + 1e-10, "seed \(seed)")
    }
    for point in points {
      let target = try Requirement(
        name: "t", terms: first.requirements[0].terms, compressionRatio: point.compressionRatio, groups: first.groups)
      let optimum = try #require(
        exhaustiveOptimum(AllocationProblem(groups: first.groups, requirements: [target])), "seed \(seed)")
      let bound = try #require(point.plan.lowerBound)
      #expect(bound <= optimum + 1e-10 && optimum <= point.plan.predictedLossChange + 1e-10, "seed \(seed)")
      #expect(point.plan.outcomes[0].costAfter <= point.plan.outcomes[0].limit)
      if effort == .full { #expect(point.plan.predictedLossChange <= optimum + 1e-10, "seed \(seed)") }
    }
  }

  @Test(arguments: UInt64(1)...40)
  func `with little effort the curve does not fall either`(seed: UInt64) throws {
    for index in UInt64(0)..<20 {
      let problem = try RandomProblem(seed: seed * 1000 + index, negative: true).problem
      let first = try AllocationProblem(groups: problem.groups, requirements: [problem.requirements[0]])
      let ratios = Frontier.proposedRatios(for: first, count: 40)
      let losses = try OptimalAllocator(effort: .quick).frontier(of: first, ratios: ratios)
        .map(\.plan.predictedLossChange)
      for (loss, next) in zip(losses, losses.dropFirst()) {
        #expect(loss <= next, "seed \(seed * 1000 + index)")
      }
    }
  }

  @Test func `a curve needs a requirement, and ratios within reach`() throws {
    let problem = try AllocationProblemTests.chain()
    #expect(throws: AllocationError.self) { try OptimalAllocator().frontier(of: problem, ratios: [2, 100]) }
    #expect(throws: AllocationError.self) { try OptimalAllocator().frontier(of: problem, ratios: [0.5]) }
    let none = try AllocationProblem(groups: problem.groups, requirements: [])
    #expect(throws: AllocationError.self) { try OptimalAllocator().frontier(of: none, ratios: [2]) }
  }
}
