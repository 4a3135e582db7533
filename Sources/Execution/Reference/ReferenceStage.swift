import Networks

/// One stage of a network for the reference executor: which values cross its borders, each as float64 in row-major order.
struct ReferenceStageProgram: StageProgram {
  let request: ExecutionRequest
  let stage: Int
  let nodes: Range<Int>
  let isFirst: Bool
  let isLast: Bool
  /// The values that come from the stage before, and those for the stage behind.
  let valuesIn: [ValueID]
  let valuesOut: [ValueID]
  /// The values whose gradients come from the stage behind as far as they are known, and those for the stage before.
  let gradientsIn: [ValueID]
  let gradientsOut: [ValueID]
  /// The indices of the watched values that this stage yields.
  let observed: [Int]

  init(_ request: ExecutionRequest, _ stages: NetworkStages, _ stage: Int) {
    precondition(request.weighed.isEmpty, "weights are weighed where the whole network is")
    self.request = request
    self.stage = stage
    nodes = stages.nodes[stage]
    isFirst = stage == 0
    isLast = stage == stages.count - 1
    let borders = Borders(request)
    (valuesIn, gradientsOut) = isFirst ? ([], []) : borders.crossing(nodes.lowerBound)
    (valuesOut, gradientsIn) = isLast ? ([], []) : borders.crossing(nodes.upperBound)
    let own = nodes
    observed = request.observed.indices.filter { index in
      borders.producers[request.observed[index].value.index].map { own.contains($0) } ?? (stage == 0)
    }
  }

  /// Every value that the stage reads or yields and its gradient in float64.
  var memory: MemoryRequirement {
    let network = request.network
    var known = Set(valuesIn)
    for node in network.nodes[nodes] { known.formUnion(node.inputs.compactMap { $0 } + node.outputs) }
    let elements = known.reduce(0) { $0 + network[$1].shape.count }
    return MemoryRequirement(shared: 0, perExecutor: 2 * elements * MemoryLayout<Double>.stride)
  }

  var traffic: StageTraffic {
    StageTraffic(
      valuesIn: byteCount(valuesIn), valuesOut: byteCount(valuesOut), gradientsIn: byteCount(gradientsIn),
      gradientsOut: byteCount(gradientsOut))
  }

  private func byteCount(_ values: [ValueID]) -> Int {
    values.reduce(0) { $0 + request.network[$1].shape.count * MemoryLayout<Double>.stride }
  }

  func makeExecutor() throws(ExecutionError) -> any StageExecutor { try ReferenceStageExecutor(self) }
}

/// What crosses a cut of a network.
private struct Borders {
  /// By value index the node that yields it.
  let producers: [Int?]
  private let request: ExecutionRequest
  private let needsGradient: [Bool]

  init(_ request: ExecutionRequest) {
    self.request = request
    producers = request.network.producers()
    needsGradient = GradientFlow(request).needsGradient
  }

  /// The values that are known in front of a node and read from there on, and those of them whose gradients something
  /// behind the cut contributes to.
  func crossing(_ cut: Int) -> (values: [ValueID], gradients: [ValueID]) {
    let network = request.network
    let ends = request.outputs + (request.head.map { [$0] } ?? [])
    let read = Set(ends + network.nodes[cut...].flatMap { $0.inputs.compactMap { $0 } })
    let values = network.values.indices.map { ValueID($0) }.filter { id in
      network[id].constant == nil && read.contains(id) && producers[id.index] ?? -1 < cut
    }
    // The same walk as the executor's, over what arrives where.
    var arrives = [Bool](repeating: false, count: network.values.count)
    if let head = request.head { arrives[head.index] = true }
    for node in network.nodes[cut...].reversed() where node.outputs.contains(where: { arrives[$0.index] }) {
      for (position, id) in node.inputs.enumerated() {
        if let id, needsGradient[id.index], node.operation.carriesGradient(to: position) { arrives[id.index] = true }
      }
    }
    return (values, values.filter { arrives[$0.index] && needsGradient[$0.index] })
  }
}

/// The reference executor on the nodes of one stage.
final class ReferenceStageExecutor: StageExecutor {
  private let program: ReferenceStageProgram
  private let executor: ReferenceExecutor
  private var network: Network { program.request.network }

  init(_ program: ReferenceStageProgram) throws(ExecutionError) {
    self.program = program
    executor = try ReferenceExecutor(program.request)
  }

  func forward(_ batch: Batch, _ values: [UInt8]) throws(ExecutionError) -> [UInt8] {
    try run(batch, values)
    return bytes(of: program.valuesOut.map { executor.values[$0.index] })
  }

  func complete(_ batch: Batch, _ values: [UInt8], gradients: [UInt8]) throws(ExecutionError) -> StageResult {
    try run(batch, values)
    var all = [[Double]?](repeating: nil, count: network.values.count)
    for (id, gradient) in zip(program.gradientsIn, try arrays(gradients, program.gradientsIn)) {
      all[id.index] = gradient
    }
    var losses: [Double] = []
    if program.isLast, let loss = executor.loss {
      let head = executor.values[loss.head.index]
      var gradient = [Double](repeating: 0, count: head.count)
      losses = try loss.evaluate(head, batch, gradient: &gradient)
      all[loss.head.index] = gradient
    }
    executor.spread(&all, program.nodes)
    let samples = batch.sampleCount
    return StageResult(
      losses: losses,
      outputs: program.isLast ? executor.outputs(samples).map { $0.map { Float($0) } } : [],
      products: program.observed.map { index in
        let one = program.request.observed[index]
        return (index, executor.products(of: one, all[one.value.index], samples: samples))
      },
      inputGradients: program.isFirst ? executor.inputGradients(all, samples) : [],
      gradients: bytes(of: program.gradientsOut.map { all[$0.index] ?? [] }))
  }

  private func run(_ batch: Batch, _ values: [UInt8]) throws(ExecutionError) {
    if program.isFirst {
      try batch.check(against: network)
      for (id, elements) in zip(network.inputs, batch.inputs) { executor.values[id.index] = elements.map(Double.init) }
    }
    for (id, elements) in zip(program.valuesIn, try arrays(values, program.valuesIn)) {
      executor.values[id.index] = elements
    }
    executor.forward(program.nodes)
  }

  private func bytes(of arrays: [[Double]]) -> [UInt8] { arrays.flatMap { $0.withUnsafeBytes { Array($0) } } }

  private func arrays(_ bytes: [UInt8], _ values: [ValueID]) throws(ExecutionError) -> [[Double]] {
    let counts = values.map { network[$0].shape.count }
    let expected = counts.reduce(0, +) * MemoryLayout<Double>.stride
    guard bytes.count == expected else {
      throw .wrongBoundary(of: network.name, stage: program.stage, found: bytes.count, expected: expected)
    }
    var arrays: [[Double]] = []
    var start = 0
    for count in counts {
      arrays.append(
        [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
          let part = bytes[start..<start + count * MemoryLayout<Double>.stride]
          part.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
          initialized = count
        })
      start += count * MemoryLayout<Double>.stride
    }
    return arrays
  }
}
