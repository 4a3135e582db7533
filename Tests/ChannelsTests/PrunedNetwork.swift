import Channels
@testable import Execution
import Networks

/// A network cut as a removal says, and run beside the whole one: the oracle for what a removal promises.
///
/// Every constant is cut here, node by node, from what stays of the node's operands and results alone.
struct PrunedNetwork {
  private let whole: Network
  private let structure: ChannelStructure
  private let removal: ChannelRemoval
  private var values: [Value]
  private var nodes: [Node] = []

  /// The cut network. Values keep their numbers; constants of cut nodes are added.
  private(set) var network: Network

  init(_ whole: Network, _ structure: ChannelStructure, _ removal: ChannelRemoval) throws {
    self.whole = whole
    self.structure = structure
    self.removal = removal
    network = whole
    values = whole.values.indices.map { index in
      let value = whole.values[index]
      guard value.constant == nil, let extents = removal.parts[index].extents(of: value.shape) else { return value }
      return Value(name: value.name, shape: Shape(extents))
    }
    for index in whole.nodes.indices { cut(index) }
    network = try Network(
      name: "pruned", batchSize: whole.batchSize, values: values, nodes: nodes, inputs: whole.inputs,
      outputs: whole.outputs)
  }

  /// The largest difference between what stays of any value of the whole network, its layers not reading what goes, and the
  /// same value of the cut network.
  func largestDifference(_ inputs: [[Double]]) -> Double {
    let expected = run(whole, inputs, masking: true)
    let found = run(network, inputs, masking: false)
    var largest = 0.0
    for index in whole.values.indices where whole.values[index].constant == nil {
      let kept = whole.values[index].shape.dimensions.indices.map { removal.parts[index][$0] }
      let part = take(expected[index], whole.values[index].shape.dimensions, kept)
      guard part.count == found[index].count else { return .infinity }
      for (one, other) in zip(part, found[index]) {
        let difference = abs(one - other) / max(1, abs(one))
        largest = difference.isNaN ? .infinity : max(largest, difference)
      }
    }
    return largest
  }

  private func run(_ network: Network, _ inputs: [[Double]], masking: Bool) -> [[Double]] {
    var results = network.values.map { $0.constant?.doubles ?? [] }
    for (id, elements) in zip(network.inputs, inputs) { results[id.index] = elements }
    for (index, node) in network.nodes.enumerated() {
      var operands = node.inputs.map { id in id.map { results[$0.index] } ?? [] }
      if masking, let layer = structure.layers.firstIndex(where: { $0.node == index }) { mask(&operands[1], layer) }
      let outputs = network.referenceKernel(node).forward(operands)
      for (id, result) in zip(node.outputs, outputs) { results[id.index] = result }
    }
    return results
  }

  /// Zeroes what a layer multiplies with input channels that go.
  private func mask(_ weight: inout [Double], _ index: Int) {
    let layer = structure.layers[index]
    guard !layer.isDepthwise else { return }
    let gone = Set(removal.removedInputs[index])
    let place = weightPlace(layer)
    for position in weight.indices where gone.contains(place(position).input) { weight[position] = 0 }
  }

  /// Which input and output channel each element of a layer's weight joins.
  private func weightPlace(_ layer: Layer) -> (Int) -> (input: Int, output: Int) {
    let node = whole.nodes[layer.node]
    let shape = node.inputs[1].map { whole[$0].shape.dimensions } ?? []
    let inner = shape.dropFirst(2).reduce(1, *)
    let (groups, perInput, perOutput) = (
      layer.convolutionGroups, layer.inputs / layer.convolutionGroups, layer.outputs / layer.convolutionGroups
    )
    switch node.operation {
    case .convolution:
      return { position in
        let output = position / inner / shape[1]
        return (output / perOutput * perInput + position / inner % shape[1], output)
      }
    case .convolutionTranspose:
      return { position in
        let input = position / inner / shape[1]
        return (input, input / (shape[0] / groups) * perOutput + position / inner % shape[1])
      }
    case .linear(let linear):
      return { position in
        let (row, column) = (position / shape[1], position % shape[1])
        return linear.weightIsOutputByInput ? (column, row) : (row, column)
      }
    default: return { _ in (-1, -1) }
    }
  }

  private func part(_ value: ValueID) -> KeptPart { removal.parts[value.index] }

  /// The indices of an axis that stay.
  private func kept(_ value: ValueID, _ axis: Int) -> [Int] {
    part(value)[axis] ?? Array(0..<whole[value].shape[axis])
  }

  /// A new constant: an old one's elements at indices per axis, `nil` for all.
  private mutating func add(_ constant: ValueID, _ kept: [[Int]?]) -> ValueID {
    let shape = whole[constant].shape
    let elements = take(whole[constant].constant?.doubles ?? [], shape.dimensions, kept)
    return add(
      whole[constant].name, zip(shape.dimensions, kept).map { $1?.count ?? $0 }, elements)
  }

  private mutating func add(_ name: String, _ extents: [Int], _ elements: [Double]) -> ValueID {
    values.append(
      Value(
        name: "\(name).\(values.count)", constant: ConstantTensor(shape: Shape(extents), elements: .double(elements))))
    return ValueID(values.count - 1)
  }

  /// Elements of a row-major array at indices per axis, `nil` for all.
  private func take(_ elements: [Double], _ extents: [Int], _ kept: [[Int]?]) -> [Double] {
    var positions = [0]
    for (axis, extent) in extents.enumerated() {
      let indices = kept[axis] ?? Array(0..<extent)
      positions = positions.flatMap { base in indices.map { base * extent + $0 } }
    }
    return positions.map { elements[$0] }
  }

