import CKernels
import Execution
import Networks

/// Operations along one axis, or one axis after another.
extension Compiler {
  // MARK: Expand

  mutating func forwardExpand(_ node: Node, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(x)
    let shape = network[y].shape
    let to = try makeResult(y, from.shape.rank == shape.rank ? from.layout : .rowMajor)
    try appendCopy(from: from.view.broadcast(to: shape), to: to.view, place: node.name)
  }

  // MARK: Gather

  mutating func forwardGather(_ axis: Int, _ indices: [Int], _ indexRank: Int, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let from = indexRank == 1 ? try operand(x) : try operand(x, in: .rowMajor)
    append(
      GatherStep(indices: indices, axis: axis, whole: from, parts: try makeResult(y, from.layout), direction: .forward))
  }

  mutating func backwardGather(
    _ axis: Int, _ indices: [Int], _ indexRank: Int, _ node: Node, _ gradient: Tensor, _ x: ValueID
  ) throws(ExecutionError) {
    let layout: Layout = indexRank == 1 ? try operand(x).layout : .rowMajor
    let given = try reordered(gradient, layout, for: node.name)
    let destination = try beginAdding(x, in: layout)
    append(GatherStep(indices: indices, axis: axis, whole: destination.tensor, parts: given, direction: .backward))
    try finish(destination)
  }

  // MARK: Cumulative sums

  mutating func forwardCumulativeSum(
    _ axis: Int, _ isExclusive: Bool, _ isReversed: Bool, _ x: ValueID, _ y: ValueID
  ) throws(ExecutionError) {
    let from = try operand(x)
    append(
      CumulativeSumStep(
        from: from, to: try makeResult(y, from.layout), axis: axis, isExclusive: isExclusive, isReversed: isReversed,
        accumulates: false))
  }

  /// An element is in the sums behind it: the gradient is summed up from the other end.
  mutating func backwardCumulativeSum(
    _ axis: Int, _ isExclusive: Bool, _ isReversed: Bool, _ gradient: Tensor, _ x: ValueID
  ) throws(ExecutionError) {
    let destination = try begin(x, in: gradient.layout)
    append(
      CumulativeSumStep(
        from: gradient, to: destination.tensor, axis: axis, isExclusive: isExclusive, isReversed: !isReversed,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  // MARK: Resample

  mutating func forwardResample(_ axes: [Resampling], _ node: Node, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    var from = try operand(x)
    let to = try makeResult(y, from.layout)
    guard !axes.isEmpty else { return try appendCopy(from: from.view, to: to.view, place: node.name) }
    let stages = try stages(axes, node, of: from.shape)
    for (number, stage) in stages.enumerated() {
      let next = number == stages.count - 1 ? to : try makeTensor(stage.result, from.layout, for: node.name)
      append(ResampleStep(stage.axis, operand: from, result: next, direction: .forward))
      from = next
    }
  }

  mutating func backwardResample(_ axes: [Resampling], _ node: Node, _ gradient: Tensor, _ x: ValueID)
    throws(ExecutionError)
  {
    let shape = network[x].shape
    let layout = try operand(x).layout
    var given = try reordered(gradient, layout, for: node.name)
    let stages = try stages(axes, node, of: shape)
    guard let first = stages.first else { return try pass(given, to: x, place: node.name) }
    for (number, stage) in stages.enumerated().dropFirst().reversed() {
      let before = try makeTensor(stages[number - 1].result, layout, for: node.name)
      append(FillStep(tensor: before, value: 0))
      append(ResampleStep(stage.axis, operand: before, result: given, direction: .backward))
      given = before
    }
    let destination = try beginAdding(x, in: layout)
    append(ResampleStep(first.axis, operand: destination.tensor, result: given, direction: .backward))
    try finish(destination)
  }

  /// The axes in the order in which they are resized, those that shrink most first, with the shape behind each.
  private func stages(_ axes: [Resampling], _ node: Node, of shape: Shape) throws(ExecutionError)
    -> [(axis: Resampling, result: Shape)]
  {
    func growth(_ resampling: Resampling) -> Double {
      Double(resampling.sources.count / resampling.taps) / Double(shape[resampling.axis])
    }
    var extents = shape.dimensions
    var stages: [(axis: Resampling, result: Shape)] = []
    for axis in axes.sorted(by: { (growth($0), -$0.axis) < (growth($1), -$1.axis) }) {
      extents[axis.axis] = axis.sources.count / axis.taps
      guard let result = Shape(checking: extents) else {
        throw ExecutionError(.failed, node.name, "an array of \(extents) is too large")
      }
      stages.append((axis, result))
    }
    return stages
  }
}
