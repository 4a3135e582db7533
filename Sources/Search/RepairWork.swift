import Channels
import Configuration
import Execution
import Logging
import MessagePassing
import Networks
import Surgery
import WorkSharing

/// The sums that repairs are made of, computed on all ranks; every rank gets the parameters that follow.
struct RepairWork {
  private let repair: NetworkRepair
  private let session: WorkSession
  private let pieces: [Range<Int>]
  private let sampleCount: Int
  /// Nodes whose parameters have to stay.
  private let obstacles: Set<String>

  /// - Parameter pieces: the samples that serve, fixed by their number alone.
  init(_ repair: NetworkRepair, _ pieces: [Range<Int>], obstacles: Set<String>) {
    self.repair = repair
    session = repair.stage.session
    self.pieces = pieces
    sampleCount = repair.data.sampleCount
    self.obstacles = obstacles
  }

  // MARK: Bias correction

  /// Biases that take in the means of the removed channels.
  func biasCorrections(of network: Network) throws -> [LayerParameters] {
    let original = repair.original
    let layers = layers(of: network).filter { repair.cut.inputs[$0.node.name] != nil }
    guard !layers.isEmpty else { return [] }
    let means = layers.map { layer in
      ChannelMeans(
        of: original[layer.originalInput].shape, channelAxis: layer.inputAxis, batchSize: original.batchSize)
    }
    let lengths = means.map(\.packedCount)
    session.phases.begin(.repair, total: pieces.reduce(0) { $0 + $1.count }, unit: "sample")
    let sums = try sums(
      length: lengths.reduce(0, +), [Part(original, outputs: layers.map(\.originalInput))], isPhase: true
    ) { evaluations, samples, packed in
      var start = 0
      for (index, mean) in means.enumerated() {
        var own = Array(packed[start..<start + lengths[index]])
        mean.accumulate(evaluations[0].outputs[index], samples: samples.count, into: &own)
        packed.replaceSubrange(start..<start + lengths[index], with: own)
        start += lengths[index]
      }
    }
    var start = 0
    var corrections: [LayerParameters] = []
    for (index, layer) in layers.enumerated() {
      let all = means[index].means(Array(sums[start..<start + lengths[index]]))
      start += lengths[index]
      guard let target = biasTarget(of: layer, network) else { continue }
      let removed = repair.cut.inputs[layer.node.name] ?? []
      let whole: [Double]
      do {
        whole = try original.biasCorrection(of: layer.originalNode, removing: removed, means: removed.map { all[$0] })
      } catch {
        skip(layer.node.name, "\(error)")
        continue
      }
      let gone = Set(repair.cut.outputs[layer.node.name] ?? [])
      let delta = whole.indices.filter { !gone.contains($0) }.map { whole[$0] }
      corrections.append(target.adding(delta))
    }
    return corrections
  }

  // MARK: Reconstruction

