import CKernels
import COneDNN
public import Execution
import Networks

/// A network compiled for float32 kernels: what its executors share.
public final class OneDNNProgram: ExecutionProgram {
  let compiled: CompiledNetwork
  let loss: LossFunction?

  /// Compiles a network: chooses kernels, packs weights, plans memory.
  ///
  /// - Parameter limit: the most bytes that an executor may hold, or `nil`. To keep it, values are computed twice; that
  ///   costs time and changes no result.
  /// - Throws: `ExecutionError` when an operation or shape is not supported, memory runs out, or the limit is too low.
  public init(_ request: ExecutionRequest, executorLimit limit: Int? = nil) throws(ExecutionError) {
    // Kernels are chosen for the number of threads that the choosing thread has.
    pc_dnn_use_one_thread()
    loss = try request.lossFunction()
    let kernels = KernelCache(try KernelContext())
    compiled = try CompiledNetwork.compile(
      request, kernels, NetworkStages(whole: request.network), stage: 0, within: limit)
  }

  /// Packed weights once, arrays per executor.
  public var memory: MemoryRequirement {
    MemoryRequirement(shared: compiled.parameterBytes, perExecutor: compiled.executorBytes)
  }

  /// Allocates what one thread needs.
  public func makeExecutor() throws(ExecutionError) -> any NetworkExecutor { try OneDNNExecutor(self) }
}

/// An executor's kernels run on the calling thread. All memory is allocated when it is made.
public final class OneDNNExecutor: NodeTiming {
  let compiled: CompiledNetwork
  private let loss: LossFunction?
  let memory: Memory
  private var headValues: [Double]
  private var headGradient: [Double]
  /// A layer's products of weights and gradients, one after the other.
  private var plainWeight: [Float]

  /// An executor of a program.
  ///
  /// What reading and compiling the network freed goes back to the system first: the allocator would keep it.
  /// - Throws: `ExecutionError` when memory runs out.
  public convenience init(_ program: OneDNNProgram) throws(ExecutionError) {
    try self.init(program.compiled, program.loss)
  }

  /// An executor of a compiled network, or of one stage of it.
  init(_ compiled: CompiledNetwork, _ loss: LossFunction?) throws(ExecutionError) {
    pc_return_freed_memory()
    self.compiled = compiled
    self.loss = loss
    memory = try compiled.makeMemory()
    headValues = [Double](repeating: 0, count: (compiled.head?.countPerSample ?? 0) * compiled.batchSize)
    headGradient = headValues
    plainWeight = [Float](repeating: 0, count: compiled.plainWeightCount)
  }

  /// Runs one batch and tells how long each kernel took.
  /// - Returns: one entry per kernel call, in the order in which they ran.
  public func profile(_ batch: Batch) throws(ExecutionError) -> [StepTime] {
    let clock = ContinuousClock()
    var times: [StepTime] = []
    func run(_ steps: [CompiledStep], isBackward: Bool) throws(ExecutionError) {
      for one in steps {
        let start = clock.now
        try one.step.run(memory)
        times.append(
          StepTime(kind: one.step.kind, node: one.node, isBackward: isBackward, duration: clock.now - start))
      }
    }
    pc_dnn_use_one_thread()
    try load(batch)
    try run(compiled.forward, isBackward: false)
    _ = try differentiate(batch)
    if compiled.headGradient != nil { try run(compiled.backward, isBackward: true) }
    return times
  }

  /// Runs one batch forward and tells how long one node's kernels took.
  public func duration(ofNode name: String, _ batch: Batch) throws(ExecutionError) -> Duration {
    let clock = ContinuousClock()
    var total = Duration.zero
    pc_dnn_use_one_thread()
    try load(batch)
    for one in compiled.forward {
      let start = clock.now
      try one.step.run(memory)
      if one.node == name { total += clock.now - start }
    }
    return total
  }

  /// Runs one batch.
  public func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation {
    try begin(batch)
    try load(batch)
    for one in compiled.forward { try one.step.run(memory) }
    let part = try complete(batch) {}
    for (one, values) in zip(compiled.products, part.products) where !values.values.allSatisfy(\.isFinite) {
      throw .notFiniteProduct(of: one.name)
    }
    return Evaluation(
      losses: part.losses, outputs: part.outputs, products: part.products.map(\.values),
      inputGradients: part.inputGradients, weightProducts: batch.part.isLast ? try weightProducts() : [])
  }

