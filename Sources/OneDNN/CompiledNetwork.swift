import Execution
import Networks

/// A network as a list of kernel calls with their buffers placed.
struct CompiledNetwork {
  /// An input as the batch gives it, row-major.
  struct Input {
    /// The value's name.
    let name: String
    /// Where it is copied to.
    let buffer: BufferID
    /// Elements of the whole batch.
    let count: Int
  }

  /// A row-major array that is read when the run is over or between its two parts.
  struct Reading {
    /// Where it is.
    let buffer: BufferID
    /// Elements per sample.
    let countPerSample: Int
  }

  /// The network's name.
  let name: String
  /// Samples per run.
  let batchSize: Int
  /// What a batch brings.
  let inputs: [Input]
  /// Calls up to the loss.
  let forward: [any Step]
  /// Calls behind the loss.
  let backward: [any Step]
  /// The first output, there between the two.
  let output: Reading
  /// What the loss reads, there between the two.
  let head: Reading
  /// Where the loss puts its gradient; `nil` when nothing is asked for that depends on it.
  let headGradient: BufferID?
  /// Per observed value its sums, float64; `nil` where the loss does not depend on it.
  let products: [(sums: BufferID?, name: String, channels: Int)]
  /// Per input its gradient; `nil` where the loss does not depend on it. Empty unless asked for.
  let inputGradients: [(gradient: BufferID?, countPerSample: Int)]
  /// What constants hold from the start, until it is there.
  private var constants: [(buffer: BufferID, values: AlignedMemory)]
  /// Where buffers lie.
  let plan: MemoryPlan
  /// Bytes of packed weights.
  let parameterBytes: Int

  /// Compiles what a request asks for, with the loss differentiated at `head`.
  init(_ request: ExecutionRequest, head headID: ValueID, _ context: KernelContext) throws(ExecutionError) {
    let network = request.network
    var compiler = Compiler(request, context)
    let needed = Compiler.neededNodes(of: network)
    var inputs: [Input] = []
    for id in network.inputs {
      let tensor = try compiler.makeResult(id, .rowMajor)
      inputs.append(Input(name: network[id].name, buffer: tensor.buffer, count: tensor.shape.count))
    }
    for index in network.nodes.indices where needed[index] { try compiler.compileForward(index) }

    let output = try Self.reading(network.outputs[0], network, &compiler)
    let head = try Self.reading(headID, network, &compiler)
    let boundary = compiler.steps.count

    var headGradient: BufferID?
    var watched = try WatchedValues(request)
    if compiler.wantsGradient(headID) {
      let gradient = try compiler.makeTensor(network[headID].shape, .rowMajor, for: network[headID].name)
      headGradient = gradient.buffer
      try compiler.pass(gradient, to: headID, isOurs: true, place: network[headID].name)
      for index in network.nodes.indices.reversed() where needed[index] {
        for id in network.nodes[index].outputs { try watched.appendProducts(of: id, &compiler) }
        try compiler.compileBackward(index)
        for id in network.nodes[index].outputs { compiler.releaseGradient(id) }
      }
      for id in network.inputs { try watched.appendProducts(of: id, &compiler) }
    }
    var inputGradients: [(gradient: BufferID?, countPerSample: Int)] = []
    if request.inputGradients {
      for id in network.inputs {
        let count = network[id].shape.count / network.batchSize
        var buffer: BufferID?
        if let gradient = compiler.gradient(id) {
          buffer = try compiler.reordered(gradient, .rowMajor, for: network[id].name).buffer
        }
        inputGradients.append((buffer, count))
      }
    }

    name = network.name
    batchSize = network.batchSize
    self.inputs = inputs
    forward = Array(compiler.steps[..<boundary])
    backward = Array(compiler.steps[boundary...])
    self.output = output
    self.head = head
    self.headGradient = headGradient
    products = watched.products
    self.inputGradients = inputGradients
    constants = compiler.constants
    parameterBytes = compiler.parameterBytes
    let atEnd = inputGradients.compactMap(\.gradient) + watched.products.compactMap(\.sums)
    let atLoss = [output.buffer, head.buffer] + (headGradient.map { [$0] } ?? [])
    guard
      let plan = Self.place(
        compiler, boundary: boundary, atStart: inputs.map(\.buffer), atLoss: atLoss, atEnd: atEnd)
    else { throw ExecutionError(.failed, network.name, "its arrays together are larger than memory can be") }
    self.plan = plan
  }

