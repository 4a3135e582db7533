import Channels
import Configuration
import Execution
import Logging
import MessagePassing
import Networks
import WorkSharing

/// What becomes of a model whose channels are removed: certificate, repair, evaluation, files. All ranks take part.
struct PruningStage {
  let session: WorkSession
  let backend: any ExecutionBackend
  let format: any ModelFormat
  let logger: Logger
  let workerCount: Int
  /// The model as read: its path, and its files.
  let path: String
  let message: [UInt8]
  let digests: [FileDigest]
  /// What a configuration says of the network, and of samples; `nil` where there is none.
  let configuration: SearchConfiguration?
  /// The same where it has calibration data.
  private var sampled: SearchConfiguration? { configuration.flatMap { $0.calibration == nil ? nil : $0 } }
  /// What is tried to make up for the loss; needs calibration data.
  let repair: SearchConfiguration.Repair
  /// Extents of one sample by input name, for axes that the model leaves open.
  let sampleShapes: [String: [Int]]
  let settings: SearchConfiguration.Apply

  /// Samples per batch where no configuration says so.
  private static let batchSize = 32

  /// What is to be removed, found at rank 0.
  struct Request {
    let removed: [Set<Int>]
    let gathering: [InputGathering]
  }

  /// Prunes, proves, repairs, evaluates, writes.
  ///
  /// - Parameters:
  ///   - request: what goes; at rank 0.
  ///   - output: where the model is written; the other files go beside it.
  /// - Returns: at rank 0 what came of it, `nil` elsewhere.
  /// - Throws: `SearchError` when the model cannot lose the channels, the certificate fails (then nothing is written), or
  ///   a file cannot be written.
  func run(_ request: Request?, output: String) throws -> PruningOutcome? {
    let phases = session.phases
    phases.begin(.prune)
    let model = try format.decode(message, sampleShapes: sampleShapes)
    let network = try model.runnableNetwork(batchSize: configuration?.calibration?.batchSize ?? PruningStage.batchSize)
    if let configuration = sampled {
      _ = try CalibrationData(configuration, .evaluation).matched(to: network, loss: Loss(configuration.loss))
    }
    let structure = ChannelStructure(of: network)
    let removal = try prune(request, model, structure)
    let (made, prunedMessage, cut) = (removal.made, removal.message, removal.cut)

    let prunedModel = try format.decode(prunedMessage, sampleShapes: sampleShapes)
    let pruned = try prunedModel.network(batchSize: network.batchSize)
    let costs = try PruningCosts(structure, pruned, configuration)
    if let made, made.removal.gathers.isEmpty { try costs.check(promised: made.removal.kept, file: path) }

    let data = try sampled.flatMap { try CalibrationData.opened($0) }
    let certificate = try certify(network, pruned, cut, data)
    guard certificate.isValid else {
      throw SearchError(
        .program, file: path,
        "the pruned network differs from the masked original by \(certificate.relativeDifference) relative, "
          + "expected at most \(settings.tolerance); nothing is written")
    }

    var repaired: RepairOutcome?
    if let configuration = sampled, let data { repaired = try self.repaired(removal, network, data, configuration) }
    let evaluations = try evaluate(prunedMessage, repaired)
    guard let made else { return nil }
    phases.begin(.write)
    var outcome = PruningOutcome(
      path: output, certificate: certificate, costs: costs, repairs: repaired?.steps ?? [],
      evaluations: evaluations?.evaluations ?? [], calibrationLosses: evaluations?.calibrationLosses ?? [],
      gathers: made.removal.gathers.map { gather in
        let layer = structure.layers[gather.layer]
        let kept = layer.inputs - (made.removal.removedInputs[gather.layer].count)
        let outputs = layer.outputs - made.removal.removedOutputs[gather.layer].count
        let read = network.nodes[layer.node].inputs[0].map { network[$0].shape.count / network.batchSize } ?? 0
        return PruningOutcome.Gather(
          layer: layer.name, leftOut: gather.channels.count,
          savedFlops: 2 * layer.positions * layer.kernelElements * outputs * gather.channels.count,
          copiedElements: read / max(layer.inputs, 1) * kept)
      },
      isEvaluatedOnFittedSamples: configuration?.evaluation == nil && repaired?.isChanged == true)
    outcome.files = try PrunedModelFiles(stage: self, outcome: outcome, changes: made.source.changes).write(
      repaired?.message ?? prunedMessage)
    return outcome
  }

  /// A model without channels.
  struct Removal {
    /// What rank 0 has made of it; `nil` elsewhere.
    let made: PrunedNetwork?
    let message: [UInt8]
    /// What layers lose.
    let cut: LayerCut
  }

