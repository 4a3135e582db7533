import Execution
import Networks

/// A network, or one stage of it, as a list of kernel calls with their buffers placed. Executors share it.
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
  /// What a batch brings; nothing but for the first stage.
  let inputs: [Input]
  /// Calls up to the loss.
  let forward: [CompiledStep]
  /// Calls behind the loss.
  let backward: [CompiledStep]
  /// The outputs, there between the two; none but for the last stage.
  let outputs: [Reading]
  /// What the loss reads, there between the two; `nil` without a loss, and but for the last stage.
  let head: Reading?
  /// Where the loss puts its gradient; `nil` when nothing is asked for that depends on it.
  let headGradient: BufferID?
  /// What the stages around it are handed, and hand over.
  let transfers: StageTransfers
  /// Which of that is read or changed here.
  let valuesRead: [StageTransfers.Item]
  let gradientsRead: [StageTransfers.Item]
  /// The buffers that other stages need too.
  let shared: Set<BufferID>
  /// Per observed value of this stage its index in the request and its sums, float64; `nil` where the loss does not depend
  /// on it.
  let products: [(observed: Int, sums: BufferID?, name: String, channels: Int)]
  /// Per weighed node its sums, or its axes alone where the loss does not depend on it.
  let weighed: [(layer: WeighedLayer?, axes: WeightAxes)]
  /// Per input its gradient; `nil` where the loss does not depend on it. Empty unless asked for, and but for the first
  /// stage.
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
  ///   - stages: where the network is cut.
  ///   - stage: which of the stages this is.
  ///   - segments: of how many segments of the stage only the last one's values are kept for the way back.
  ///   - shared: the `shared` of the stage as it is compiled in one segment.
  init(
    _ request: ExecutionRequest, _ kernels: KernelCache, _ stages: NetworkStages, stage: Int, segments: Int,
    shared: Set<BufferID> = []
  ) throws(ExecutionError) {
    let network = request.network
    try Self.checkObserved(request)
    let all = try NetworkSteps(request, kernels, stages, own: stage, segments: segments, shared: shared)
    let (isFirst, isLast) = (stage == 0, stage == stages.count - 1)
    let use = StageUse(all, stages: stages)

    name = network.name
    batchSize = network.batchSize
    inputs = isFirst ? all.inputs : []
    forward = all.compiler.steps[..<all.boundary].filter { $0.stage == stage }
    backward = all.compiler.steps[all.boundary...].filter { $0.stage == stage }
    outputs = isLast ? all.outputs : []
    head = isLast ? all.head : nil
    headGradient = isLast ? all.headGradient : nil
    inputGradients = isFirst ? all.inputGradients : []
    products = zip(request.observed, all.compiler.productSums).enumerated().compactMap { index, pair in
      let (one, sums) = pair
      guard (sums.map { use.backwardWriter(of: $0) } ?? 0) == stage else { return nil }
      return (index, sums, network[one.value].name, network[one.value].shape[one.channelAxis])
    }
    weighed = zip(request.weighed, try request.weightAxes()).map { (all.compiler.weighedLayers[$0], $1) }
    let backwardBuffers = Set(backward.flatMap { $0.step.reads + $0.step.writes })
    let ownBuffers = backwardBuffers.union(forward.flatMap { $0.step.reads + $0.step.writes })
    transfers = StageTransfers(
      use, stage: stage, of: stages, sizes: all.compiler.sizes,
      forwardWrites: Set(forward.flatMap(\.step.writes)), backwardWrites: Set(backward.flatMap(\.step.writes)))
    self.shared = ownBuffers.intersection(use.valuesHandedOn(by: stage) + use.gradientsHandedBack(by: stage))
    var constants: [(buffer: BufferID, values: AlignedMemory)] = []
    for constant in all.compiler.constants where constant.stage == stage {
      guard let tensor = network[constant.value].constant else { continue }
      constants.append((constant.buffer, try AlignedMemory(copying: tensor.floats, for: network[constant.value].name)))
    }
    self.constants = constants
    parameterBytes = all.compiler.parameterBytes
    callCount = all.compiler.callCount
    let atLoss = outputs.map(\.buffer) + (head.map { [$0.buffer] } ?? []) + (headGradient.map { [$0] } ?? [])
    let atEnd = inputGradients.compactMap(\.gradient) + products.compactMap(\.sums)
    valuesRead = transfers.valuesIn.filter { ownBuffers.contains($0.buffer) || atLoss.contains($0.buffer) }
    gradientsRead = transfers.gradientsIn.filter { backwardBuffers.contains($0.buffer) || atEnd.contains($0.buffer) }
    var lifetimes = BufferLifetimes(all.compiler.sizes, forward: forward, backward: backward)
    lifetimes.use(inputs.map(\.buffer) + valuesRead.map(\.buffer), at: lifetimes.start)
    lifetimes.use(atLoss + transfers.valuesFromMemory + gradientsRead.map(\.buffer), at: lifetimes.loss)
    lifetimes.use(atEnd + transfers.gradientsFromMemory, at: lifetimes.end)
    // Sums over several runs.
    let kept = constants.map(\.buffer) + weighed.compactMap { $0.layer?.sum }
    for buffer in kept {
      lifetimes.use([buffer], at: lifetimes.start)
      lifetimes.use([buffer], at: lifetimes.end)
    }
    guard let plan = lifetimes.plan else {
      throw ExecutionError(.failed, network.name, "its arrays together are larger than memory can be")
    }
    self.plan = plan
    // The head and its gradient in float64 come on top.
    let headCount = isLast ? request.head.map { network[$0].shape.count } ?? 0 : 0
    let (heads, overflow) = headCount.multipliedReportingOverflow(by: 2 * MemoryLayout<Double>.stride)
    plainWeightCount = weighed.reduce(0) { max($0, $1.layer?.weight.count ?? 0) }
    let (bytes, sumOverflow) = (plan.size + plainWeightCount * MemoryLayout<Float>.stride)
      .addingReportingOverflow(heads)
    guard !overflow, !sumOverflow else {
      throw ExecutionError(.failed, network.name, "its arrays together are larger than memory can be")
    }
    executorBytes = bytes
  }

  /// Elements of the largest weight that is weighed.
  let plainWeightCount: Int

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
}