  /// Weights fitted to the original's outputs, for every layer that reads what the pruning changed.
  ///
  /// - Parameter isSequential: whether inputs come from the network as fitted up to the layer, or from the one given.
  func reconstructions(of network: Network, isSequential: Bool) throws -> [LayerParameters] {
    let changed = LayerChange.layers(network, cut: repair.cut)
    let settings = repair.stage.repair
    var current = network
    var all: [LayerParameters] = []
    let fitted = layers(of: network).enumerated().filter { changed.contains($0.element.node.name) }
    session.phases.begin(.repair, total: fitted.count, unit: "layer")
    for (done, (number, layer)) in fitted.enumerated() {
      session.phases.advance(to: done)
      let source = isSequential ? current : network
      guard let weight = source[layer.weight(in: source)].constant else { continue }
      let target = biasTarget(of: layer, source)
      let problem: Reconstruction
      do {
        problem = try Reconstruction(
          layer.node.operation, input: source[layer.input].shape, output: source[layer.output].shape,
          batchSize: source.batchSize, hasIntercept: target != nil, layer: number, samples: sampleCount,
          rowLimit: settings.rows)
      } catch {
        skip(layer.node.name, "\(error)")
        continue
      }
      guard problem.packedCount <= RepairWork.largestStatistics else {
        skip(layer.node.name, "fitting it would take sums of \(problem.packedCount) numbers")
        continue
      }
      let keeper = ChannelKeeper(
        repair.original[layer.originalOutput].shape, axis: layer.outputAxis,
        gone: repair.cut.outputs[layer.node.name] ?? [])
      let other = summand(beside: layer, source)
      let sums = try sums(
        length: problem.packedCount,
        [
          Part(source, outputs: [layer.input] + (other.map { [$0.pruned] } ?? [])),
          Part(repair.original, outputs: [layer.originalOutput] + (other.map { [$0.original] } ?? [])),
        ]
      ) { evaluations, samples, packed in
        let (found, wanted) = (evaluations[0].outputs, evaluations[1].outputs)
        var targets = keeper.kept(wanted[0])
        if found.count > 1 {
          let summand = keeper.kept(wanted[1])
          for index in targets.indices { targets[index] += summand[index] - found[1][index] }
        }
        problem.accumulate(inputs: found[0], targets: targets, samples: samples, into: &packed)
      }
      let bias = target?.values
      let solution: Reconstruction.Solution
      do {
        solution = try problem.solve(sums, weight: weight.floats, bias: bias, ridge: settings.ridge)
      } catch {
        skip(layer.node.name, "\(error)")
        continue
      }
      // Where nothing better was found nothing is written, least of all a bias that was not there.
      guard solution.keptGroups.count < layer.groups else { continue }
      var parameters = [LayerParameters(node: layer.node.name, weight: solution.weight)]
      if let target, let bias = solution.bias {
        let moved = target.replacing(bias)
        if moved.node == layer.node.name { parameters[0].bias = moved.bias } else { parameters.append(moved) }
      }
      all += parameters
      current = current.replacing(parameters)
    }
    session.phases.advance(to: fitted.count)
    return all
  }

  // MARK: Normalisations

  /// Means and variances of the normalisations' inputs in the network as it is, one after the other.
  func adaptedNormalizations(of network: Network) throws -> [LayerParameters] {
    let samples = SampleAxes(of: network)
    var current = network
    var all: [LayerParameters] = []
    let normalizations = network.nodes.filter { if case .batchNormalization = $0.operation { true } else { false } }
    session.phases.begin(.repair, total: normalizations.count, unit: "layer")
    for (done, node) in normalizations.enumerated() {
      session.phases.advance(to: done)
      guard !obstacles.contains(node.name), let x = node.inputs[0],
        let mean = node.inputs[3].flatMap({ network[$0].constant?.doubles }),
        let variance = node.inputs[4].flatMap({ network[$0].constant?.floats }), samples[x] == 0
      else { continue }
      let statistics = NormalizationStatistics(
        of: network[x].shape, batchSize: network.batchSize, runningMean: mean)
      let sums = try sums(length: statistics.packedCount, [Part(current, outputs: [x])]) {
        evaluations, samples, packed in
        statistics.accumulate(evaluations[0].outputs[0], samples: samples.count, into: &packed)
      }
      guard let moments = statistics.moments(sums) else { continue }
      // A channel that is dead on these samples keeps its statistics: any other sample would be blown up.
      let parameters = LayerParameters(
        node: node.name,
        mean: moments.mean.indices.map { Float(moments.variance[$0] > 0 ? moments.mean[$0] : mean[$0]) },
        variance: variance.indices.map { moments.variance[$0] > 0 ? Float(moments.variance[$0]) : variance[$0] })
      all.append(parameters)
      current = current.replacing([parameters])
    }
    session.phases.advance(to: normalizations.count)
    return all
  }

  // MARK: Sums

  /// Values of one network that are needed at a time.
  private struct Part {
    let request: ExecutionRequest

    init(_ network: Network, outputs: [ValueID]) {
      request = ExecutionRequest(network: network, loss: nil, outputs: outputs)
    }
  }

