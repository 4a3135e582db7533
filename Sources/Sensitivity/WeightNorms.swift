public import Channels
public import Networks

/// A norm of the weights that make one output channel: a score that needs no data.
public enum WeightNorm: String, Hashable, Sendable, CaseIterable {
  /// Σ |w|; after Li et al., arXiv:1608.08710.
  case l1
  /// √Σ w².
  case l2
}

extension ChannelScores {
  /// The norms of the weights of every output channel; a unit has the sum over the channels that make it.
  ///
  /// Depthwise layers only pass a unit on: their norms stand with the layer and count in no unit.
  /// - Parameters:
  ///   - network: the analysed network, normalisations not folded.
  ///   - structure: what `network` was analysed to.
  public init(_ norm: WeightNorm, of network: Network, _ structure: ChannelStructure) {
    let layout = SensitivityLayout(structure)
    let layers = structure.layers.map { layer in
      ChannelScores.norms(norm, of: network.nodes[layer.node], in: network, outputs: layer.outputs)
    }
    var places = [Double](repeating: 0, count: layout.count)
    for (norms, units) in zip(layers, layout.unitPlaces) {
      for case (let norm, let unit?) in zip(norms, units) { places[unit] += norm }
    }
    self.init(layers: layers, groups: layout.groups.map { Array(places[$0]) })
  }

  private static func norms(_ norm: WeightNorm, of node: Node, in network: Network, outputs: Int) -> [Double] {
    guard let id = node.inputs[1], let weight = network[id].constant else {
      preconditionFailure("a layer has a constant weight")
    }
    let rows = WeightRows(node.operation, weight.shape)
    var sums = [Double](repeating: 0, count: outputs)
    switch weight.elements {
    case .float(let values): rows.add(values, norm, to: &sums)
    case .double(let values): rows.add(values, norm, to: &sums)
    case .integer: rows.add(weight.doubles, norm, to: &sums)
    }
    var factor = 1.0
    if case .linear(let linear) = node.operation { factor = abs(linear.alpha) }
    return sums.map { factor * (norm == .l1 ? $0 : $0.squareRoot()) }
  }
}

/// A weight as runs of elements of one output channel: blocks × channels × run.
private struct WeightRows {
  /// Blocks of all channels that follow each other: 1 where the outputs are the first axis, else one per input.
  let blocks: Int
  /// Channels of one block.
  let channels: Int
  /// Elements of a channel that follow each other.
  let run: Int
  /// Blocks that hold the same channels, those of one convolution group.
  let blocksPerGroup: Int

  init(_ operation: Operation, _ weight: Shape) {
    let isOutputFirst: Bool
    var groups = 1
    switch operation {
    case .convolutionTranspose(let convolution):
      isOutputFirst = false
      groups = convolution.groups
    case .linear(let linear): isOutputFirst = linear.weightIsOutputByInput
    default: isOutputFirst = true
    }
    blocks = isOutputFirst ? 1 : weight[0]
    channels = isOutputFirst ? weight[0] : weight[1]
    run = weight.count / max(blocks * channels, 1)
    blocksPerGroup = max(blocks / groups, 1)
  }

  /// Adds |w| or w² of every element to its output channel's sum.
  @inline(__always)
  func add<Element: BinaryFloatingPoint>(_ values: [Element], _ norm: WeightNorm, to sums: inout [Double]) {
    values.withUnsafeBufferPointer { values in
      for block in 0..<blocks {
        let first = block / blocksPerGroup * channels
        for channel in 0..<channels {
          let start = (block * channels + channel) * run
          var sum = 0.0
          switch norm {
          case .l1: for place in start..<start + run { sum += abs(Double(values[place])) }
          case .l2: for place in start..<start + run { sum += Double(values[place]) * Double(values[place]) }
          }
          sums[first + channel] += sum
        }
      }
    }
  }
}
