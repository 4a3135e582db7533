import CKernels
import Execution
import Networks

/// Operations that move elements without computing: strided copies forward, the same copies the other way backward.
extension Compiler {
  // MARK: Concat

  mutating func forwardConcat(_ axis: Int, _ node: Node, _ y: ValueID) throws(ExecutionError) {
    let parts: [ValueID] = node.inputs.compactMap { $0 }
    guard let leader = parts.first(where: { network[$0].constant == nil }) ?? parts.first else { return }
    if axis == 1, !fusion.isObserved(y) {
      var isVirtual = true
      for part in parts where try !isInChannelsLast(part) { isVirtual = false }
      if isVirtual { return define(y, as: parts.flatMap { partsOrSelf($0) }) }
    }
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
    var start = 0
    if axis == 1, !node.outputs.contains(where: fusion.isObserved), try isInChannelsLast(x) {
      for part in node.outputs {
        let count = network[part].shape[axis]
        define(part, as: Self.slice(partsOrSelf(x), start..<start + count))
        start += count
      }
      return
    }
    let from = try operand(x)
    for part in node.outputs {
      let to = try makeResult(part, from.layout)
      let count = to.shape[axis]
      try appendCopy(from: from.view.run(along: axis, from: start, count: count), to: to.view, place: node.name)
      start += count
    }
  }

  mutating func backwardSplit(_ axis: Int, _ node: Node, _ x: ValueID) throws(ExecutionError) {
    for part in node.outputs { _ = try completeGradient(part) }
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
    let (shape, result) = (network[x].shape, network[y].shape)
    if shape.rank > 2, shape.dimensions.indices.allSatisfy({ $0 == 1 || shape[$0] == result[$0] && steps[$0] == 1 }),
      steps[1] == 1, !fusion.isObserved(y), try isInChannelsLast(x)
    {
      return define(y, as: Self.slice(partsOrSelf(x), starts[1]..<starts[1] + result[1]))
    }
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

  // MARK: Channel shuffle

  /// Channel j of group i goes to place i of group j.
  mutating func forwardShuffle(_ groups: Int, _ x: ValueID, _ y: ValueID) throws(ExecutionError) {
    if network[x].constant != nil { _ = try operand(x) }
    let pieces =
      try isInChannelsLast(x)
      ? try rows(of: x) : [(rows: try operand(x, in: .channelsLast).rows, channels: 0..<network[x].shape[1])]
    let to = try makeResult(y, .channelsLast)
    try appendShuffle(groups, to, pieces) { (from: $0, to: $1) }
  }

  mutating func backwardShuffle(_ groups: Int, _ gradient: Tensor, _ x: ValueID) throws(ExecutionError) {
    let from = try reordered(gradient, .channelsLast, for: place)
    let fresh = try makeTensor(gradient.shape, .channelsLast, for: place)
    try appendShuffle(groups, from, [(rows: fresh.rows, channels: 0..<gradient.shape[1])]) { (from: $1, to: $0) }
    try pass(fresh, to: x, place: place)
  }

  /// Copies between a shuffled array and pieces of the other one, group by group.
  private mutating func appendShuffle(
    _ groups: Int, _ shuffled: Tensor, _ pieces: [(rows: Rows, channels: Range<Int>)],
    _ direction: (_ piece: View, _ shuffled: View) -> (from: View, to: View)
  ) throws(ExecutionError) {
    let channels = shuffled.shape[1]
    let (perGroup, count) = (channels / groups, shuffled.shape.count / channels)
    for group in 0..<groups {
      for piece in pieces {
        let own = (group * perGroup..<(group + 1) * perGroup).clamped(to: piece.channels)
        guard !own.isEmpty else { continue }
        let plain = View(
          buffer: piece.rows.buffer, offset: piece.rows.offset + own.lowerBound - piece.channels.lowerBound,
          extents: [count, own.count], strides: [piece.rows.stride, 1])
        let spread = View(
          buffer: shuffled.buffer, offset: (own.lowerBound - group * perGroup) * groups + group,
          extents: [count, own.count], strides: [channels, groups])
        let (from, to) = direction(plain, spread)
        try appendCopy(from: from, to: to, place: place)
      }
    }
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