  /// Sums over the fitted samples, on every rank the same.
  /// - Parameter isPhase: whether that is all of the phase at hand.
  private func sums(
    length: Int, _ parts: [Part], isPhase: Bool = false,
    _ accumulate:
      @escaping @Sendable (_ evaluations: [Evaluation], _ samples: Range<Int>, _ packed: inout [Double]) -> Void
  ) throws -> [Double] {
    let models = try parts.map { part in
      try ForwardModel(
        part.request, file: repair.stage.path, repair.data, targets: .agreement, repair.stage.backend)
    }
    let pool = WorkerPool(count: repair.stage.workerCount) { try models.map { try $0.makeExecutor() } }
    let pieces = pieces
    let groups = min(RepairWork.groupCount, pieces.count)
    let phases = session.phases
    let total = try session.sum(
      "part", groups, length: length, by: pool,
      progress: { if isPhase { phases.advance($0, pieces: groups) } }
    ) { group, executors, pulse in
      var packed = [Double](repeating: 0, count: length)
      for piece in stride(from: group, to: pieces.count, by: groups) {
        for run in pieces[piece].runs(of: models[0].runSize) {
          let evaluations = try zip(models, executors).map { try $0.run(run, on: $1) }
          accumulate(evaluations, run, &packed)
          try pulse.beat()
        }
      }
      return packed
    }
    var sums = total ?? []
    try session.world.broadcast(&sums, from: 0)
    return sums
  }

  /// A layer whose sums are more numbers (512 MiB) is not fitted: some 11 000 inputs × kernel elements per group.
  private static let largestStatistics = 1 << 26

  /// Sums of so many groups of pieces are added in order: more ranks × workers than these have nothing to do.
  private static let groupCount = 32

  /// Says once why a layer is not repaired: a repair that cannot be had is no reason to give up the pruning.
  private func skip(_ layer: String, _ reason: String) {
    if session.world.rank == 0 { repair.stage.logger.warning("\(layer) keeps its weights: \(reason)") }
  }

  // MARK: Layers

  /// A layer in both networks.
  private struct PairedLayer {
    let node: Node
    let originalNode: Node
    let input: ValueID
    let output: ValueID
    let originalInput: ValueID
    let originalOutput: ValueID
    /// Axis of the channels of the input.
    let inputAxis: Int
    /// Axis of the channels of the output.
    let outputAxis: Int
    /// Convolution groups.
    var groups: Int {
      switch node.operation {
      case .convolution(let convolution), .convolutionTranspose(let convolution): convolution.groups
      default: 1
      }
    }

    func weight(in network: Network) -> ValueID {
      network.nodes.first { $0.name == node.name }?.inputs[1] ?? node.inputs[1] ?? input
    }
  }

