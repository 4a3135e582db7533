import Execution
import Networks

/// Turns a network into kernel calls: forward in the order of its nodes, then backward in reverse.
///
/// Every value has one layout of its own, chosen by the operation that yields it; its gradient has the same. Where an
/// operation needs the other one, a reordered copy is put in between.
struct Compiler {
  /// The network.
  let network: Network
  /// By value index: whether its gradient is computed.
  let needsGradient: [Bool]
  /// The engine that convolutions are made for.
  let context: KernelContext
  /// Kernel calls so far.
  private(set) var steps: [any Step] = []
  /// Bytes of each buffer.
  private(set) var sizes: [Int] = []
  /// Buffers that keep what is put into them once.
  private(set) var constants: [(buffer: BufferID, values: AlignedMemory)] = []
  /// Per value what was computed, in its own layout first, then in others that were asked for.
  private var tensors: [[Tensor]]
  /// Per value the gradient so far.
  private var gradients: [Tensor?]
  /// How many values hold a buffer as their gradient; one that several hold is not written to.
  private var holders: [BufferID: Int] = [:]
  /// Per max pool, by node index, where its results came from.
  var winners: [Int: BufferID] = [:]
  /// Bytes of packed weights.
  var parameterBytes = 0

  /// Nothing compiled yet.
  init(_ request: ExecutionRequest, _ context: KernelContext) {
    network = request.network
    needsGradient = GradientFlow(request).needsGradient
    self.context = context
    tensors = [[Tensor]](repeating: [], count: network.values.count)
    gradients = [Tensor?](repeating: nil, count: network.values.count)
  }

  // MARK: Buffers and steps

  /// A new buffer.
  /// - Throws: `ExecutionError` naming `place` when its size overflows.
  mutating func makeBuffer<Element>(_ type: Element.Type, count: Int, for place: String) throws(ExecutionError)
    -> BufferID
  {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow else { throw ExecutionError(.failed, place, "an array of \(count) elements is too large") }
    sizes.append(bytes)
    return BufferID(index: sizes.count - 1)
  }

  /// A new array.
  /// - Throws: `ExecutionError` naming `place` when its size overflows.
  mutating func makeTensor(_ shape: Shape, _ layout: Layout, for place: String) throws(ExecutionError) -> Tensor {
    Tensor(buffer: try makeBuffer(Float.self, count: shape.count, for: place), shape: shape, layout: layout)
  }

  /// Adds a kernel call.
  mutating func append(_ step: any Step) { steps.append(step) }

  /// Adds a copy between two views of one shape.
  mutating func appendCopy(
    from: View, to: View, factor: Float = 1, accumulates: Bool = false, place: String
  ) throws(ExecutionError) {
    let step = ScaleStep(from: from, to: to, factor: factor, accumulates: accumulates)
    guard step.fits else { throw Self.tooManyAxes(place) }
    append(step)
  }

  /// What is thrown when strided kernels have no room for an array's axes.
  static func tooManyAxes(_ place: String) -> ExecutionError {
    ExecutionError(.unsupported, place, "an array with more axes than the kernels can take apart")
  }

  // MARK: Values

  /// Declares what a node or input yields, in the layout that becomes the value's own.
  mutating func define(_ id: ValueID, as tensor: Tensor) {
    precondition(tensors[id.index].isEmpty, "\(network[id].name) is defined twice")
    tensors[id.index] = [tensor]
  }

  /// A new array for a value, declared.
  mutating func makeResult(_ id: ValueID, _ layout: Layout) throws(ExecutionError) -> Tensor {
    let tensor = try makeTensor(network[id].shape, layout, for: network[id].name)
    define(id, as: tensor)
    return tensor
  }

  /// A value in its own layout. Constants are laid down row-major when they are first asked for.
  mutating func operand(_ id: ValueID) throws(ExecutionError) -> Tensor {
    if let tensor = tensors[id.index].first { return tensor }
    let value = network[id]
    guard let constant = value.constant else { preconditionFailure("\(value.name) is read before it is computed") }
    let tensor = try makeResult(id, .rowMajor)
    constants.append((tensor.buffer, try AlignedMemory(copying: constant.floats, for: value.name)))
    return tensor
  }

  /// A value in the given layout, reordered if need be.
  mutating func operand(_ id: ValueID, in layout: Layout) throws(ExecutionError) -> Tensor {
    let own = try operand(id)
    for tensor in tensors[id.index] where tensor.layout.agrees(with: layout, for: tensor.shape) {
      return Tensor(buffer: tensor.buffer, shape: tensor.shape, layout: layout)
    }
    let copy = try reordered(own, layout, for: network[id].name)
    tensors[id.index].append(copy)
    return copy
  }

