import Allocation
import AllocationProblems

/// What is asked of a network.
enum Demand: String, CaseIterable, Encodable {
  /// Multiply-accumulates, times bits where those are chosen too, divided by 2.
  case half
  /// Divided by 6.
  case sixth
  /// Divided by 2, every group keeping a multiple of eight.
  case multiplesHalf
  /// Divided by 6, every group keeping a multiple of eight.
  case multiplesSixth
  /// Multiply-accumulates divided by 2 and weights divided by 2.5 at once.
  case twoLimits
  /// A latency that was measured at every eighth width divided by 2.
  case measured
  /// The curve of 40 ratios up to the largest.
  case frontier

  /// The problem for a network; `nil` where it makes none: a measured table has no bits.
  func problem(of network: NetworkBuilder) throws -> AllocationProblem? {
    switch self {
    case .half: return try network.problem(ratio: 2)
    case .sixth: return try network.problem(ratio: 6)
    case .multiplesHalf: return try network.problem(ratio: 2, multiple: 8)
    case .multiplesSixth: return try network.problem(ratio: 6, multiple: 8)
    case .twoLimits:
      return try problem(of: network, limits: [(network.terms, 2), (network.weights, 2.5)])
    case .measured:
      return network.options.isEmpty ? try problem(of: network, limits: [(network.measured(), 2)]) : nil
    case .frontier: return try network.problem(ratio: 1)
    }
  }

  private func problem(
    of network: NetworkBuilder, limits: [(terms: [CostTerm], ratio: Double)]
  ) throws -> AllocationProblem {
    let requirements = try limits.enumerated().map { number, limit in
      try Requirement(
        name: "limit \(number)", terms: limit.terms, compressionRatio: limit.ratio, groups: network.groups,
        options: network.options)
    }
    return try AllocationProblem(groups: network.groups, options: network.options, requirements: requirements)
  }
}
