import CKernels
import Execution
import Networks

/// Operations that move elements without computing: strided copies forward, the same copies the other way backward.
extension Compiler {
  // MARK: Concat

  mutating func forwardConcat(_ axis: Int, _ node: Node, _ y: ValueID) throws(ExecutionError) {
    let parts = node.inputs.compactMap { $0 }
    guard let leader = parts.first(where: { network[$0].constant == nil }) ?? parts.first else { return }
    let to = try makeResult(y, try operand(leader).layout)
    var start = 0
    for part in parts {
      let count = network[part].shape[axis]
      try appendCopy(
        from: try operand(part).view, to: to.view.run(along: axis, from: start, count: count), place: node.name)
      start += count
    }
  }

  mutating func backwardConcat(_ axis: Int, _ node: Node, _ gradient: Tensor) throws(ExecutionError) {
    var start = 0
    for case let part? in node.inputs {
      let count = network[part].shape[axis]
      if wantsGradient(part) {
        let destination = try begin(part)
        try appendCopy(
          from: gradient.view.run(along: axis, from: start, count: count), to: destination.tensor.view,
          accumulates: destination.accumulates, place: node.name)
        try finish(destination)
      }
      start += count
    }
  }

  // MARK: Split

  mutating func forwardSplit(_ axis: Int, _ node: Node, _ x: ValueID) throws(ExecutionError) {
    let from = try operand(x)
    var start = 0
    for part in node.outputs {
      let to = try makeResult(part, from.layout)
      let count = to.shape[axis]
      try appendCopy(from: from.view.run(along: axis, from: start, count: count), to: to.view, place: node.name)
      start += count
    }
  }

  mutating func backwardSplit(_ axis: Int, _ node: Node, _ x: ValueID) throws(ExecutionError) {
    let given = node.outputs.filter { gradient($0) != nil }
    guard !given.isEmpty else { return }
    let destination = try given.count == node.outputs.count ? begin(x) : beginAdding(x)
    var start = 0
    for part in node.outputs {
      let count = network[part].shape[axis]
      if let gradient = gradient(part) {
        try appendCopy(
          from: gradient.view, to: destination.tensor.view.run(along: axis, from: start, count: count),
          accumulates: destination.accumulates, place: node.name)
      }
      start += count
    }
    try finish(destination)
  }

  // MARK: Slice

  mutating func forwardSlice(_ starts: [Int], _ steps: [Int], _ node: Node, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let from = try operand(x)
    let to = try makeResult(y, from.layout)
    try appendCopy(
      from: from.view.part(starts: starts, steps: steps, extents: to.shape.dimensions), to: to.view, place: node.name)
  }

  mutating func backwardSlice(_ starts: [Int], _ steps: [Int], _ node: Node, _ gradient: Tensor, _ x: ValueID)
    throws(ExecutionError)
  {
    let destination = try beginAdding(x)
    try appendCopy(
      from: gradient.view,
      to: destination.tensor.view.part(starts: starts, steps: steps, extents: gradient.shape.dimensions),
      accumulates: true, place: node.name)
    try finish(destination)
  }

  // MARK: Reshape

  /// Another name for the same bytes, once they are row-major.
  mutating func forwardReshape(_ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(x, in: .rowMajor)
    define(y, as: Tensor(buffer: from.buffer, shape: network[y].shape, layout: .rowMajor))
  }

  mutating func backwardReshape(_ node: Node, _ gradient: Tensor, _ x: ValueID) throws(ExecutionError) {
    let from = try reordered(gradient, .rowMajor, for: node.name)
    try pass(
      Tensor(buffer: from.buffer, shape: network[x].shape, layout: .rowMajor), to: x, place: node.name)
  }

  // MARK: Transpose

  mutating func forwardTranspose(_ permutation: [Int], _ node: Node, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let from = try operand(x)
    try appendCopy(
      from: from.view.permuted(permutation), to: try makeResult(y, .rowMajor).view, place: node.name)
  }

  mutating func backwardTranspose(_ permutation: [Int], _ node: Node, _ gradient: Tensor, _ x: ValueID)
    throws(ExecutionError)
  {
    let destination = try begin(x)
    try appendCopy(
      from: gradient.view, to: destination.tensor.view.permuted(permutation), accumulates: destination.accumulates,
      place: node.name)
    try finish(destination)
  }

  // MARK: Pad

  mutating func forwardPad(_ pad: Pad, _ node: Node, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    let from = try operand(x)
    let to = try makeResult(y, from.layout)
    var fill: Float = 0
    if case .constant(let value) = pad.mode { fill = Float(value) }
    try appendPad(pad, padded: to, small: from, .forward(fill: fill), node)
  }

  mutating func backwardPad(_ pad: Pad, _ node: Node, _ gradient: Tensor, _ x: ValueID) throws(ExecutionError) {
    let destination = try beginAdding(x)
    try appendPad(pad, padded: gradient, small: destination.tensor, .backward, node)
    try finish(destination)
  }

  /// Padding keeps a table entry per index of each axis.
  private static let longestPaddedAxis = 1 << 24

  private mutating func appendPad(
    _ pad: Pad, padded: Tensor, small: Tensor, _ direction: PadStep.Direction, _ node: Node
  ) throws(ExecutionError) {
    let order = padded.layout.order(rank: padded.shape.rank)
    guard order.count <= PC_MAX_RANK else { throw Self.tooManyAxes(node.name) }
    guard !order.isEmpty else {
      return try appendCopy(from: small.view, to: padded.view, place: node.name)
    }
    guard padded.shape.dimensions.allSatisfy({ $0 <= Self.longestPaddedAxis }) else {
      throw ExecutionError(
        .unsupported, node.name, "pads an axis of shape \(padded.shape) longer than \(Self.longestPaddedAxis)")
    }
    let strides = small.layout.strides(of: small.shape)
    var tables: [Int] = []
    for axis in order {
      for index in 0..<padded.shape[axis] {
        let source = pad.source(of: index - pad.before[axis], extent: small.shape[axis])
        tables.append(source.map { $0 * strides[axis] } ?? -1)
      }
    }
    append(
      PadStep(
        tables: tables, extents: order.map { padded.shape[$0] }, padded: padded, small: small, direction: direction))
  }
}

extension Pad {
  /// The index, along one axis, of the element that a place inside or outside the array takes; `nil` for the constant.
  fileprivate func source(of index: Int, extent: Int) -> Int? {
    switch mode {
    case .constant: (0..<extent).contains(index) ? index : nil
    case .edge: min(max(index, 0), extent - 1)
    case .reflect: index < 0 ? -index : index >= extent ? 2 * (extent - 1) - index : index
    }
  }
}
