import Execution
import Networks

/// Turns a network into kernel calls: forward in the order of its nodes, then backward in reverse.
///
/// Every value has one layout of its own, chosen by the operation that yields it; its gradient has the same. Where an
/// operation needs the other one, a reordered copy is put in between. Values that are parts of others along the channels
/// (concatenations, splits) have no memory until somebody needs them in one piece, and their gradients are their parts'.
struct Compiler {
  /// The network.
  let network: Network
  /// By value index: whether its gradient is computed.
  let needsGradient: [Bool]
  /// Kernel calls so far.
  private(set) var steps: [CompiledStep] = []
  /// The node that is being compiled, and its name.
  var node: Int?
  var place = ""
  /// Where the network is cut, and the one stage that is going to run.
  let stages: NetworkStages
  let ownStage: Int
  /// The stage that is being compiled. Of all but the own one only what they read and write is of interest.
  var stage = 0
  /// Bytes of each buffer.
  private(set) var sizes: [Int] = []
  /// Buffers that keep what is put into them once, and who asked for it first: the stage, and the call's number.
  private(set) var constants: [(buffer: BufferID, value: ValueID, stage: Int, step: Int)] = []
  /// What runs together.
  let fusion: Fusion
  /// Per value what was computed, in its own layout first, then in others that were asked for.
  private var tensors: [[Tensor]]
  /// Per value its own layout.
  private(set) var layouts: [Layout?]
  /// Per value the node whose kernels compute it; `nil` for inputs and constants.
  var definers: [Int?]
  /// Per value the parts of other values that it stands for.
  var parts: [[Part]?]
  /// Per value what its readers say of its gradient.
  var contributions: [[Contribution]]
  /// Per value its gradient, once it is complete.
  var gradients: [Tensor?]
  /// How many contributions and gradients need a buffer's content; one that several need is not written to.
  var holders: [BufferID: Int] = [:]
  /// By index in the request, where the products of an observed value are; `nil` until its gradient is known.
  var productSums: [BufferID?]
  /// What is watched.
  let observed: [ObservedValue]
  /// The nodes whose weights are weighed.
  let weighed: Set<Int>
  /// Per such node, by index, where its gradient is; nothing until it is computed.
  var weighedLayers: [Int: WeighedLayer] = [:]
  /// Per normalisation or plain linear layer, by node index, its factors and offsets.
  var affines: [Int: Affine] = [:]
  /// Per gate, by node index, what it multiplies.
  var gates: [Int: Gate] = [:]
  /// Per max pool, by node index, where its results came from.
  var winners: [Int: BufferID] = [:]
  /// The kernels of layers: made once, however often a layer is compiled.
  let kernels: KernelCache
  /// Those in use.
  var usedKernels: Set<KernelCache.Key> = []
  /// Linear layers, by node index, whose weight stays in the model's order.
  var plainWeights: Set<Int> = []
  /// Bytes of weights.
  var parameterBytes = 0
  /// Calls of oneDNN so far.
  var callCount = 0

  /// Nothing compiled yet.
  init(_ request: ExecutionRequest, needed: [Bool], _ kernels: KernelCache, _ stages: NetworkStages, own: Int) {
    network = request.network
    self.stages = stages
    ownStage = own
    needsGradient = GradientFlow(request).needsGradient
    self.kernels = kernels
    fusion = Fusion(request, needed: needed)
    observed = request.observed
    weighed = Set(request.weighed)
    tensors = [[Tensor]](repeating: [], count: network.values.count)
    layouts = [Layout?](repeating: nil, count: network.values.count)
    definers = [Int?](repeating: nil, count: network.values.count)
    parts = [[Part]?](repeating: nil, count: network.values.count)
    contributions = [[Contribution]](repeating: [], count: network.values.count)
    gradients = [Tensor?](repeating: nil, count: network.values.count)
    productSums = [BufferID?](repeating: nil, count: observed.count)
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
  mutating func append(_ step: any Step) { steps.append(CompiledStep(step: step, node: place, stage: stage)) }

  /// Whether what is being compiled runs in another place: its kernels are not made then.
  var isForeign: Bool { stage != ownStage }

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

  /// Lets a value's memory serve for something else: who asks for the value again gets it computed again.
  mutating func drop(_ id: ValueID) { tensors[id.index] = [] }

  /// Whether a value has been computed and not been dropped.
  func isThere(_ id: ValueID) -> Bool { !tensors[id.index].isEmpty }

  /// Whether a value lies in one of some buffers, in any layout.
  func isHeld(_ id: ValueID, in buffers: Set<BufferID>) -> Bool {
    tensors[id.index].contains { buffers.contains($0.buffer) }
  }

  /// Adds a node's forward kernels a second time.
  private mutating func recompute(_ index: Int) throws(ExecutionError) {
    precondition(stages.stage(of: index) == stage, "\(network.nodes[index].name) is of another stage")
    let (outer, outerPlace) = (node, place)
    try compileForward(index)
    (node, place) = (outer, outerPlace)
  }

  /// Declares what a node or input yields, in the layout that becomes the value's own.
  mutating func define(_ id: ValueID, as tensor: Tensor) {
    tensors[id.index] = [tensor]
    layouts[id.index] = tensor.layout
    definers[id.index] = node
  }

  /// A new array for a value, declared.
  mutating func makeResult(_ id: ValueID, _ layout: Layout) throws(ExecutionError) -> Tensor {
    let tensor = try makeTensor(network[id].shape, layout, for: network[id].name)
    define(id, as: tensor)
    return tensor
  }

  /// A value's own layout, known from when it is computed; parts have their channels last.
  mutating func layout(of id: ValueID) throws(ExecutionError) -> Layout {
    if let layout = layouts[id.index] { return layout }
    return try parts[id.index] == nil ? operand(id).layout : .channelsLast
  }

  /// A value in its own layout. Constants are laid down row-major when they are first asked for; what was not kept is
  /// computed again.
  mutating func operand(_ id: ValueID) throws(ExecutionError) -> Tensor {
    if let tensor = tensors[id.index].first { return tensor }
    let value = network[id]
    if let parts = parts[id.index] { return try joined(parts, as: id) }
    if let definer = definers[id.index] {
      try recompute(definer)
      if let tensor = tensors[id.index].first { return tensor }
    }
    guard value.constant != nil else { preconditionFailure("\(value.name) is read before it is computed") }
    let tensor = try makeResult(id, .rowMajor)
    definers[id.index] = nil
    constants.append((tensor.buffer, id, stage, steps.count))
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
}
