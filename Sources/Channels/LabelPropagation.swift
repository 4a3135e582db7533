import Networks

/// What a node does with labels, noted while they flow through it: (initializer axis index ↔ label).
struct LabelRole {
  let role: ChannelMember.Role
  let node: Int
  let initializer: String
  let axis: Int
  /// The label of every index along the axis.
  let labels: [Int32]
}

/// Runs a network once on labels instead of numbers.
///
/// Layers give their output channels fresh labels, data movement moves labels, elementwise operations unite them, and what
/// mixes channels freezes them: no rule per pair of operations.
struct LabelPropagation {
  let network: Network
  var classes = LabelClasses()
  var roles: [LabelRole] = []
  /// By node: the labels of a layer's output and input channels.
  var layerOutputs: [Int: [Int32]] = [:]
  var layerInputs: [Int: [Int32]] = [:]
  private var arrays: [LabelArray?]
  private var weightAxes: [WeightAxis: [Int32]] = [:]

  private struct WeightAxis: Hashable {
    let value: ValueID
    let axis: Int
  }

  init(_ network: Network) {
    self.network = network
    arrays = [LabelArray?](repeating: nil, count: network.values.count)
    for input in network.inputs {
      let shape = network[input].shape
      let reason = FreezeReason(
        place: network[input].name, opType: "input", cause: "channels of the network's input are given from outside")
      guard shape.rank >= 2, shape[1] <= LabelPropagation.mostInputChannels else {
        arrays[input.index] = whole(shape.dimensions, reason)
        continue
      }
      let labels = classes.makeLabels(shape[1])
      classes.freeze(labels, reason)
      arrays[input.index] = LabelArray(extents: shape.dimensions, axis: 1, labels: labels)
    }
    for index in network.nodes.indices { propagate(index) }
    for output in network.outputs {
      let reason = FreezeReason(
        place: network[output].name, opType: "output",
        cause: "channels of the network's output are what it is asked for")
      classes.freeze(array(output).labels, reason)
    }
  }

  /// Inputs with more channels are one label: a hostile shape ends here and not in an allocation.
  private static let mostInputChannels = 1 << 20

  /// A tensor whose elements are no channels that could go: what meets them has to stay.
  mutating func whole(_ extents: [Int], _ reason: FreezeReason) -> LabelArray {
    let labels = classes.makeLabels(1)
    classes.freeze(labels, reason)
    return LabelArray(extents: extents, filledWith: labels[0])
  }

  /// What a node yields that has mixed its operand's channels.
  mutating func mixed(_ operand: LabelArray, _ node: Node, _ cause: String, _ extents: [Int]) -> LabelArray {
    let reason = FreezeReason(place: node.name, opType: node.opType, cause: cause)
    classes.freeze(operand.labels, reason)
    return whole(extents, reason)
  }

  /// What a node yields that has too many channels to follow.
  mutating func unfollowed(_ operands: [LabelArray], _ node: Node, _ extents: [Int]) -> LabelArray {
    let reason = FreezeReason(place: node.name, opType: node.opType, cause: "has too many elements to follow channels")
    for operand in operands { classes.freeze(operand.labels, reason) }
    return whole(extents, reason)
  }

  func array(_ value: ValueID) -> LabelArray {
    arrays[value.index] ?? LabelArray(extents: network[value].shape.dimensions)
  }