  /// Removes channels at rank 0; all ranks are given the model.
  /// - Parameter request: what goes; at rank 0.
  func prune(_ request: Request?, _ model: any DecodedModel, _ structure: ChannelStructure) throws -> Removal {
    let made = try request.map { request in
      try PrunedNetwork(model, file: path, structure, removing: request.removed, gathering: request.gathering)
    }
    var message = made?.source.message ?? []
    let world = session.world
    try world.broadcast(&message, from: 0)
    return Removal(
      made: made, message: message,
      cut: LayerCut(
        structure.layers,
        inputs: try world.broadcast(lists: made?.removal.removedInputs ?? [], from: 0),
        outputs: try world.broadcast(lists: made?.removal.removedOutputs ?? [], from: 0)))
  }

  /// What repairs make of a model without channels; `nil` where there is nothing to repair, or none is asked for.
  /// - Parameter network: the original.
  func repaired(
    _ removal: Removal, _ network: Network, _ data: CalibrationData, _ configuration: SearchConfiguration
  ) throws -> RepairOutcome? {
    guard !repair.isNone, !removal.cut.isEmpty else { return nil }
    return try NetworkRepair(
      stage: self, configuration: configuration, data: data, original: network.bringingSamplesForward(),
      cut: removal.cut, message: removal.message
    ).run()
  }

  private func certify(
    _ network: Network, _ pruned: Network, _ cut: LayerCut, _ data: CalibrationData?
  ) throws -> Certificate {
    let run = CertificateRun(
      session: session, backend: backend, original: network, pruned: pruned, removedInputs: cut.inputs, file: path,
      dataFile: data?.paths[0], workerCount: workerCount)
    guard let data, let configuration else {
      return try run.certificate(data: nil, samples: [], probes: max(settings.probes, 1), tolerance: settings.tolerance)
    }
    let samples = (0..<data.sampleCount).runs(of: configuration.batchSize)
    return try run.certificate(
      data: try data.matched(to: network, loss: .agreement), samples: samples, probes: settings.probes,
      tolerance: settings.tolerance)
  }

  /// The networks side by side, and their mean losses on the calibration samples; at rank 0.
  private func evaluate(
    _ pruned: [UInt8], _ repaired: RepairOutcome?
  ) throws -> (evaluations: [ModelEvaluation], calibrationLosses: [Double])? {
    guard let configuration = sampled else { return nil }
    var candidates = [
      EvaluationCandidate(name: "original", message: message, fileSize: try fileSize(message)),
      EvaluationCandidate(name: "pruned", message: pruned, fileSize: try fileSize(pruned)),
    ]
    if let repaired, repaired.isChanged {
      let size = try fileSize(repaired.message)
      candidates.append(EvaluationCandidate(name: "repaired", message: repaired.message, fileSize: size))
    }
    let samples = try CalibrationData(configuration, .evaluation)
    let comparison = NetworkComparison(
      session: session, backend: backend, format: format, configuration: configuration, data: samples,
      workerCount: workerCount)
    let evaluations = try comparison.evaluate(candidates)
    guard configuration.evaluation != nil else { return evaluations.map { ($0, $0.map(\.meanLoss)) } }
    let onCalibration = NetworkComparison(
      session: session, backend: backend, format: format, configuration: configuration,
      data: try CalibrationData(configuration), workerCount: workerCount)
    let pieces = (0..<onCalibration.data.sampleCount).runs(of: configuration.batchSize)
    let losses = try onCalibration.meanLosses(candidates, samples: pieces)
    return evaluations.map { ($0, losses) }
  }

  private func fileSize(_ message: [UInt8]) throws -> Int {
    try format.files(of: message, named: "model").reduce(0) { $0 + $1.bytes.count }
  }
}

/// Which channels layers lose, by layer name; layers that lose none are absent.
struct LayerCut: Sendable {
  /// Input channels that go, ascending, as the original counts them.
  let inputs: [String: [Int]]
  /// Output channels that go.
  let outputs: [String: [Int]]

  init(_ layers: [Layer], inputs: [[Int]], outputs: [[Int]]) {
    func byName(_ lists: [[Int]]) -> [String: [Int]] {
      Dictionary(
        zip(layers, lists).filter { !$1.isEmpty }.map { ($0.name, $1) }, uniquingKeysWith: { first, _ in first })
    }
    self.inputs = byName(inputs)
    self.outputs = byName(outputs)
  }

  /// Whether nothing goes.
  var isEmpty: Bool { inputs.isEmpty && outputs.isEmpty }
}

extension Communicator {
  /// Rank `root`'s lists, on every rank.
  func broadcast(lists: [[Int]], from root: Int) throws -> [[Int]] {
    var packed = lists.flatMap { [Int64($0.count)] + $0.map(Int64.init) }
    try broadcast(&packed, from: root)
    var lists: [[Int]] = []
    var position = 0
    while position < packed.count {
      let end = position + 1 + Int(packed[position])
      lists.append(packed[position + 1..<end].map { Int($0) })
      position = end
    }
    return lists
  }
}
