import COneDNN
public import Execution

/// Fast float32 executors: oneDNN's convolutions and kernels of our own, each on the one thread that calls it.
///
/// An evaluation's bits depend on the network, the request, the batch and the processor's instruction set, on nothing
/// else: not on the thread, the process, or what was evaluated before.
public struct OneDNNBackend: StagedBackend {
  /// A maker of executors.
  public init() {}

  /// oneDNN's version and the instruction set that it uses here: `oneDNN 2.6.3 (avx512)`.
  public var description: String {
    var major: Int32 = 0
    var minor: Int32 = 0
    var patch: Int32 = 0
    pc_dnn_version(&major, &minor, &patch)
    return "oneDNN \(major).\(minor).\(patch) (\(instructionSet))"
  }

  /// The instruction set that oneDNN's kernels use here. Sums differ in their last bits between two of them.
  public var instructionSet: String { String(cString: pc_dnn_instruction_set()) }

  /// Compiles a network: chooses kernels, packs weights, plans memory.
  public func program(
    for request: ExecutionRequest, executorLimit: Int?
  ) throws(ExecutionError) -> any ExecutionProgram {
    try OneDNNProgram(request, executorLimit: executorLimit)
  }

  /// Compiles one stage of a network: chooses kernels, packs weights, plans memory.
  public func program(
    for request: ExecutionRequest, stage: Int, of stages: NetworkStages, executorLimit: Int?
  ) throws(ExecutionError) -> any StageProgram {
    try OneDNNStageProgram(request, stage: stage, of: stages, executorLimit: executorLimit)
  }
}