  private mutating func propagate(_ index: Int) {
    let node = network.nodes[index]
    let extents = network[node.outputs[0]].shape.dimensions
    guard let first = node.inputs.first.flatMap({ $0 }) else { return }
    let operand = array(first)
    let result: LabelArray
    switch node.operation {
    case .convolution(let convolution): result = convolve(operand, convolution, index, extents)
    case .convolutionTranspose(let convolution): result = convolveTransposed(operand, convolution, index, extents)
    case .linear(let linear): result = multiply(operand, linear, index, extents)
    case .matrixProduct: result = multiplyMatrices(node, extents)
    case .batchNormalization: result = normalise(operand, index)
    case .groupNormalization(let groups, _): result = normalise(operand, inGroups: groups, index)
    case .layerNormalization(let axis, _): result = normalise(operand, from: axis, node)
    case .unary: result = operand
    case .binary, .select: result = combine(node, index, extents)
    case .expand:
      result = unstretched(ranked(first, extents.count), beside: LabelArray(extents: extents), extents, node)
    case .concat(let axis): result = join(node, axis: axis, extents)
    case .split(let axis):
      cut(operand, node, axis: axis)
      return
    case .slice(let starts, let steps): result = operand.sliced(starts: starts, steps: steps, counts: extents)
    case .gather(let axis, let indices, let rank):
      let indexExtents = Array(extents[axis..<axis + rank])
      result =
        operand.gathered(axis: axis, indices: indices, indexExtents: indexExtents)
        ?? unfollowed([operand], node, extents)
    case .pool:
      result =
        operand.changingAxes.contains { $0 >= 2 }
        ? mixed(operand, node, "pools over an axis that carries channels", extents)
        : LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
    case .resample(let steps):
      result =
        operand.changingAxes.contains { axis in steps.contains { $0.axis == axis } }
        ? mixed(operand, node, "resizes an axis that carries channels", extents)
        : LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
    case .reduce(let reduction, let axes):
      result =
        operand.changingAxes.contains { axes.contains($0) }
        ? mixed(operand, node, "takes the \(reduction.name) over channels", extents)
        : operand.reduced(to: extents, axes: axes)
    case .cumulativeSum(let axis, _, _):
      result =
        operand.changingAxes.contains(axis)
        ? mixed(operand, node, "sums up one channel after another", extents) : operand
    case .reshape: result = operand.reshaped(to: extents) ?? unfollowed([operand], node, extents)
    case .transpose(let permutation): result = operand.transposed(permutation)
    case .pad(let pad): result = operand.padded(pad) ?? unfollowed([operand], node, extents)
    case .softmax(let axis, _):
      if operand.changingAxes.contains(axis) { freeze(operand, node, "normalises over channels") }
      result = operand
    case .localResponseNormalization:
      freeze(operand, node, "normalises each channel by its neighbours")
      result = operand
    }
    arrays[node.outputs[0].index] = result
  }

  mutating func freeze(_ array: LabelArray, _ node: Node, _ cause: String, unlock: String? = nil) {
    classes.freeze(array.labels, FreezeReason(place: node.name, opType: node.opType, cause: cause, unlock: unlock))
  }

  /// Notes a role; a weight that several layers share ties their channels index by index.
  mutating func note(_ role: ChannelMember.Role, _ node: Int, _ constant: ValueID, axis: Int, _ labels: [Int32]) {
    if role == .produce || role == .consume || role == .pass {
      let place = WeightAxis(value: constant, axis: axis)
      if let earlier = weightAxes[place] {
        if earlier.count == labels.count {
          for (one, other) in zip(earlier, labels) { classes.union(one, other) }
        } else {
          // One index is then several channels of one node and another number of the other.
          let sharing = network.nodes[node]
          let reason = FreezeReason(
            place: sharing.name, opType: sharing.opType, cause: "shares a weight at another number of groups")
          classes.freeze(earlier + labels, reason)
        }
      }
      weightAxes[place] = labels
    }
    roles.append(
      LabelRole(role: role, node: node, initializer: network[constant].name, axis: axis, labels: labels))
  }

  /// Parts joined along an axis.
  private mutating func join(_ node: Node, axis: Int, _ extents: [Int]) -> LabelArray {
    let parts = node.inputs.compactMap { $0 }.map { part in
      network[part].constant == nil ? array(part) : constantPart(part, node, axis: axis)
    }
    return LabelArray.joined(parts, axis: axis, extents: extents) ?? unfollowed(parts, node, extents)
  }

  /// A constant joined to channels: its elements follow the others along every axis but the joined one.
  private mutating func constantPart(_ value: ValueID, _ node: Node, axis: Int) -> LabelArray {
    for other in node.inputs.compactMap({ $0 }) where network[other].constant == nil {
      let array = array(other)
      if array.changingAxes.contains(where: { $0 != axis }) {
        freeze(array, node, "joins channels with a constant along another axis")
      }
    }
    return LabelArray(extents: network[value].shape.dimensions)
  }

  /// Runs of an axis, one per result.
  private mutating func cut(_ operand: LabelArray, _ node: Node, axis: Int) {
    var start = 0
    for output in node.outputs {
      let counts = network[output].shape.dimensions
      var starts = [Int](repeating: 0, count: counts.count)
      starts[axis] = start
      arrays[output.index] = operand.sliced(
        starts: starts, steps: [Int](repeating: 1, count: counts.count), counts: counts)
      start += counts[axis]
    }
  }
}