  /// Layers that are in both networks and whose parameters are theirs alone and can be replaced.
  private func layers(of network: Network) -> [PairedLayer] {
    let originals = Dictionary(
      repair.original.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var users: [ValueID: Int] = [:]
    for node in network.nodes { if node.isLayer, let weight = node.inputs[1] { users[weight, default: 0] += 1 } }
    // Sums are of samples: they have to lie along axis 0.
    let (samples, wholeSamples) = (SampleAxes(of: network), SampleAxes(of: repair.original))
    return network.nodes.compactMap { node in
      guard node.isLayer, node.inputs[0].map({ samples[$0] }) == 0, samples[node.outputs[0]] == 0,
        !obstacles.contains(node.name), let whole = originals[node.name],
        let x = node.inputs[0], let originalX = whole.inputs[0], let weight = node.inputs[1], users[weight] == 1,
        wholeSamples[originalX] == 0, wholeSamples[whole.outputs[0]] == 0
      else { return nil }
      let isLinear = if case .linear = node.operation { true } else { false }
      return PairedLayer(
        node: node, originalNode: whole, input: x, output: node.outputs[0], originalInput: originalX,
        originalOutput: whole.outputs[0], inputAxis: isLinear ? network[x].shape.rank - 1 : 1,
        outputAxis: isLinear ? network[node.outputs[0]].shape.rank - 1 : 1)
    }
  }

  /// The other operand of the sum that alone reads a layer, where it is computed before the layer: the fit then makes the
  /// sum right, not the summand (He, Zhang, Sun 2017).
  private func summand(beside layer: PairedLayer, _ network: Network) -> (pruned: ValueID, original: ValueID)? {
    func other(_ output: ValueID, _ network: Network) -> ValueID? {
      let readers = network.nodes.filter { $0.inputs.contains(output) }
      guard let sum = readers.first, readers.count == 1, case .binary(.add) = sum.operation,
        !network.outputs.contains(output), let operand = sum.inputs.compactMap({ $0 }).first(where: { $0 != output }),
        network[operand].constant == nil, network[operand].shape == network[output].shape,
        let own = network.nodes.firstIndex(where: { $0.outputs.contains(output) }),
        let before = network.nodes.firstIndex(where: { $0.outputs.contains(operand) }), before < own
      else { return nil }
      return operand
    }
    guard let pruned = other(layer.output, network), let original = other(layer.originalOutput, repair.original) else {
      return nil
    }
    return (pruned, original)
  }

  /// Where what is added to a layer's outputs goes.
  private struct BiasTarget {
    /// Whose parameter it is.
    let node: String
    /// What the layer adds now.
    let values: [Float]
    /// The mean that the normalisation behind subtracts in the original, if what is added goes there.
    var mean: [Float]?

    func replacing(_ values: [Float]) -> LayerParameters {
      guard let mean else { return LayerParameters(node: node, bias: values) }
      return LayerParameters(node: node, mean: zip(mean, values).map { $0 - $1 })
    }

    func adding(_ delta: [Double]) -> LayerParameters {
      replacing(zip(values, delta).map { Float(Double($0) + $1) })
    }
  }

  /// A layer's own bias, the mean of the normalisation that alone reads it, or a new bias; `nil` where there can be none.
  private func biasTarget(of layer: PairedLayer, _ network: Network) -> BiasTarget? {
    guard let node = network.nodes.first(where: { $0.name == layer.node.name }) else { return nil }
    if node.inputs.count > 2, let bias = node.inputs[2], let constant = network[bias].constant {
      return BiasTarget(node: node.name, values: constant.floats)
    }
    let readers = network.nodes.filter { $0.inputs.contains(layer.output) }
    if let norm = readers.first, readers.count == 1, case .batchNormalization = norm.operation,
      !network.outputs.contains(layer.output), !obstacles.contains(norm.name),
      let mean = norm.inputs[3].flatMap({ network[$0].constant?.floats }),
      let whole = repair.original.nodes.first(where: { $0.name == norm.name }),
      let wholeMean = whole.inputs[3].flatMap({ repair.original[$0].constant?.floats })
    {
      let gone = Set(repair.cut.outputs[node.name] ?? [])
      let before = wholeMean.indices.filter { !gone.contains($0) }.map { wholeMean[$0] }
      return BiasTarget(node: norm.name, values: zip(before, mean).map { $0 - $1 }, mean: before)
    }
    guard node.opType != "MatMul" else { return nil }
    let channels = network[layer.output].shape[layer.outputAxis]
    return BiasTarget(node: node.name, values: [Float](repeating: 0, count: channels))
  }
}

extension Node {
  /// Whether it has weights that make outputs of inputs.
  fileprivate var isLayer: Bool {
    switch operation {
    case .convolution, .convolutionTranspose, .linear: true
    default: false
    }
  }
}

/// Which layers read something that a pruning changed.
enum LayerChange {
  /// The names of layers that lose inputs, or lie behind one that does.
  static func layers(_ network: Network, cut: LayerCut) -> Set<String> {
    var isChanged = [Bool](repeating: false, count: network.values.count)
    var layers: Set<String> = []
    for node in network.nodes {
      let reads = node.inputs.contains { $0.map { isChanged[$0.index] } ?? false }
      guard reads || cut.inputs[node.name] != nil else { continue }
      if node.isLayer { layers.insert(node.name) }
      for output in node.outputs { isChanged[output.index] = true }
    }
    return layers
  }
}

/// Takes the channels that stay out of a value.
struct ChannelKeeper: Sendable {
  private let channels: Int
  private let inner: Int
  private let kept: [Int]

  init(_ shape: Shape, axis: Int, gone: [Int]) {
    channels = shape[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let gone = Set(gone)
    kept = (0..<channels).filter { !gone.contains($0) }
  }

  /// The elements of the channels that stay, in their order.
  func kept(_ values: [Float]) -> [Float] {
    guard kept.count < channels else { return values }
    var result: [Float] = []
    result.reserveCapacity(values.count / channels * kept.count)
    for block in stride(from: 0, to: values.count, by: channels * inner) {
      for channel in kept { result += values[block + channel * inner..<block + (channel + 1) * inner] }
    }
    return result
  }
}
