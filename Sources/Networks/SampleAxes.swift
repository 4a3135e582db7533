/// Where the samples of a batch lie in every value of a network, and which nodes do not keep them apart.
///
/// Losses, products and filled-up batches are of single samples. They are right only where samples stay apart, and only
/// where they lie along axis 0 in equal runs (N × k rows, sample of row r = r ÷ k) can a value be cut into them.
public struct SampleAxes: Sendable {
  /// The nodes, by index, that mix the samples of what they read, or move them where they cannot be followed. What
  /// depends on such a node is not looked at.
  public private(set) var mixingNodes: [Int] = []
  private let network: Network
  private var axes: [Int?]

  /// Follows the samples from the inputs through all nodes. With one sample there is nothing to mix or to follow: axis 0
  /// then stands for all that is computed.
  public init(of network: Network) {
    self.network = network
    guard network.batchSize > 1 else {
      axes = network.values.map { $0.constant == nil ? 0 : nil }
      return
    }
    axes = [Int?](repeating: nil, count: network.values.count)
    for input in network.inputs { axes[input.index] = 0 }
    var isMixed = [Bool](repeating: false, count: network.values.count)
    for (index, node) in network.nodes.enumerated() {
      let operands = node.inputs.compactMap { $0 }
      let samples = operands.filter { axes[$0.index] != nil }
      let readsMixed = operands.contains { isMixed[$0.index] }
      guard readsMixed || !samples.isEmpty else { continue }
      for output in node.outputs {
        axes[output.index] = readsMixed ? nil : place(node, samples, network[output].shape)
        isMixed[output.index] = axes[output.index] == nil
      }
      if !readsMixed, node.outputs.contains(where: { isMixed[$0.index] }) { mixingNodes.append(index) }
    }
  }

  /// The axis along which a value holds the samples in equal runs; `nil` for what does not depend on the data, and for
  /// what depends on a node that mixes samples.
  public subscript(value: ValueID) -> Int? { axes[value.index] }

  /// The extents of one sample in a value: without the axis of the samples, or with a sample's run along it.
  public func sampleExtents(of value: ValueID) -> [Int] {
    var extents = network[value].shape.dimensions
    guard let axis = self[value] else { return extents }
    extents[axis] /= network.batchSize
    if extents[axis] == 1 { extents.remove(at: axis) }
    return extents
  }

  /// The axis of the samples in a result, or `nil` when they do not stay apart in equal runs.
  private func place(_ node: Node, _ operands: [ValueID], _ result: Shape) -> Int? {
    guard let axis = axes[operands[0].index] else { return nil }
    let shape = network[operands[0]].shape
    switch node.operation {
    case .convolution, .convolutionTranspose, .pool, .batchNormalization, .groupNormalization,
      .localResponseNormalization:
      return axis == 0 ? 0 : nil
    case .linear: return axis < shape.rank - 1 ? axis : nil
    case .unary: return axis
    case .matrixProduct: return placeInMatrixProduct(node, result)
    case .layerNormalization(let first, _): return axis < first ? axis : nil
    case .cumulativeSum(let summed, _, _): return summed != axis ? axis : nil
    case .resample(let steps): return steps.contains { $0.axis == axis } ? nil : axis
    case .gather(let chosen, _, let indexRank):
      return chosen == axis ? nil : axis < chosen ? axis : axis - 1 + indexRank
    case .binary, .select, .expand:
      // Broadcasting counts axes from the end; every operand that holds samples must hold them at one place.
      let places = operands.map { (axes[$0.index] ?? 0) + result.rank - network[$0].shape.rank }
      return places.allSatisfy { $0 == places[0] && result[$0] == shape[axis] } ? places[0] : nil
    case .concat(let joined): return joined != axis && operands.allSatisfy { axes[$0.index] == axis } ? axis : nil
    case .split(let cut): return cut != axis ? axis : nil
    case .softmax(let normalised, _): return normalised != axis ? axis : nil
    case .slice: return result[axis] == shape[axis] && isWhole(node.operation, axis) ? axis : nil
    case .pad(let pad): return pad.before[axis] == 0 && pad.behind[axis] == 0 ? axis : nil
    case .transpose(let permutation): return permutation.firstIndex(of: axis)
    case .reduce(_, let reduced):
      guard !reduced.contains(axis) else { return nil }
      return result.rank == shape.rank ? axis : axis - reduced.count { $0 < axis }
    case .reshape:
      // The same elements before it, and equal runs along it: then each sample covers the same run of elements.
      let before = shape.dimensions[..<axis].reduce(1, *)
      return result.dimensions.indices.first { candidate in
        result.dimensions[..<candidate].reduce(1, *) == before && result[candidate] % network.batchSize == 0
          && result[candidate] > 0
      }
    }
  }

  /// The axis of the samples in a matrix product: a leading axis, at one place in all operands that hold samples; or the
  /// rows of the left or the columns of the right operand, where the other one holds none.
  private func placeInMatrixProduct(_ node: Node, _ result: Shape) -> Int? {
    var places: Set<Int> = []
    for (position, operand) in node.inputs.enumerated() {
      guard let operand, let axis = axes[operand.index] else { continue }
      let place = axis + result.rank - network[operand].shape.rank
      let isOwn = place == (position == 0 ? result.rank - 2 : result.rank - 1)
      guard place < result.rank - 2 || isOwn else { return nil }
      places.insert(place)
    }
    return places.count == 1 ? places.first : nil
  }

  /// Whether a slice takes an axis from its first element in steps of one.
  private func isWhole(_ operation: Operation, _ axis: Int) -> Bool {
    guard case .slice(let starts, let steps) = operation else { return false }
    return starts[axis] == 0 && steps[axis] == 1
  }
}