  /// Puts the constants where kernels read them, and forgets them.
  mutating func layConstants(in memory: Memory) {
    for constant in constants {
      UnsafeMutableRawBufferPointer(start: memory.raw(constant.buffer), count: constant.values.bytes.count)
        .copyMemory(from: UnsafeRawBufferPointer(constant.values.bytes))
    }
    constants = []
  }

  /// An array as people read it: row-major, samples first.
  private static func reading(_ id: ValueID, _ network: Network, _ compiler: inout Compiler) throws(ExecutionError)
    -> Reading
  {
    let tensor = try compiler.operand(id, in: .rowMajor)
    guard tensor.shape.rank > 0, tensor.shape[0] % network.batchSize == 0 else {
      throw ExecutionError(
        .unsupported, network[id].name,
        "shape \(tensor.shape), expected the rows of \(network.batchSize) samples on axis 0")
    }
    return Reading(buffer: tensor.buffer, countPerSample: tensor.shape.count / network.batchSize)
  }

  /// Places buffers by their first and last use. The loss stands between the step before `boundary` and the one at it.
  private static func place(
    _ compiler: Compiler, boundary: Int, atStart: [BufferID], atLoss: [BufferID], atEnd: [BufferID]
  ) -> MemoryPlan? {
    // Time 0 is the copy of the inputs, step i runs at i + 1 or, behind the loss, at i + 2.
    let end = compiler.steps.count + 2
    var uses = [(first: Int, last: Int)?](repeating: nil, count: compiler.sizes.count)
    func use(_ buffer: BufferID, at time: Int) {
      let known = uses[buffer.index] ?? (time, time)
      uses[buffer.index] = (min(known.first, time), max(known.last, time))
    }
    for buffer in atStart { use(buffer, at: 0) }
    for buffer in atLoss { use(buffer, at: boundary + 1) }
    for buffer in atEnd { use(buffer, at: end) }
    for (index, step) in compiler.steps.enumerated() {
      let time = index < boundary ? index + 1 : index + 2
      for buffer in step.reads + step.writes { use(buffer, at: time) }
    }
    for constant in compiler.constants {
      use(constant.buffer, at: 0)
      use(constant.buffer, at: end)
    }
    return MemoryPlan(
      compiler.sizes.indices.map { index in
        // A buffer that no step touches takes no room.
        let used = uses[index]
        return MemoryPlan.Request(
          size: used == nil ? 0 : compiler.sizes[index], first: used?.first ?? 0, last: used?.last ?? 0)
      })
  }
}

/// The observed values of a request and the buffers of their sums.
private struct WatchedValues {
  private let network: Network
  private let observed: [ObservedValue]
  private(set) var products: [(sums: BufferID?, name: String, channels: Int)]

  init(_ request: ExecutionRequest) throws(ExecutionError) {
    network = request.network
    observed = request.observed
    var products: [(sums: BufferID?, name: String, channels: Int)] = []
    for one in request.observed {
      let value = network[one.value]
      guard value.shape.rank > 1, value.shape[0] % network.batchSize == 0,
        (1..<value.shape.rank).contains(one.channelAxis)
      else {
        throw ExecutionError(
          .unsupported, value.name,
          "channels on axis \(one.channelAxis) of shape \(value.shape), expected the rows of \(network.batchSize) samples on axis 0"
        )
      }
      products.append((nil, value.name, value.shape[one.channelAxis]))
    }
    self.products = products
  }

  /// Adds the sums of a value whose gradient is complete.
  mutating func appendProducts(of id: ValueID, _ compiler: inout Compiler) throws(ExecutionError) {
    guard let gradient = compiler.gradient(id) else { return }
    for (index, one) in observed.enumerated() where one.value == id {
      let sums = try compiler.makeBuffer(
        Double.self, count: network.batchSize * products[index].channels, for: network[id].name)
      compiler.append(
        ProductStep(
          activation: try compiler.operand(id), gradient: gradient, samples: network.batchSize,
          channelAxis: one.channelAxis, sums: sums))
      products[index].sums = sums
    }
  }
}
