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
  private(set) var classes = LabelClasses()
  private(set) var roles: [LabelRole] = []
  /// By node: the labels of a layer's output and input channels.
  private(set) var layerOutputs: [Int: [Int32]] = [:]
  private(set) var layerInputs: [Int: [Int32]] = [:]
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
  private mutating func whole(_ extents: [Int], _ reason: FreezeReason) -> LabelArray {
    let labels = classes.makeLabels(1)
    classes.freeze(labels, reason)
    return LabelArray(extents: extents, filledWith: labels[0])
  }

  /// What a node yields that has mixed its operand's channels.
  private mutating func mixed(_ operand: LabelArray, _ node: Node, _ cause: String, _ extents: [Int]) -> LabelArray {
    let reason = FreezeReason(place: node.name, opType: node.opType, cause: cause)
    classes.freeze(operand.labels, reason)
    return whole(extents, reason)
  }

  /// What a node yields that has too many channels to follow.
  private mutating func unfollowed(_ operands: [LabelArray], _ node: Node, _ extents: [Int]) -> LabelArray {
    let reason = FreezeReason(place: node.name, opType: node.opType, cause: "has too many elements to follow channels")
    for operand in operands { classes.freeze(operand.labels, reason) }
    return whole(extents, reason)
  }

  private func array(_ value: ValueID) -> LabelArray {
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
    case .linear(let linear): result = multiply(operand, linear, index, extents)
    case .batchNormalization: result = normalise(operand, index)
    case .unary: result = operand
    case .binary: result = combine(node, index, extents)
    case .concat(let axis):
      let parts = node.inputs.compactMap { $0 }.map { part in
        network[part].constant == nil ? array(part) : constantPart(part, node, axis: axis)
      }
      result = LabelArray.joined(parts, axis: axis, extents: extents) ?? unfollowed(parts, node, extents)
    case .split(let axis):
      var start = 0
      for output in node.outputs {
        let counts = network[output].shape.dimensions
        var starts = [Int](repeating: 0, count: counts.count)
        starts[axis] = start
        arrays[output.index] = operand.sliced(
          starts: starts, steps: [Int](repeating: 1, count: counts.count), counts: counts)
        start += counts[axis]
      }
      return
    case .slice(let starts, let steps): result = operand.sliced(starts: starts, steps: steps, counts: extents)
    case .pool:
      result =
        operand.changingAxes.contains { $0 >= 2 }
        ? mixed(operand, node, "pools over an axis that carries channels", extents)
        : LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
    case .reduceMean(let axes):
      result =
        operand.changingAxes.contains { axes.contains($0) }
        ? mixed(operand, node, "takes the mean over channels", extents) : operand.reduced(to: extents, axes: axes)
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

  private mutating func freeze(_ array: LabelArray, _ node: Node, _ cause: String, unlock: String? = nil) {
    classes.freeze(array.labels, FreezeReason(place: node.name, opType: node.opType, cause: cause, unlock: unlock))
  }

  /// Notes a role; a weight that several layers share ties their channels index by index.
  private mutating func note(_ role: ChannelMember.Role, _ node: Int, _ constant: ValueID, axis: Int, _ labels: [Int32])
  {
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

  private mutating func convolve(
    _ operand: LabelArray, _ convolution: Convolution, _ index: Int, _ extents: [Int]
  ) -> LabelArray {
    let node = network.nodes[index]
    guard let weight = node.inputs[1] else { return LabelArray(extents: extents) }
    let (inputs, outputs) = (operand.extents[1], extents[1])
    var incoming = [Int32](repeating: LabelArray.none, count: inputs)
    if let labels = operand.labels(alongOnly: 1) {
      incoming = labels
    } else {
      freeze(operand, node, "reads channels that lie along an axis of space")
    }
    layerInputs[index] = incoming
    if convolution.isDepthwise(inputs: inputs) {
      let outgoing = (0..<outputs).map { incoming[$0 / (outputs / inputs)] }
      note(.pass, index, weight, axis: 0, outgoing)
      layerOutputs[index] = outgoing
      return LabelArray(extents: extents, axis: 1, labels: outgoing)
    }
    note(.consume, index, weight, axis: 1, incoming)
    let fresh = classes.makeLabels(outputs)
    note(.produce, index, weight, axis: 0, fresh)
    layerOutputs[index] = fresh
    return LabelArray(extents: extents, axis: 1, labels: fresh)
  }

  private mutating func multiply(_ operand: LabelArray, _ linear: Linear, _ index: Int, _ extents: [Int]) -> LabelArray
  {
    let node = network.nodes[index]
    guard let weight = node.inputs[1] else { return LabelArray(extents: extents) }
    let axis = extents.count - 1
    let inputs = operand.extents[axis]
    let fresh = classes.makeLabels(extents[axis])
    layerOutputs[index] = fresh
    var incoming = [Int32](repeating: LabelArray.none, count: inputs)
    if let labels = operand.labels(alongOnly: axis) {
      incoming = labels
    } else {
      freeze(operand, node, "reads features along one axis while channels lie along another")
    }
    layerInputs[index] = incoming
    note(.consume, index, weight, axis: linear.weightIsOutputByInput ? 1 : 0, incoming)
    note(.produce, index, weight, axis: linear.weightIsOutputByInput ? 0 : 1, fresh)
    return LabelArray(extents: extents, axis: axis, labels: fresh)
  }

  private mutating func normalise(_ operand: LabelArray, _ index: Int) -> LabelArray {
    let node = network.nodes[index]
    if let labels = operand.labels(alongOnly: 1), let scale = node.inputs[1] {
      note(.norm, index, scale, axis: 0, labels)
    } else {
      freeze(operand, node, "normalises an axis that does not carry the channels")
    }
    return operand
  }

  /// An elementwise operation of two operands: labels that meet become one class.
  private mutating func combine(_ node: Node, _ index: Int, _ extents: [Int]) -> LabelArray {
    guard let left = node.inputs[0], let right = node.inputs[1] else { return LabelArray(extents: extents) }
    if network[left].constant != nil { return combine(right, withConstant: left, index, extents) }
    if network[right].constant != nil { return combine(left, withConstant: right, index, extents) }
    let (first, second) = (ranked(left, extents.count), ranked(right, extents.count))
    let ones = unstretched(first, beside: second, extents, node)
    let others = unstretched(second, beside: first, extents, node)
    let stored = zip(ones.stored, others.stored).map { max($0, $1) }
    var labels = ones.expanded(to: stored)
    for (position, other) in others.expanded(to: stored).enumerated() {
      classes.union(labels[position], other)
      if labels[position] == LabelArray.none { labels[position] = other }
    }
    return LabelArray(extents: extents, stored: stored, labels: labels)
  }

  /// An operand with axes of extent 1 in front up to a rank, as broadcasting adds them.
  private func ranked(_ value: ValueID, _ rank: Int) -> LabelArray {
    let operand = array(value)
    let missing = [Int](repeating: 1, count: rank - operand.extents.count)
    return LabelArray(extents: missing + operand.extents, stored: missing + operand.stored, labels: operand.labels)
  }

  /// An operand under the result's extents.
  ///
  /// One element that is stretched over several channels belongs to none of them, and cannot go while they stay: its own
  /// channel is frozen and the result follows the other operand.
  private mutating func unstretched(
    _ operand: LabelArray, beside other: LabelArray, _ extents: [Int], _ node: Node
  ) -> LabelArray {
    let stretched = extents.indices.first { axis in
      guard operand.extents[axis] == 1, extents[axis] > 1 else { return false }
      return other.stored[axis] > 1 || axis == 1 && operand.labels.count == 1
    }
    if let stretched, operand.labels.contains(where: { $0 != LabelArray.none }) {
      freeze(operand, node, "stretches one channel over \(extents[stretched])")
      // Where the other operand has channels there, the result is those; else it is this one, which stays.
      if other.stored[stretched] > 1 { return LabelArray(extents: extents) }
    }
    return LabelArray(extents: extents, stored: operand.stored, labels: operand.labels)
  }

  private mutating func combine(
    _ value: ValueID, withConstant constant: ValueID, _ index: Int, _ extents: [Int]
  ) -> LabelArray {
    let node = network.nodes[index]
    let ranked = ranked(value, extents.count)
    let operand = unstretched(ranked, beside: LabelArray(extents: extents), extents, node)
    let shape = network[constant].shape.dimensions
    let offset = extents.count - shape.count
    let touched = operand.changingAxes.filter { $0 >= offset && shape[$0 - offset] > 1 }
    for axis in touched {
      if let labels = operand.labels(alongOnly: axis) {
        note(.operand, index, constant, axis: axis - offset, labels)
      } else {
        freeze(operand, node, "combines channels that lie along several axes with a constant")
      }
    }
    return operand
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
}