  private mutating func cut(_ index: Int) {
    let node = whole.nodes[index]
    var inputs = node.inputs
    var operation = node.operation
    let result = node.outputs[0]
    switch node.operation {
    case .convolution, .convolutionTranspose, .linear:
      guard let layer = structure.layers.firstIndex(where: { $0.node == index }), let x = inputs[0] else { return }
      (operation, inputs) = cutLayer(layer, x, result)
    case .batchNormalization, .groupNormalization:
      for position in 1..<inputs.count { inputs[position] = inputs[position].map { add($0, [part(result)[1]]) } }
      if case .groupNormalization(let groups, let epsilon) = operation {
        let extent = whole[result].shape[1]
        operation = .groupNormalization(groups: groups * kept(result, 1).count / extent, epsilon: epsilon)
      }
    case .binary, .select, .matrixProduct, .concat:
      let rank = whole[result].shape.rank
      for (position, input) in inputs.enumerated() {
        guard let input, whole[input].constant != nil else { continue }
        let shape = whole[input].shape
        let offset = rank - shape.rank
        var lists = (0..<shape.rank).map { shape[$0] == 1 ? nil : part(result)[$0 + offset] }
        if case .concat(let axis) = operation { lists[axis] = nil }
        if case .matrixProduct = operation { lists[shape.rank - (position == 0 ? 1 : 2)] = nil }
        inputs[position] = add(input, lists)
      }
    case .slice(let starts, let steps):
      guard let x = inputs[0] else { return }
      picks(x, result, node.name) { axis, index in starts[axis] + steps[axis] * index }
      return
    case .gather(let axis, let indices, let rank):
      guard let x = inputs[0] else { return }
      var chosen = [0]
      for place in axis..<axis + rank {
        chosen = chosen.flatMap { base in kept(result, place).map { base * whole[result].shape[place] + $0 } }
      }
      let own = kept(x, axis)
      operation = .gather(
        axis: axis, indices: chosen.map { own.firstIndex(of: indices[$0]) ?? -1 }, indexRank: rank)
    default: break
    }
    nodes.append(
      Node(name: node.name, opType: node.opType, operation: operation, inputs: inputs, outputs: node.outputs))
  }

  private mutating func cutLayer(_ index: Int, _ x: ValueID, _ result: ValueID) -> (Operation, [ValueID?]) {
    let layer = structure.layers[index]
    let node = whole.nodes[layer.node]
    guard let weight = node.inputs[1] else { return (node.operation, node.inputs) }
    let axis = layer.opType == "Gemm" ? whole[x].shape.rank - 1 : 1
    var inputs = node.inputs
    var ins = Set(kept(x, axis))
    if let gather = removal.gathers.first(where: { $0.layer == index }) {
      ins.subtract(gather.channels)
      var extents = values[x.index].shape.dimensions
      let positions = removal.positions(of: gather, in: structure)
      extents[axis] = positions.count
      values.append(Value(name: "\(layer.name).gathered", shape: Shape(extents)))
      inputs[0] = ValueID(values.count - 1)
      nodes.append(
        Node(
          name: "\(layer.name).gather", opType: "Gather",
          operation: .gather(axis: axis, indices: positions, indexRank: 1), inputs: [x],
          outputs: [ValueID(values.count - 1)]))
    }
    let outs = kept(result, layer.channelAxis)
    let outSet = Set(outs)
    let place = weightPlace(layer)
    let elements = (whole[weight].constant?.doubles ?? []).enumerated().filter { position, _ in
      ins.contains(place(position).input) && outSet.contains(place(position).output)
    }.map(\.element)
    var operation = node.operation
    var shape = whole[weight].shape.dimensions
    switch operation {
    case .convolution(var convolution):
      if layer.isDepthwise { convolution.groups = ins.count }
      shape[0] = outs.count
      shape[1] = ins.count / convolution.groups
      operation = .convolution(convolution)
    case .convolutionTranspose(var convolution):
      if layer.isDepthwise { convolution.groups = ins.count }
      shape[0] = ins.count
      shape[1] = outs.count / convolution.groups
      operation = .convolutionTranspose(convolution)
    case .linear(let linear): shape = linear.weightIsOutputByInput ? [outs.count, ins.count] : [ins.count, outs.count]
    default: break
    }
    inputs[1] = add(layer.weight, shape, elements)
    if inputs.count > 2, let bias = inputs[2] { inputs[2] = add(bias, [outs]) }
    return (operation, inputs)
  }

  /// A slice as gathers, axis after axis.
  private mutating func picks(_ x: ValueID, _ result: ValueID, _ name: String, _ source: (Int, Int) -> Int) {
    var current = x
    var extents = values[x.index].shape.dimensions
    for axis in extents.indices {
      let own = kept(x, axis)
      let indices = kept(result, axis).map { own.firstIndex(of: source(axis, $0)) ?? -1 }
      extents[axis] = indices.count
      var next = result
      if axis < extents.count - 1 {
        values.append(Value(name: "\(name).\(axis)", shape: Shape(extents)))
        next = ValueID(values.count - 1)
      }
      nodes.append(
        Node(
          name: "\(name).\(axis)", opType: "Gather", operation: .gather(axis: axis, indices: indices, indexRank: 1),
          inputs: [current], outputs: [next]))
      current = next
    }
  }
}
