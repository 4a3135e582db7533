import COneDNN
import Execution

/// One stage of a network compiled for float32 kernels: what its executors share.
final class OneDNNStageProgram: StageProgram {
  fileprivate let compiled: CompiledNetwork
  fileprivate let loss: LossFunction?
  fileprivate let stage: Int

  init(_ request: ExecutionRequest, stage: Int, of stages: NetworkStages, executorLimit: Int?) throws(ExecutionError) {
    precondition(request.weighed.isEmpty, "weights are weighed where the whole network is")
    // Kernels are chosen for the number of threads that the choosing thread has.
    pc_dnn_use_one_thread()
    loss = try request.lossFunction()
    self.stage = stage
    compiled = try CompiledNetwork.compile(
      request, KernelCache(try KernelContext()), stages, stage: stage, within: executorLimit)
  }

  var memory: MemoryRequirement {
    MemoryRequirement(shared: compiled.parameterBytes, perExecutor: compiled.executorBytes)
  }

  var traffic: StageTraffic { compiled.transfers.traffic }

  func makeExecutor() throws(ExecutionError) -> any StageExecutor { try OneDNNStageExecutor(self) }
}

/// An executor of one stage.
///
/// What neighbours hand over are buffers as the kernels left them, whatever the order of their elements: no copy into
/// another order stands between two stages, and the kernels behind a cut read what they would have read without it.
final class OneDNNStageExecutor: StageExecutor {
  private let executor: OneDNNExecutor
  private let stage: Int
  private var transfers: StageTransfers { executor.compiled.transfers }

  init(_ program: OneDNNStageProgram) throws(ExecutionError) {
    executor = try OneDNNExecutor(program.compiled, program.loss)
    stage = program.stage
  }

  func forward(_ batch: Batch, _ values: [UInt8]) throws(ExecutionError) -> [UInt8] {
    try run(batch, values)
    return collect(transfers.valuesOut, traffic: transfers.traffic.valuesOut, values, [])
  }

  func complete(_ batch: Batch, _ values: [UInt8], gradients: [UInt8]) throws(ExecutionError) -> StageResult {
    try check(gradients, transfers.traffic.gradientsIn)
    try run(batch, values)
    let part = try executor.complete(batch) { load(executor.compiled.gradientsRead, from: gradients) }
    return StageResult(
      losses: part.losses, outputs: part.outputs, products: part.products, inputGradients: part.inputGradients,
      gradients: collect(transfers.gradientsOut, traffic: transfers.traffic.gradientsOut, values, gradients))
  }

  private func run(_ batch: Batch, _ values: [UInt8]) throws(ExecutionError) {
    try check(values, transfers.traffic.valuesIn)
    try executor.begin(batch)
    if stage == 0 { try executor.load(batch) }
    load(executor.compiled.valuesRead, from: values)
    for one in executor.compiled.forward { try one.step.run(executor.memory) }
  }

  private func check(_ bytes: [UInt8], _ expected: Int) throws(ExecutionError) {
    guard bytes.count == expected else {
      throw .wrongBoundary(of: executor.compiled.name, stage: stage, found: bytes.count, expected: expected)
    }
  }

  private func load(_ items: [StageTransfers.Item], from message: [UInt8]) {
    message.withUnsafeBytes { bytes in
      for item in items where !item.bytes.isEmpty {
        executor.memory.raw(item.buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[item.bytes]).baseAddress.unsafelyUnwrapped,
          byteCount: item.bytes.count)
      }
    }
  }

  private func collect(
    _ items: [(item: StageTransfers.Item, source: StageTransfers.Source)], traffic: Int, _ values: [UInt8],
    _ gradients: [UInt8]
  ) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: traffic) { message, initialized in
      let message = UnsafeMutableRawBufferPointer(message)
      for (item, source) in items {
        let place = UnsafeMutableRawBufferPointer(rebasing: message[item.bytes])
        switch source {
        case .memory:
          place.copyMemory(
            from: UnsafeRawBufferPointer(start: executor.memory.raw(item.buffer), count: item.bytes.count))
        case .values(let bytes): values[bytes].withUnsafeBytes { place.copyMemory(from: $0) }
        case .gradients(let bytes): gradients[bytes].withUnsafeBytes { place.copyMemory(from: $0) }
        }
      }
      initialized = traffic
    }
  }
}
