import Allocation
import Channels
import Configuration

/// How far a network can be pruned: what its structure and the limits of a configuration leave, whatever the target.
struct PruningLimits {
  private let groups: [ChoiceGroup]
  /// By metric the least share of the original's cost.
  private let shares: [SearchConfiguration.Metric: Double]

  /// The limits of a network.
  init(_ analysis: NetworkAnalysis) throws(AllocationError) {
    let solving = analysis.solving
    let metrics = SearchConfiguration.Metric.allCases.filter { $0 != .latency || analysis.latency != nil }
    let input = try analysis.input(solving.structure.groups.map { [Double](repeating: 0, count: $0.unitCount) }, nil)
    // A ratio of 1 asks for nothing; what can be reached is told for every requirement.
    let problem = try solving.space.problem(
      solving.structure, solving.costs, solving.solver,
      targets: metrics.map { SearchConfiguration.Target(.compressionRatio(1), in: $0) }, input)
    groups = problem.groups
    var shares: [SearchConfiguration.Metric: Double] = [:]
    for (metric, range) in zip(metrics, problem.ranges) {
      shares[metric] = range.original > 0 ? range.lowest / range.original : 1
    }
    self.shares = shares
  }

  /// The least share of the original's cost that can be reached; `nil` for a metric that is not known.
  func leastShare(_ metric: SearchConfiguration.Metric) -> Double? { shares[metric] }

  /// The least and the largest prune ratio of a layer; both the same where a configuration says it.
  func ratios(of layer: Layer) -> ClosedRange<Double> {
    guard layer.outputs > 0 else { return 0...0 }
    var channels: [Int: [Int: Int]] = [:]
    for case let unit? in layer.outputUnits { channels[unit.group, default: [:]][unit.unit, default: 0] += 1 }
    var (least, most) = (0, 0)
    for (number, units) in channels {
      let group = groups[number]
      let counts = units.values.sorted()
      least += counts.prefix(group.unitCount - (group.ladder.first ?? group.unitCount)).reduce(0, +)
      most += counts.suffix(group.unitCount - (group.ladder.last ?? group.unitCount)).reduce(0, +)
    }
    let whole = Double(layer.outputs)
    return Double(least) / whole...Double(most) / whole
  }
}

extension NetworkAnalysis {
  /// How far the network can be pruned.
  func limits() throws -> PruningLimits {
    do {
      return try PruningLimits(self)
    } catch {
      throw SearchError(error, in: configuration)
    }
  }
}

extension Layer {
  /// The extents of its weight, filters first: filters, input channels that each reads, and the kernel.
  var filterShape: [Int] { [outputs, inputs / max(convolutionGroups, 1)] + kernel }
}
