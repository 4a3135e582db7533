import Execution
import ExecutorContract
import Networks
import OneDNN
import Testing

@Suite struct StageTests {
  static let problems =
    LayoutProblems.all + [DeterminismTests.problem]
    + OperatorProblem.all(seed: 31).filter { $0.request.network.nodes.count > 1 }

  @Test(arguments: problems)
  func `two stages, cut anywhere, give the bits of the whole network`(_ problem: OperatorProblem) throws {
    for inputGradients in [true, false] {
      let one = problem.with(inputGradients: inputGradients)
      let expected = try OneDNNBackend().compile(one.request).evaluate(one.batch)
      for stages in StageContract.cuts(one.request) { try StageContract.check(OneDNNBackend(), one, stages, expected) }
    }
  }

  @Test(arguments: problems)
  func `more stages give the bits of the whole network`(_ problem: OperatorProblem) throws {
    let expected = try OneDNNBackend().compile(problem.request).evaluate(problem.batch)
    let nodes = problem.request.network.nodes.count
    for count in [2, 3, 4, nodes] {
      guard let stages = try? NetworkStages(problem.request, count: count) else { continue }
      try StageContract.check(OneDNNBackend(), problem, stages, expected)
    }
  }

  @Test(arguments: problems)
  func `stages within the least memory give the bits of the whole network`(_ problem: OperatorProblem) throws {
    guard let stages = try? NetworkStages(problem.request, count: 2) else { return }
    let expected = try OneDNNBackend().compile(problem.request).evaluate(problem.batch)
    // The larger stage's least: the other one can do with that in any case.
    let least = try (0..<2).map { try Self.least(problem.request, stage: $0, of: stages) }.max() ?? 0
    try StageContract.check(OneDNNBackend(), problem, stages, limit: least, expected)
  }

  /// A value from another stage is read by layers whose results the way back needs, and then written over by a gate or a
  /// sum: what was computed from it can be forgotten, but not be computed again.
  static let overwritten: OperatorProblem = {
    var b = ProblemBuilder(name: "overwritten", batchSize: 2, sampleCount: 2, seed: 6)
    let stem = b.convolution(b.input([4, 9, 9]), to: 16, kernel: [3, 3], padsBegin: [1, 1])
    b.observe(stem)
    let swish = b.unary(.swish, stem)
    var side = b.convolution(swish, to: 16, kernel: [3, 3], padsBegin: [1, 1])
    for _ in 0..<4 {
      b.observe(side)
      side = b.convolution(b.unary(.gelu(isApproximate: false), side), to: 16, kernel: [3, 3], padsBegin: [1, 1])
    }
    let gate = b.unary(.sigmoid, b.convolution(b.reduce(.mean, swish, axes: [2, 3]), to: 16, kernel: [1, 1]))
    let gated = b.binary(.multiply, swish, gate)
    let sum = b.unary(.relu, b.binary(.add, b.convolution(gated, to: 16, kernel: [1, 1]), side))
    let last = b.unary(.gelu(isApproximate: false), b.convolution(sum, to: 16, kernel: [3, 3], padsBegin: [1, 1]))
    return b.problem(output: b.convolution(last, to: 4, kernel: [1, 1]), loss: .meanSquaredError)
  }()

  @Test(arguments: [overwritten, DeterminismTests.problem] + LayoutProblems.all.suffix(12))
  func `two stages within the least memory, cut anywhere, give the bits of the whole network`(
    _ problem: OperatorProblem
  )
    throws
  {
    let expected = try OneDNNBackend().compile(problem.request).evaluate(problem.batch)
    for stages in StageContract.cuts(problem.request) {
      let least = try (0..<2).map { try Self.least(problem.request, stage: $0, of: stages) }.max() ?? 0
      try StageContract.check(OneDNNBackend(), problem, stages, limit: least, expected)
    }
  }

  @Test func `a network that runs forward only does so in stages too`() throws {
    let whole = DeterminismTests.problem
    let request = ExecutionRequest(
      network: whole.request.network, loss: nil,
      outputs: [whole.request.observed[0].value, whole.request.network.outputs[0]])
    let problem = OperatorProblem(name: "forward", request: request, batch: whole.batch)
    for stages in StageContract.cuts(request) { try StageContract.check(OneDNNBackend(), problem, stages) }
  }

  @Test func `weights are held by the stage that they belong to`() throws {
    let request = DeterminismTests.problem.request
    let whole = try OneDNNProgram(request).memory
    for count in [2, 3, 4] {
      let stages = try StagedProgram(request, NetworkStages(request, count: count), on: OneDNNBackend()).stages
      #expect(stages.reduce(0) { $0 + $1.memory.shared } == whole.shared)
      for stage in stages { #expect(stage.memory.perExecutor < whole.perExecutor) }
    }
  }

  @Test func `what a neighbour hands over must have the right size`() throws {
    let problem = DeterminismTests.problem
    let stages = try NetworkStages(problem.request, count: 2)
    let first = try OneDNNBackend().program(for: problem.request, stage: 0, of: stages, executorLimit: nil)
    let second = try OneDNNBackend().program(for: problem.request, stage: 1, of: stages, executorLimit: nil)
    #expect(first.traffic.valuesOut == second.traffic.valuesIn && first.traffic.valuesOut > 0)
    #expect(first.traffic.gradientsIn == second.traffic.gradientsOut && first.traffic.gradientsIn > 0)
    #expect(throws: ExecutionError.self) { try second.makeExecutor().forward(problem.batch, [1, 2, 3]) }
    #expect(throws: ExecutionError.self) { try first.makeExecutor().complete(problem.batch, [], gradients: [1, 2, 3]) }
  }

  @Test func `a stage that watches nothing, with none before it that does, gets no gradient`() throws {
    var b = ProblemBuilder(name: "late", batchSize: 2, sampleCount: 2, seed: 4)
    var x = b.input([4, 6, 6])
    for layer in 0..<6 {
      x = b.unary(.relu, b.convolution(x, to: 4, kernel: [3, 3], padsBegin: [1, 1]))
      if layer == 4 { b.observe(x) }
    }
    let problem = b.problem(output: x, loss: .agreement).with(inputGradients: false)
    let stages = try NetworkStages(problem.request, cuts: [4, 8])
    let traffic = try StagedProgram(problem.request, stages, on: OneDNNBackend()).stages.map(\.traffic)
    #expect(traffic.map(\.gradientsOut) == [0, 0, 0])
    try StageContract.check(OneDNNBackend(), problem, stages)
  }

  /// The least memory that an executor of a stage can do with.
  private static func least(_ request: ExecutionRequest, stage: Int, of stages: NetworkStages) throws -> Int {
    do {
      return try OneDNNBackend().program(for: request, stage: stage, of: stages, executorLimit: 1).memory.perExecutor
    } catch {
      guard case .tooLarge(let least) = error.kind else { throw error }
      return least
    }
  }
}

extension OperatorProblem {
  /// The same problem with or without gradients at its inputs.
  fileprivate func with(inputGradients: Bool) -> OperatorProblem {
    OperatorProblem(
      name: name,
      request: ExecutionRequest(
        network: request.network, loss: request.loss, observed: request.observed, inputGradients: inputGradients,
        outputs: request.outputs), batch: batch)
  }
}
