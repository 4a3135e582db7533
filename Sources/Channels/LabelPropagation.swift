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
  /// What waits until all operations have tied channels.
  var touches: [ConstantTouch] = []
  private var arrays: [LabelArray?]
  /// Labels of tensors and of places of weights so far.
  private var labelCount = 0
  private var placedCount = 0
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
        place: network[input].name, opType: "input", cause: "channels of the network's input are given from outside",
        unlock: "a convolution or linear layer between the input and them would free them")
      guard shape.rank >= 2, shape[1] <= AnalysisLimits.inputChannels else {
        arrays[input.index] = whole(shape.dimensions, reason)
        continue
      }
      let labels = classes.makeLabels(shape[1])
      classes.freeze(labels, reason)
      arrays[input.index] = LabelArray(extents: shape.dimensions, axis: 1, labels: labels)
    }
    for index in network.nodes.indices { propagate(index) }
    settleTouches()
    for output in network.outputs {
      let reason = FreezeReason(
        place: network[output].name, opType: "output",
        cause: "channels of the network's output are what it is asked for",
        unlock: "a convolution or linear layer behind them would free them")
      classes.freeze(array(output).labels, reason)
    }
  }

  /// A tensor whose elements are no channels that could go: what meets them has to stay.
  mutating func whole(_ extents: [Int], _ reason: FreezeReason) -> LabelArray {
    let labels = classes.makeLabels(1)
    classes.freeze(labels, reason)
    return LabelArray(extents: extents, filledWith: labels[0])
  }

  /// What a node yields that has too many channels to follow.
  mutating func unfollowed(_ operands: [LabelArray], _ node: Node, _ extents: [Int]) -> LabelArray {
    let reason = FreezeReason(place: node.name, opType: node.opType, cause: "has too many elements to follow channels")
    for operand in operands { classes.freeze(operand.labels, reason) }
    return whole(extents, reason)
  }

  /// A value's labels, one per class.
  mutating func array(_ value: ValueID) -> LabelArray {
    guard let stored = arrays[value.index] else { return LabelArray(extents: network[value].shape.dimensions) }
    let array = canonical(stored)
    arrays[value.index] = array
    return array
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
      var blank = LabelArray(extents: extents)
      result = unstretched(ranked(first, extents.count), beside: &blank, extents, node)
    case .concat(let axis): result = join(index, axis: axis, extents)
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
      result = mixed(
        operand, along: 2..<max(2, extents.count), node, "pools over an axis that carries channels", extents)
    case .resample(let steps):
      result = mixed(operand, along: steps.map(\.axis), node, "resizes an axis that carries channels", extents)
    case .reduce(let reduction, let axes):
      let cause = "takes the \(reduction.name) over channels"
      if let tied = tied(operand, along: axes, node, cause, unlock: Unlock.weightedSum) {
        result = tied.reduced(to: extents, axes: axes)
      } else {
        let reason = FreezeReason(place: node.name, opType: node.opType, cause: cause, unlock: Unlock.weightedSum)
        result = whole(extents, reason)
      }
    case .cumulativeSum(let axis, _, _):
      result = mixed(operand, along: [axis], node, "sums up one channel after another", extents)
    case .reshape: result = operand.reshaped(to: extents) ?? unfollowed([operand], node, extents)
    case .transpose(let permutation): result = operand.transposed(permutation)
    case .pad(let pad): result = padded(operand, pad, node, extents)
    case .softmax(let axis, _):
      result = tied(operand, along: [axis], node, "normalises over channels") ?? operand
    case .localResponseNormalization:
      if operand.changingAxes.contains(1) {
        freeze(operand, node, "normalises each channel by its neighbours", unlock: Unlock.ownNormalization)
      }
      result = operand
    }
    labelCount += operand.labels.count + result.labels.count
    arrays[node.outputs[0].index] =
      labelCount > AnalysisLimits.allLabels ? unfollowed([operand, result], node, extents) : result
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
            place: sharing.name, opType: sharing.opType, cause: "shares a weight at another number of groups",
            unlock: "a weight of its own would free them")
          classes.freeze(earlier + labels, reason)
        }
      }
      weightAxes[place] = labels
    }
    placedCount += labels.count
    guard placedCount <= AnalysisLimits.placedLabels else {
      let node = network.nodes[node]
      let reason = FreezeReason(place: node.name, opType: node.opType, cause: "is one of too many to follow channels")
      return classes.freeze(labels, reason)
    }
    roles.append(
      LabelRole(role: role, node: node, initializer: network[constant].name, axis: axis, labels: labels))
  }

  /// Elements added around. What repeats channels at a border would repeat others once they are gone.
  private mutating func padded(_ operand: LabelArray, _ pad: Pad, _ node: Node, _ extents: [Int]) -> LabelArray {
    let isConstant = if case .constant = pad.mode { true } else { false }
    if !isConstant, operand.changingAxes.contains(where: { pad.before[$0] > 0 || pad.behind[$0] > 0 }) {
      freeze(operand, node, "repeats channels at the border", unlock: "padding with a constant there would free them")
    }
    return operand.padded(pad) ?? unfollowed([operand], node, extents)
  }

  /// Parts joined along an axis.
  private mutating func join(_ index: Int, axis: Int, _ extents: [Int]) -> LabelArray {
    let node = network.nodes[index]
    let operands = node.inputs.compactMap { $0 }
    // Operands that are read several times over count as often.
    let count = operands.reduce(0) { $0 + (arrays[$1.index]?.labels.count ?? 1) }
    guard count <= AnalysisLimits.tensorLabels else {
      return unfollowed(Set(operands).sorted().map { array($0) }, node, extents)
    }
    var parts: [LabelArray] = []
    for part in operands {
      parts.append(network[part].constant == nil ? array(part) : constantPart(part, index, axis: axis))
    }
    return LabelArray.joined(parts, axis: axis, extents: extents) ?? unfollowed(parts, node, extents)
  }

  /// A constant joined to channels: its elements go with those beside them along every axis but the joined one.
  private mutating func constantPart(_ value: ValueID, _ index: Int, axis: Int) -> LabelArray {
    let node = network.nodes[index]
    let shape = network[value].shape.dimensions
    for other in node.inputs.compactMap({ $0 }) where network[other].constant == nil {
      let operand = array(other)
      guard operand.changingAxes.contains(where: { $0 != axis }),
        let tied = tied(operand, along: [axis], node, "joins channels with a constant along another axis")
      else { continue }
      if tied.changingAxes.count == 1, let along = tied.changingAxes.first {
        note(.operand, index, value, axis: along, tied.labels)
      } else {
        freeze(tied, node, "joins channels that lie along several axes with a constant")
      }
      return LabelArray(extents: shape, stored: tied.stored, labels: tied.labels)
    }
    return LabelArray(extents: shape)
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