  /// What stands in front of every run.
  func begin(_ batch: Batch) throws(ExecutionError) {
    guard (1...compiled.batchSize).contains(batch.sampleCount) else {
      throw ExecutionError(
        .badData, compiled.name, "\(batch.sampleCount) samples count, expected 1 to \(compiled.batchSize)")
    }
    pc_dnn_use_one_thread()
    if batch.part.isFirst { for one in compiled.weighed { one.layer?.clear(memory) } }
  }

  /// All that follows the forward pass.
  /// - Parameter loadGradients: brings gradients in that others have computed.
  func complete(_ batch: Batch, _ loadGradients: () -> Void) throws(ExecutionError) -> StageResult {
    // Copied before backward: the buffer may serve for something else there.
    let outputs = compiled.outputs.map { samples(of: $0, batch.sampleCount) }
    let losses = try differentiate(batch)
    loadGradients()
    for one in compiled.backward { try one.step.run(memory) }
    return StageResult(
      losses: losses, outputs: outputs, products: products(batch.sampleCount),
      inputGradients: inputGradients(batch.sampleCount), gradients: [])
  }

  /// Copies the inputs to where the first kernels read them.
  func load(_ batch: Batch) throws(ExecutionError) {
    guard batch.inputs.count == compiled.inputs.count else {
      throw ExecutionError(
        .badData, compiled.name, "\(batch.inputs.count) input arrays, expected \(compiled.inputs.count)")
    }
    for (elements, input) in zip(batch.inputs, compiled.inputs) {
      guard elements.count == input.count else {
        throw ExecutionError(.badData, input.name, "\(elements.count) elements, expected \(input.count)")
      }
      // A layer's activation would turn what is not a number into 0, and nobody would ever know.
      if let wrong = elements.firstNotFinite {
        throw ExecutionError(
          .notFinite, input.name,
          "element \(wrong % (input.count / compiled.batchSize)) is \(elements[wrong]), expected finite numbers",
          sample: wrong / (input.count / compiled.batchSize))
      }
      memory.floats(input.buffer).update(from: elements, count: elements.count)
    }
  }

  /// The losses, if any; leaves the gradient at the head where backward begins.
  private func differentiate(_ batch: Batch) throws(ExecutionError) -> [Double] {
    guard let loss, let reading = compiled.head else { return [] }
    let head = memory.floats(reading.buffer)
    for index in headValues.indices { headValues[index] = Double(head[index]) }
    let losses = try loss.evaluate(headValues, batch, gradient: &headGradient)
    if let buffer = compiled.headGradient {
      let target = memory.floats(buffer)
      for index in headGradient.indices { target[index] = Float(headGradient[index]) }
    }
    return losses
  }

  private func samples(of reading: CompiledNetwork.Reading, _ count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: memory.floats(reading.buffer), count: reading.countPerSample * count))
  }

  private func products(_ sampleCount: Int) -> [(observed: Int, values: [Double])] {
    compiled.products.map { one in
      let count = sampleCount * one.channels
      guard let sums = one.sums else { return (one.observed, [Double](repeating: 0, count: count)) }
      return (one.observed, Array(UnsafeBufferPointer(start: memory.doubles(sums), count: count)))
    }
  }

  private func weightProducts() throws(ExecutionError) -> [WeightProducts] {
    var all: [WeightProducts] = []
    for (layer, axes) in compiled.weighed {
      guard let layer else {
        all.append(WeightProducts(axes))
        continue
      }
      let products = try plainWeight.withUnsafeMutableBufferPointer { plain throws(ExecutionError) in
        guard let address = plain.baseAddress else { return WeightProducts(axes) }
        return try layer.products(memory, plain: address)
      }
      all.append(products)
    }
    return all
  }

  private func inputGradients(_ sampleCount: Int) -> [[Double]] {
    compiled.inputGradients.map { input in
      let count = input.countPerSample * sampleCount
      guard let gradient = input.gradient else { return [Double](repeating: 0, count: count) }
      return UnsafeBufferPointer(start: memory.floats(gradient), count: count).map(Double.init)
    }
  }
}

extension [Float] {
  /// The first element that is infinite or not a number.
  fileprivate var firstNotFinite: Int? {
    let infinity = Float.infinity.bitPattern
    let largest = withUnsafeBufferPointer { $0.reduce(UInt32(0)) { Swift.max($0, $1.magnitude.bitPattern) } }
    return largest >= infinity ? firstIndex { !$0.isFinite } : nil
  }
}

/// How long one kernel call took.
public struct StepTime: Sendable {
  /// What kind of work it is.
  public let kind: StepKind
  /// The node that it is a part of.
  public let node: String
  /// Whether it is a part of the way back.
  public let isBackward: Bool
  /// The time.
  public let duration: Duration
}
