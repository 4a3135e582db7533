public import Channels
import Configuration
import Networks

/// What came of removing channels from a model, as far as a person is shown it.
public struct PruningOutcome: Sendable {
  /// A layer that leaves out inputs by a Gather.
  public struct Gather: Sendable {
    /// The layer.
    public let layer: String
    /// How many input channels it no longer reads.
    public let leftOut: Int
    /// Floating-point operations per sample that the layer saves.
    public let savedFlops: Int
    /// Elements per sample that the Gather copies.
    public let copiedElements: Int
  }

  /// Where the pruned model is.
  public let path: String
  /// The folder that it is in.
  public var directory: String { PrunedModelFiles.split(path).directory }
  /// The names of the files that were written there, the model's first.
  public internal(set) var files: [String] = []
  /// The proof that it does what it should.
  public let certificate: Certificate
  /// What the network costs, before and after.
  public let costs: PruningCosts
  /// What repairs brought, in the order in which they were tried.
  public let repairs: [RepairStep]
  /// Original, pruned and, if a repair was kept, repaired network; empty without data.
  public let evaluations: [ModelEvaluation]
  /// Their mean losses on the calibration samples.
  public let calibrationLosses: [Double]
  /// Layers with a Gather in front.
  public let gathers: [Gather]
  /// Whether the evaluation's samples are those that a repair was computed from.
  public let isEvaluatedOnFittedSamples: Bool

  /// Whether no channel goes.
  public var removesNothing: Bool { gathers.isEmpty && costs.costs.allSatisfy { $0.before == $0.after } }

  /// Names of the files beside the model.
  public var companions: [String] { PrunedModelFiles.companions(of: self) }

  /// How much the loss of the calibration samples grew by the pruning alone; `nil` without data.
  public var measuredLossChange: Double? {
    calibrationLosses.count > 1 ? calibrationLosses[1] - calibrationLosses[0] : nil
  }

  /// How much it is above the original's in the network as written; `nil` without data.
  public var finalLossChange: Double? {
    calibrationLosses.count > 1 ? calibrationLosses[calibrationLosses.count - 1] - calibrationLosses[0] : nil
  }
}

/// A network's costs before and after channels were removed, counted on the two networks.
public struct PruningCosts: Sendable {
  /// The cost in one metric.
  public struct Cost: Sendable {
    /// What is counted.
    public let metric: CostMetric
    /// Per sample, unpruned.
    public let before: Int
    /// Per sample, pruned.
    public let after: Int

    /// Cost before ÷ cost after.
    public var ratio: Double { after == 0 ? .infinity : Double(before) / Double(after) }
  }

  /// In every metric.
  public let costs: [Cost]
  private let before: CostModel

  init(_ structure: ChannelStructure, _ pruned: Network, _ configuration: SearchConfiguration?) throws {
    func model(_ structure: ChannelStructure) throws -> CostModel {
      let widths = try configuration?.bitWidths(of: structure.layers.map(\.identity))
      let bits = widths?.map { LayerBits(activation: $0.activation, weight: $0.weight) }
      return try CostModel(
        structure, bits: bits ?? structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    }
    let (whole, rest) = (try model(structure), try model(ChannelStructure(of: pruned)))
    before = whole
    costs = CostMetric.allCases.map { metric in
      Cost(
        metric: metric, before: whole.total(metric, kept: whole.unitCounts),
        after: rest.total(metric, kept: rest.unitCounts))
    }
  }

  /// Checks that the pruned network costs exactly what the plan said.
  func check(promised kept: [Int], file: String) throws {
    for cost in costs {
      let promised = before.total(cost.metric, kept: kept)
      guard promised == cost.after else {
        throw SearchError(
          .program, file: file,
          "the pruned network has \(cost.after) in \(cost.metric.rawValue), expected \(promised); nothing is written")
      }
    }
  }
}
