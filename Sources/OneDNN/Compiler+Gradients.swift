import Execution
import Networks

/// How gradients come together: readers contribute, and when the value's own node is reached one pass adds it all up.
extension Compiler {
  /// Whether somebody wants a value's gradient.
  func wantsGradient(_ id: ValueID?) -> Bool { id.map { needsGradient[$0.index] } ?? false }

  // MARK: Buffers that are still needed

  private mutating func hold(_ buffers: [BufferID]) { for buffer in buffers { holders[buffer, default: 0] += 1 } }

  private mutating func release(_ buffers: [BufferID]) { for buffer in buffers { holders[buffer, default: 1] -= 1 } }

  // MARK: Contributing

  /// Adds to what a value's gradient is made of.
  /// - Parameter source: an array of the value's own layout, which nobody writes to as long as it is held.
  mutating func contribute(_ source: Contribution.Source, to id: ValueID) throws(ExecutionError) {
    guard let parts = parts[id.index] else {
      let extent = try geometry(of: id).channels
      return contribute(source, channels: 0..<extent, to: id)
    }
    guard case .rows(let rows) = source else { preconditionFailure("parts take contributions as arrays") }
    var start = 0
    for part in parts {
      contribute(.rows(rows.channels(from: start)), channels: part.channels, to: part.base)
      start += part.channels.count
    }
  }

  /// Adds to some channels of a gradient.
  mutating func contribute(_ source: Contribution.Source, channels: Range<Int>, to id: ValueID) {
    guard wantsGradient(id) else { return }
    hold(source.buffers)
    contributions[id.index].append(Contribution(source: source, channels: channels))
  }

  /// Makes an array of the value's shape a contribution to its gradient.
  mutating func pass(_ tensor: Tensor, to id: ValueID, place: String) throws(ExecutionError) {
    guard wantsGradient(id) else { return }
    let own = try layout(of: id)
    try contribute(.rows(try reordered(tensor, own, for: place).rows), to: id)
  }

  /// Where a kernel puts its contribution to a gradient.
  struct Destination {
    /// The value whose gradient it is.
    let id: ValueID
    /// What the kernel writes.
    let tensor: Tensor
    /// Whether it adds to what is there: an earlier contribution.
    let accumulates: Bool
  }

  /// Opens a contribution to a gradient.
  /// - Parameters:
  ///   - layout: what the kernel writes; `nil` for the value's own.
  ///   - canAccumulate: whether the kernel can add to what is there.
  mutating func begin(_ id: ValueID, in layout: Layout? = nil, canAccumulate: Bool = true) throws(ExecutionError)
    -> Destination
  {
    let shape = network[id].shape
    let own = try self.layout(of: id)
    let layout = layout ?? own
    if layout.agrees(with: own, for: shape), canAccumulate, parts[id.index] == nil {
      for contribution in contributions[id.index] {
        guard case .rows(let rows) = contribution.source, isWhole(contribution, of: id), holders[rows.buffer] == 1
        else {
          continue
        }
        let target = Tensor(buffer: rows.buffer, shape: shape, layout: layout)
        return Destination(id: id, tensor: target, accumulates: true)
      }
    }
    let fresh = try makeTensor(shape, layout, for: network[id].name)
    return Destination(id: id, tensor: fresh, accumulates: false)
  }

  /// Opens a contribution for a kernel that only adds: what it adds to is zero at first.
  mutating func beginAdding(_ id: ValueID, in layout: Layout? = nil) throws(ExecutionError) -> Destination {
    let destination = try begin(id, in: layout)
    if !destination.accumulates { append(FillStep(tensor: destination.tensor, value: 0)) }
    return destination
  }

  /// Closes a contribution: the kernel calls that compute it have been added.
  mutating func finish(_ destination: Destination) throws(ExecutionError) {
    guard !destination.accumulates else { return }
    try pass(destination.tensor, to: destination.id, place: network[destination.id].name)
  }

  /// Whether a contribution is an array of the value's size without gaps.
  private func isWhole(_ contribution: Contribution, of id: ValueID) -> Bool {
    let rows: Rows
    switch contribution.source {
    case .rows(let own): rows = own
    case .scaled(let own, _): rows = own
    case .spread: return false
    }
    return rows.offset == 0 && rows.stride == contribution.channels.count
      && sizes[rows.buffer.index] == network[id].shape.count * MemoryLayout<Float>.stride
  }

  /// A value as samples, rows and channels.
  mutating func geometry(of id: ValueID) throws(ExecutionError) -> RowGeometry {
    RowGeometry(network[id].shape, try layout(of: id), batchSize: network.batchSize)
  }

  // MARK: Bringing together

  /// A value's gradient as far as it is known to be complete.
  func gradient(_ id: ValueID) -> Tensor? { gradients[id.index] }