  /// An array in the given layout: itself or a copy.
  mutating func reordered(_ tensor: Tensor, _ layout: Layout, for place: String) throws(ExecutionError) -> Tensor {
    if tensor.layout.agrees(with: layout, for: tensor.shape) {
      return Tensor(buffer: tensor.buffer, shape: tensor.shape, layout: layout)
    }
    let copy = try makeTensor(tensor.shape, layout, for: place)
    try appendCopy(from: tensor.view, to: copy.view, place: place)
    return copy
  }

  // MARK: Gradients

  /// A value's gradient as far as its readers have added to it.
  func gradient(_ id: ValueID) -> Tensor? { gradients[id.index] }

  /// Whether somebody wants a value's gradient.
  func wantsGradient(_ id: ValueID?) -> Bool { id.map { needsGradient[$0.index] } ?? false }

  /// Ends a value's part in its gradient's buffer.
  mutating func releaseGradient(_ id: ValueID) {
    if let tensor = gradients[id.index] { holders[tensor.buffer, default: 1] -= 1 }
    gradients[id.index] = nil
  }

  private mutating func setGradient(_ id: ValueID, _ tensor: Tensor) {
    releaseGradient(id)
    gradients[id.index] = tensor
    holders[tensor.buffer, default: 0] += 1
  }

  private func isSoleHolder(_ tensor: Tensor) -> Bool { holders[tensor.buffer] == 1 }

  /// Where a kernel puts its contribution to a gradient.
  struct Destination {
    /// The value whose gradient it is.
    let id: ValueID
    /// What the kernel writes.
    let tensor: Tensor
    /// Whether it adds to what is there.
    let accumulates: Bool
    /// Whether `finish` has to bring the result to its place.
    fileprivate let isTemporary: Bool
  }

  /// Opens a contribution to a gradient.
  /// - Parameters:
  ///   - layout: what the kernel writes; `nil` for the value's own.
  ///   - canAccumulate: whether the kernel can add to what is there.
  mutating func begin(_ id: ValueID, in layout: Layout? = nil, canAccumulate: Bool = true) throws(ExecutionError)
    -> Destination
  {
    let shape = network[id].shape
    let own = try operand(id).layout
    let layout = layout ?? own
    let fits = layout.agrees(with: own, for: shape)
    if let existing = gradients[id.index], fits, canAccumulate, isSoleHolder(existing) {
      let target = Tensor(buffer: existing.buffer, shape: shape, layout: layout)
      return Destination(id: id, tensor: target, accumulates: true, isTemporary: false)
    }
    let fresh = try makeTensor(shape, layout, for: network[id].name)
    let isTemporary = !fits || gradients[id.index] != nil
    return Destination(id: id, tensor: fresh, accumulates: false, isTemporary: isTemporary)
  }

  /// Opens a contribution for a kernel that only adds: what it adds to is zero at first.
  mutating func beginAdding(_ id: ValueID, in layout: Layout? = nil) throws(ExecutionError) -> Destination {
    let destination = try begin(id, in: layout)
    if !destination.accumulates { append(FillStep(tensor: destination.tensor, value: 0)) }
    return destination
  }

  /// Closes a contribution: the kernel calls that compute it have been added.
  mutating func finish(_ destination: Destination) throws(ExecutionError) {
    let id = destination.id
    let place = network[id].name
    let own = try operand(id).layout
    guard destination.isTemporary else {
      if !destination.accumulates {
        setGradient(id, Tensor(buffer: destination.tensor.buffer, shape: network[id].shape, layout: own))
      }
      return
    }
    try pass(destination.tensor, to: id, isOurs: true, place: place)
  }

  /// Makes an array of the value's shape a contribution to its gradient, without a copy where that is possible.
  /// - Parameter isOurs: whether nobody else reads the array later, so that it may be written to.
  mutating func pass(_ tensor: Tensor, to id: ValueID, isOurs: Bool = false, place: String) throws(ExecutionError) {
    let own = try operand(id).layout
    let fits = tensor.layout.agrees(with: own, for: tensor.shape)
    let renamed = Tensor(buffer: tensor.buffer, shape: tensor.shape, layout: own)
    guard let existing = gradients[id.index] else {
      if fits { return setGradient(id, renamed) }
      return setGradient(id, try reordered(tensor, own, for: place))
    }
    if isSoleHolder(existing) {
      try appendCopy(from: tensor.view, to: existing.view, accumulates: true, place: place)
    } else if fits, isOurs {
      try appendCopy(from: existing.view, to: renamed.view, accumulates: true, place: place)
      setGradient(id, renamed)
    } else {
      let sum = try makeTensor(tensor.shape, own, for: place)
      try appendCopy(from: existing.view, to: sum.view, place: place)
      try appendCopy(from: tensor.view, to: sum.view, accumulates: true, place: place)
      setGradient(id, sum)
    }
  }
}
