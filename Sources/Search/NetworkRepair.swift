import Channels
import Configuration
import Execution
import MessagePassing
import Networks
import Surgery
import WorkSharing

/// One repair that was tried, and what it brought.
public struct RepairStep: Sendable {
  /// What was tried.
  public enum Kind: String, Sendable {
    /// The means of removed channels went into the biases of the layers that read them.
    case biasCorrection = "bias_correction"
    /// Weights were fitted to the outputs of the original network.
    case reconstruction
    /// The statistics of normalisations were measured anew.
    case batchNormAdaptation = "batch_norm_adaptation"

    /// What a person reads.
    var title: String {
      switch self {
      case .biasCorrection: "bias correction"
      case .reconstruction: "reconstruction"
      case .batchNormAdaptation: "normalisations"
      }
    }
  }

  /// What was tried.
  public let kind: Kind
  /// Whether the judging samples took no part in it; else there were too few to hold any out.
  public let isHeldOut: Bool
  /// Layers that it changed.
  public let layerCount: Int
  /// Mean loss of the judging samples before.
  public let lossBefore: Double
  /// Mean loss of the judging samples with it; not a number where that of one is not finite.
  public let lossAfter: Double
  /// Whether it was kept.
  public let isKept: Bool
}

/// What repairs came to, on every rank.
struct RepairOutcome {
  /// The model with what was kept.
  let message: [UInt8]
  /// What was tried; at rank 0 and elsewhere the same.
  let steps: [RepairStep]

  /// Whether anything was kept.
  var isChanged: Bool { steps.contains(where: \.isKept) }
}

/// Repairs a pruned network without training, on all ranks: each repair is kept only if it lowers the loss of held-out
/// samples.
///
/// Everything is computed from sums over pieces of the samples that are added in one order, so that the weights have the
/// same bits for any number of ranks.
struct NetworkRepair {
  let stage: PruningStage
  let configuration: SearchConfiguration
  let data: CalibrationData
  /// The original network, normalisations not folded, the samples along axis 0 of what layers read and yield.
  let original: Network
  let cut: LayerCut
  /// The pruned model.
  let message: [UInt8]

  func run() throws -> RepairOutcome {
    let settings = stage.repair
    let phases = stage.session.phases
    phases.begin(.repair)
    defer { phases.subject = nil }
    let split = SampleSplit(
      sampleCount: data.sampleCount, batchSize: configuration.batchSize, share: settings.heldOut)
    var state = RepairState(message: message, network: try network(of: message))
    var steps: [RepairStep] = []
    var loss = try self.loss(of: message, split.judging)
    let obstacles = try obstacles(state.network)
    var kept: [(kind: RepairStep.Kind, find: (RepairWork, Network) throws -> [LayerParameters])] = []
    func attempt(_ kind: RepairStep.Kind, _ find: @escaping (RepairWork, Network) throws -> [LayerParameters]) throws {
      phases.subject = kind.title
      let parameters = try find(RepairWork(self, split.fitted, obstacles: obstacles), state.network)
      guard !parameters.isEmpty else { return }
      let candidate = try stage.format.replacing(parameters, in: state.message)
      let after = try self.loss(of: candidate, split.judging)
      // Without a guard every repair is kept.
      let isKept = settings.heldOut == 0 || after < loss
      steps.append(
        RepairStep(
          kind: kind, isHeldOut: split.isHeldOut,
          layerCount: parameters.count { kind != .reconstruction || $0.weight != nil }, lossBefore: loss,
          lossAfter: after, isKept: isKept)
      )
      guard isKept else { return }
      loss = after
      kept.append((kind, find))
      state = RepairState(message: candidate, network: try network(of: candidate))
    }
    if settings.biasCorrection { try attempt(.biasCorrection) { try $0.biasCorrections(of: $1) } }
    if settings.reconstruction != .none {
      let isSequential = settings.reconstruction == .sequential
      try attempt(.reconstruction) { try $0.reconstructions(of: $1, isSequential: isSequential) }
    }
    if settings.batchNormAdaptation { try attempt(.batchNormAdaptation) { try $0.adaptedNormalizations(of: $1) } }
    if split.isHeldOut, !kept.isEmpty {
      // What the guard has found good is computed again: the held-out samples may now serve as well.
      let guarded = state
      state = RepairState(message: message, network: try network(of: message))
      for (kind, find) in kept {
        phases.subject = "\(kind.title) by all samples"
        let parameters = try find(RepairWork(self, split.all, obstacles: obstacles), state.network)
        let candidate = try stage.format.replacing(parameters, in: state.message)
        state = RepairState(message: candidate, network: try network(of: candidate))
      }
      let before = try self.loss(of: guarded.message, split.all)
      // A loss that is not a number is none that is kept.
      if try !(self.loss(of: state.message, split.all) <= before) { state = guarded }
    }
    return RepairOutcome(message: state.message, steps: steps)
  }

  /// A model's network, the samples along axis 0 of what layers read and yield.
  private func network(of message: [UInt8]) throws -> Network {
    try stage.format.decode(message, sampleShapes: stage.sampleShapes).network(batchSize: original.batchSize)
      .bringingSamplesForward()
  }

  /// Nodes whose parameters cannot be replaced, such as quantised ones.
  private func obstacles(_ network: Network) throws -> Set<String> {
    Set(try stage.format.obstacles(toReplacing: network.nodes.map(\.name), in: message).keys)
  }

  /// The mean loss of some samples, not a number where that of one is not finite; without labels against the original's
  /// classes.
  private func loss(of message: [UInt8], _ samples: [Range<Int>]) throws -> Double {
    let comparison = NetworkComparison(
      session: stage.session, backend: stage.backend, format: stage.format, configuration: configuration, data: data,
      workerCount: stage.workerCount)
    let candidates = [stage.message, message].map { EvaluationCandidate(name: "", message: $0, fileSize: 0) }
    return try comparison.meanLosses(candidates, samples: samples, keepsNotFinite: true)[1]
  }
}

/// A model as far as it is repaired.
private struct RepairState {
  let message: [UInt8]
  let network: Network
}
