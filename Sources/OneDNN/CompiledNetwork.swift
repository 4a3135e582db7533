import Execution
import Networks

/// A network as a list of kernel calls with their buffers placed. Executors share it.
final class CompiledNetwork: Sendable {
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
  let forward: [CompiledStep]
  /// Calls behind the loss.
  let backward: [CompiledStep]
  /// The outputs, there between the two.
  let outputs: [Reading]
  /// What the loss reads, there between the two; `nil` without a loss.
  let head: Reading?
  /// Where the loss puts its gradient; `nil` when nothing is asked for that depends on it.
  let headGradient: BufferID?
  /// Per observed value its sums, float64; `nil` where the loss does not depend on it.
  let products: [(sums: BufferID?, name: String, channels: Int)]
  /// Per input its gradient; `nil` where the loss does not depend on it. Empty unless asked for.
  let inputGradients: [(gradient: BufferID?, countPerSample: Int)]
  /// What constants hold from the start, until it is there.
  private let constants: [(buffer: BufferID, values: AlignedMemory)]
  /// Where buffers lie.
  let plan: MemoryPlan
  /// Bytes of packed weights.
  let parameterBytes: Int
  /// Calls of oneDNN.
  let callCount: Int

  /// Compiles what a request asks for.
  ///
  /// - Parameters:
  ///   - kernels: the kernels of its layers, shared by all ways of compiling it.
  ///   - segments: of how many segments of the network only the last one's values are kept for the way back.
  init(_ request: ExecutionRequest, _ kernels: KernelCache, segments: Int) throws(ExecutionError) {
    let network = request.network
    try Self.checkObserved(request)
    let needed = request.neededNodes
    var compiler = Compiler(request, needed: needed, kernels)
    var inputs: [Input] = []
    for id in network.inputs {
      let tensor = try compiler.makeResult(id, .rowMajor)
      inputs.append(Input(name: network[id].name, buffer: tensor.buffer, count: tensor.shape.count))
    }
    for index in network.nodes.indices where needed[index] { try compiler.compileForward(index) }

    var outputs: [Reading] = []
    for id in request.outputs { outputs.append(try Self.reading(id, network, &compiler)) }
    var head: Reading?
    if let id = request.head { head = try Self.reading(id, network, &compiler) }
    let boundary = compiler.steps.count
    if segments > 1 { compiler.forget(segments: segments, needed: needed) }

    var headGradient: BufferID?
    if let headID = request.head, compiler.wantsGradient(headID) {
      let gradient = try compiler.makeTensor(network[headID].shape, .rowMajor, for: network[headID].name)
      headGradient = gradient.buffer
      try compiler.pass(gradient, to: headID, place: network[headID].name)
      for index in network.nodes.indices.reversed() where needed[index] { try compiler.compileBackward(index) }
      for id in network.inputs { try compiler.appendProducts(of: id) }
    }
    var inputGradients: [(gradient: BufferID?, countPerSample: Int)] = []
    if request.inputGradients {
      for id in network.inputs {
        let count = network[id].shape.count / network.batchSize
        var buffer: BufferID?
        if let gradient = try compiler.completeGradient(id) {
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
    self.outputs = outputs
    self.head = head
    self.headGradient = headGradient
    products = zip(request.observed, compiler.productSums).map { one, sums in
      (sums, network[one.value].name, network[one.value].shape[one.channelAxis])
    }
    self.inputGradients = inputGradients
    constants = compiler.constants
    parameterBytes = compiler.parameterBytes
    callCount = compiler.callCount
    let atEnd = inputGradients.compactMap(\.gradient) + compiler.productSums.compactMap { $0 }
    let atLoss = outputs.map(\.buffer) + (head.map { [$0.buffer] } ?? []) + (headGradient.map { [$0] } ?? [])
    guard
      let plan = Self.place(
        compiler, boundary: boundary, atStart: inputs.map(\.buffer), atLoss: atLoss, atEnd: atEnd)
    else { throw ExecutionError(.failed, network.name, "its arrays together are larger than memory can be") }
    self.plan = plan
    // The head and its gradient in float64 come on top.
    let headCount = request.head.map { network[$0].shape.count } ?? 0
    let (heads, overflow) = headCount.multipliedReportingOverflow(by: 2 * MemoryLayout<Double>.stride)
    let (bytes, sumOverflow) = plan.size.addingReportingOverflow(heads)
    guard !overflow, !sumOverflow else {
      throw ExecutionError(.failed, network.name, "its arrays together are larger than memory can be")
    }
    executorBytes = bytes
  }

  /// Bytes that an executor holds.
  let executorBytes: Int

  /// Memory for one executor, its constants in place.
  func makeMemory() throws(ExecutionError) -> Memory {
    let memory = try Memory(plan, callCount: callCount, for: name)
    layConstants(in: memory)
    for step in forward + backward { try step.step.prepare(memory) }
    return memory
  }

  private func layConstants(in memory: Memory) {
    for constant in constants {
      UnsafeMutableRawBufferPointer(start: memory.raw(constant.buffer), count: constant.values.bytes.count)
        .copyMemory(from: UnsafeRawBufferPointer(constant.values.bytes))
    }
  }

  /// Checks that sums per sample and channel can be had of the observed values.
  private static func checkObserved(_ request: ExecutionRequest) throws(ExecutionError) {
    let network = request.network
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
    }
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
      for buffer in step.step.reads + step.step.writes { use(buffer, at: time) }
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
