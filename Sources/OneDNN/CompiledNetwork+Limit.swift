import Execution
import Networks

extension CompiledNetwork {
  /// Compiles what a request asks for so that an executor stays within a limit.
  ///
  /// - Parameter limit: the most bytes that an executor may hold, or `nil`. To keep it, values are computed twice; that
  ///   costs time and changes no result.
  /// - Throws: `ExecutionError` when an operation or shape is not supported, memory runs out, or the limit is too low.
  static func compile(
    _ request: ExecutionRequest, _ kernels: KernelCache, _ stages: NetworkStages, stage: Int, within limit: Int?
  ) throws(ExecutionError) -> CompiledNetwork {
    let free = try CompiledNetwork(request, kernels, stages, stage: stage, segments: 1)
    guard let limit, free.executorBytes > limit else { return free }
    var least = free.executorBytes
    for segments in [2, 3, 4, 6, 8, 12, 16, 24, 32, 48] {
      let tight = try CompiledNetwork(
        request, kernels, stages, stage: stage, segments: segments, shared: free.shared)
      precondition(tight.transfers.traffic == free.transfers.traffic, "a limit changed what stages hand over")
      if tight.executorBytes <= limit { return tight }
      least = min(least, tight.executorBytes)
    }
    let place = stages.count == 1 ? "" : "stage \(stage) "
    throw ExecutionError(
      .tooLarge(least: least), request.network.name, "\(place)needs \(least) bytes of memory, the limit is \(limit)")
  }
}
