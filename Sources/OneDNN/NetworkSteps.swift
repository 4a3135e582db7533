import Execution
import Networks

/// All kernel calls of a network in their order: forward, then, behind the loss, backward.
///
/// They are the same wherever the network is cut; calls of other stages than one's own are there only with what they read
/// and write.
struct NetworkSteps {
  /// What made them, with all that it knows of buffers.
  private(set) var compiler: Compiler
  /// What a batch brings.
  let inputs: [CompiledNetwork.Input]
  /// How many calls stand in front of the loss.
  let boundary: Int
  /// The outputs, there at the loss.
  let outputs: [CompiledNetwork.Reading]
  /// What the loss reads; `nil` without a loss.
  let head: CompiledNetwork.Reading?
  /// Where the loss puts its gradient; `nil` when nothing is asked for that depends on it.
  let headGradient: BufferID?
  /// Per input its gradient; `nil` where the loss does not depend on it. Empty unless asked for.
  let inputGradients: [(gradient: BufferID?, countPerSample: Int)]

  /// Compiles all that a request asks for.
  ///
  /// - Parameters:
  ///   - kernels: the kernels of its layers, shared by all ways of compiling it.
  ///   - stages: where the network is cut.
  ///   - own: the stage whose kernels are made.
  ///   - segments: of how many segments of that stage only the last one's values are kept for the way back.
  ///   - shared: the buffers that other stages need too, which are kept in any case.
  init(
    _ request: ExecutionRequest, _ kernels: KernelCache, _ stages: NetworkStages, own: Int, segments: Int,
    shared: Set<BufferID>
  ) throws(ExecutionError) {
    let network = request.network
    let needed = request.neededNodes
    let last = stages.count - 1
    compiler = Compiler(request, needed: needed, kernels, stages, own: own)
    var inputs: [CompiledNetwork.Input] = []
    for id in network.inputs {
      let tensor = try compiler.makeResult(id, .rowMajor)
      inputs.append(CompiledNetwork.Input(name: network[id].name, buffer: tensor.buffer, count: tensor.shape.count))
    }
    self.inputs = inputs
    for index in network.nodes.indices where needed[index] {
      compiler.stage = stages.stage(of: index)
      try compiler.compileForward(index)
    }

    compiler.stage = last
    var outputs: [CompiledNetwork.Reading] = []
    for id in request.outputs { outputs.append(try Self.reading(id, network, &compiler)) }
    self.outputs = outputs
    head = if let id = request.head { try Self.reading(id, network, &compiler) } else { nil }
    boundary = compiler.steps.count
    if segments > 1 {
      compiler.forget(segments: segments, of: stages.nodes[own], needed: needed, but: shared)
    }

    var headGradient: BufferID?
    if let headID = request.head, compiler.wantsGradient(headID) {
      let gradient = try compiler.makeTensor(network[headID].shape, .rowMajor, for: network[headID].name)
      headGradient = gradient.buffer
      try compiler.pass(gradient, to: headID, place: network[headID].name)
      for index in network.nodes.indices.reversed() where needed[index] {
        compiler.stage = stages.stage(of: index)
        try compiler.compileBackward(index)
      }
      compiler.stage = 0
      for id in network.inputs { try compiler.appendProducts(of: id) }
    }
    self.headGradient = headGradient
    compiler.stage = 0
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
    self.inputGradients = inputGradients
  }

  /// An array as people read it: row-major, samples first.
  private static func reading(_ id: ValueID, _ network: Network, _ compiler: inout Compiler) throws(ExecutionError)
    -> CompiledNetwork.Reading
  {
    let tensor = try compiler.operand(id, in: .rowMajor)
    guard tensor.shape.rank > 0, tensor.shape[0] % network.batchSize == 0 else {
      throw ExecutionError(
        .unsupported, network[id].name,
        "shape \(tensor.shape), expected the rows of \(network.batchSize) samples on axis 0")
    }
    return CompiledNetwork.Reading(buffer: tensor.buffer, countPerSample: tensor.shape.count / network.batchSize)
  }
}
