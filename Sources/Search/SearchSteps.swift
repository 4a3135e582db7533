import Allocation
import Channels
import Configuration
import MessagePassing
import Sensitivity

/// The way from measurements to a plan, in one or several steps: each goes an equal part of the way to the targets, in
/// logarithms of the costs, and is measured on the network without what the steps before have removed.
///
/// Only rank 0 solves; the others know what was removed.
struct SearchSteps {
  /// By group the units that the steps so far have removed; empty before the first.
  private(set) var removed: [[Int]] = []
  /// What was found; `nil` at other ranks than 0.
  private(set) var result: SearchResult?

  private let analysis: NetworkAnalysis
  private let configuration: SearchConfiguration
  private let quantization: QuantizationTable?
  private var step = 1

  var structure: ChannelStructure { analysis.solving.structure }

  init(_ analysis: NetworkAnalysis, _ configuration: SearchConfiguration, _ quantization: QuantizationTable?) {
    self.analysis = analysis
    self.configuration = configuration
    self.quantization = quantization
  }

  /// Solves the present step.
  /// - Parameters:
  ///   - measurement: at rank 0 what was measured, `nil` elsewhere.
  ///   - maker: what makes the plan where the problem alone does not say it; `nil` where it does.
  mutating func solve(_ measurement: SensitivityMeasurement?, _ maker: (any PlanMaker)?) throws {
    guard let measurement else { return }
    do {
      let settings = configuration.sensitivity
      let setLoss = try measurement.setLoss?.setLoss(structure, settings)
      let losses = configuration.solver.robust ? measurement.table.upperGroups : measurement.table.groups
      let plan = try analysis.solving.plan(input(losses), setLoss: setLoss, maker)
      let first = result?.first ?? measurement
      let damping = setLoss.map { $0.damping(of: plan, settings, measurement.table.slopes) } ?? 0
      let channels = (result?.channelLoss ?? 0) + plan.choices.reduce(0) { $0 + $1.lossChange }
      // Losses of order 1 are sizes that add up over the steps, widths being chosen anew in each; those of order 2 are
      // changes of the loss of the network as it now is.
      let before =
        settings.order == 1
        ? result?.channelLoss ?? 0 : (measurement.table.meanLoss ?? 0) - (first.table.meanLoss ?? 0)
      let solution = Solution(
        plan: plan, bits: try bits(plan), predictedLossChange: before + plan.predictedLossChange - damping,
        objective: before + plan.predictedLossChange, lowerBound: step == 1 ? plan.lowerBound : nil)
      result = SearchResult(first: first, last: measurement, solution: solution, channelLoss: channels)
    } catch let error as AllocationError {
      throw SearchError(error, in: configuration)
    }
  }

  /// Notes between which ratios each layer moves, where the configuration asks for resamples; before the step is left.
  mutating func resample() throws {
    var resampled = result
    try resampled?.resample(self, configuration)
    result = resampled
  }

  /// Goes on to the next step: all ranks learn what goes.
  mutating func share(on world: any Communicator) throws {
    removed = try world.broadcast(lists: result?.solution.removed ?? [], from: 0)
    step += 1
  }

  /// The problem of the present step.
  func problem(_ losses: [[Double]]) throws -> AllocationProblem {
    do {
      return try analysis.solving.problem(input(losses))
    } catch {
      throw SearchError(error, in: configuration)
    }
  }

  /// What a plan of the present step is made from.
  func input(_ losses: [[Double]]) throws(AllocationError) -> AllocationInput {
    var input = try analysis.input(losses, quantization)
    input.removed = removed
    input.share = Double(step) / Double(configuration.solver.iterations)
    return input
  }

  private func bits(_ plan: AllocationPlan) throws(AllocationError) -> [LayerBits] {
    let original = analysis.solving.costs.bits
    return try analysis.bitChoices(quantization)?.bits(plan.options, original) ?? original
  }

  /// A plan for other sensitivities in the present step, found with little effort.
  func quickPlan(_ losses: [[Double]], setLoss: SetLoss?) throws -> AllocationPlan {
    do {
      return try analysis.solving.plan(input(losses), setLoss: setLoss, nil, isQuick: true)
    } catch let error as AllocationError {
      throw SearchError(error, in: configuration)
    }
  }
}

/// What a search has found, at rank 0.
struct SearchResult {
  /// What was measured of the whole network.
  let first: SensitivityMeasurement
  /// What was measured last: of the network that the last step begins with.
  let last: SensitivityMeasurement
  var solution: Solution
  /// What all steps have taken the channels to lose, one by one.
  let channelLoss: Double

  /// The result as it is written.
  func ratios(_ analysis: NetworkAnalysis, model: [FileDigest]) throws -> RatioConfig {
    try RatioConfig(analysis, solution, sha256: model.first?.sha256 ?? "")
  }
}