  /// Adds up what the readers of a value contributed, takes it through a function, and computes products with it.
  ///
  /// - Parameters:
  ///   - slope: a function between the value and what its gradient is asked for.
  ///   - products: what is computed on the way.
  /// - Returns: the gradient behind the function in the value's own layout, or `nil` when the loss does not depend on
  ///   the value. It stays as it is until `releaseGradient`.
  mutating func completeGradient(
    _ id: ValueID, through slope: GradientPassStep.Slope? = nil, products: [GradientPassStep.Product] = []
  ) throws(ExecutionError) -> Tensor? {
    if let known = gradients[id.index] { return known }
    let pending = contributions[id.index]
    guard !pending.isEmpty else { return nil }
    contributions[id.index] = []
    let (shape, layout) = (network[id].shape, try layout(of: id))
    let geometry = try geometry(of: id)
    let isSegmented = pending.contains { $0.channels.count != geometry.channels }

    if slope == nil, !isSegmented, pending.count == 1, case .rows(let rows) = pending[0].source,
      isWhole(pending[0], of: id)
    {
      let tensor = Tensor(buffer: rows.buffer, shape: shape, layout: layout)
      gradients[id.index] = tensor
      if !products.isEmpty {
        append(GradientPassStep(geometry: geometry, contributions: [pending[0].source], products: products))
      }
      return tensor
    }

    var reused: BufferID?
    if !isSegmented {
      for one in pending where isWhole(one, of: id) {
        if let buffer = one.buffers.first, holders[buffer] == 1 { reused = buffer }
      }
    }
    let buffer =
      if let reused { reused } else { try makeTensor(shape, layout, for: network[id].name).buffer }
    let result = Tensor(buffer: buffer, shape: shape, layout: layout)
    var borders = Set([0, geometry.channels])
    for one in pending { borders.formUnion([one.channels.lowerBound, one.channels.upperBound]) }
    let sorted = borders.sorted()
    for (first, end) in zip(sorted, sorted.dropFirst()) {
      let sources = pending.compactMap { one in
        one.channels.contains(first) ? one.source.channels(from: first - one.channels.lowerBound) : nil
      }
      let own = geometry.narrowed(to: end - first)
      let to = result.rows.channels(from: first)
      guard !sources.isEmpty else {
        // Channels that no reader takes.
        append(FillRowsStep(geometry: own, to: to))
        continue
      }
      append(
        GradientPassStep(
          geometry: own, contributions: sources,
          slope: slope.map { .init(function: $0.function, known: $0.known.channels(from: first)) }, to: to,
          products: isSegmented ? [] : products))
    }
    if isSegmented, !products.isEmpty {
      append(GradientPassStep(geometry: geometry, contributions: [.rows(result.rows)], products: products))
    }
    for one in pending { release(one.buffers) }
    hold([buffer])
    gradients[id.index] = result
    return result
  }

  /// Ends a value's part in its gradient's buffer.
  mutating func releaseGradient(_ id: ValueID) {
    if let tensor = gradients[id.index] { release([tensor.buffer]) }
    gradients[id.index] = nil
  }

  // MARK: Products

  /// The products that were asked for with a value and are not computed yet, as sums of a pass over its rows.
  ///
  /// - Parameters:
  ///   - id: the value.
  ///   - left: where it is, or what stands for it.
  ///   - minus: what is to be subtracted from that.
  mutating func products(with id: ValueID, left: Rows, minus: Rows? = nil) throws(ExecutionError)
    -> [GradientPassStep.Product]
  {
    var result: [GradientPassStep.Product] = []
    for (index, one) in observed.enumerated() where one.value == id && productSums[index] == nil {
      let sums = try makeSums(one)
      result.append(GradientPassStep.Product(left: left, minus: minus, sums: sums))
    }
    return result
  }

  /// Whether products with a value were asked for that are not computed yet.
  func lacksProducts(_ id: ValueID) -> Bool {
    observed.indices.contains { observed[$0].value == id && productSums[$0] == nil }
  }

  /// Computes the products with a value that are still missing; its gradient must be complete.
  mutating func appendProducts(of id: ValueID) throws(ExecutionError) {
    for (index, one) in observed.enumerated() where one.value == id && productSums[index] == nil {
      guard let gradient = try completeGradient(id) else { return }
      let sums = try makeSums(one)
      append(
        ProductStep(
          activation: try operand(id), gradient: gradient, samples: network.batchSize, channelAxis: one.channelAxis,
          sums: sums))
    }
  }

  /// Room for the sums of one observed value, for everybody who asked for the same.
  private mutating func makeSums(_ one: ObservedValue) throws(ExecutionError) -> BufferID {
    let value = network[one.value]
    let sums = try makeBuffer(
      Double.self, count: network.batchSize * value.shape[one.channelAxis], for: value.name)
    for (index, other) in observed.enumerated() where other == one { productSums[index] = sums }
    return sums
  }
}
