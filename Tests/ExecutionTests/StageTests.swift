import Execution
import ExecutorContract
import Networks
import Testing

@Suite struct StageTests {
  static let problems = OperatorProblem.all(seed: 31).filter { $0.request.network.nodes.count > 1 }

  @Test(arguments: problems)
  func `two stages, cut anywhere, give the bits of the whole network`(_ problem: OperatorProblem) throws {
    let expected = try ReferenceBackend().compile(problem.request).evaluate(problem.batch)
    for stages in StageContract.cuts(problem.request) {
      try StageContract.check(ReferenceBackend(), problem, stages, expected)
    }
  }

  @Test(arguments: [2, 3, 4, 7])
  func `more stages give the bits of the whole network`(count: Int) throws {
    for problem in Self.problems {
      guard let stages = try? NetworkStages(problem.request, count: count) else { continue }
      #expect(stages.count == count)
      try StageContract.check(ReferenceBackend(), problem, stages)
    }
  }

  @Test func `stages are all nodes in their order, and more stages than nodes are refused`() throws {
    let request = Self.chain().request
    for count in 1...6 {
      let stages = try NetworkStages(request, count: count)
      #expect(stages.nodes.flatMap { Array($0) } == Array(0..<6))
      for node in 0..<6 { #expect(stages.nodes[stages.stage(of: node)].contains(node)) }
    }
    #expect(throws: ExecutionError(.unsupported, "chain", "cannot be cut into 7 stages, into 6 at the most")) {
      try NetworkStages(request, count: 7)
    }
    #expect(throws: ExecutionError.self) { try NetworkStages(request, cuts: [3, 3]) }
    #expect(throws: ExecutionError.self) { try NetworkStages(request, cuts: [6]) }
    #expect(throws: ExecutionError.self) { try NetworkStages(request, cuts: [0]) }
  }

  @Test func `a chain of equal layers is cut into equal stages`() throws {
    #expect(try NetworkStages(Self.chain().request, count: 3).nodes == [0..<2, 2..<4, 4..<6])
    #expect(try NetworkStages(Self.chain().request, count: 2).nodes == [0..<3, 3..<6])
  }

  @Test func `a stage's request holds the constants of its own nodes alone`() throws {
    let request = Self.chain().request
    let stages = try NetworkStages(request, count: 3)
    for stage in 0..<3 {
      let own = stages.request(request, for: stage).network
      for (index, node) in own.nodes.enumerated() {
        let constants = node.inputs.compactMap { $0.flatMap { own[$0].constant } }
        #expect(!constants.isEmpty)
        #expect(constants.allSatisfy { $0.isHollow != stages.nodes[stage].contains(index) })
      }
    }
  }

  @Test func `what a neighbour hands over must have the right size`() throws {
    let problem = Self.chain()
    let stages = try NetworkStages(problem.request, count: 2)
    let second = try ReferenceBackend().program(for: problem.request, stage: 1, of: stages, executorLimit: nil)
    let wrong = [UInt8](repeating: 0, count: second.traffic.valuesIn - 8)
    #expect {
      try second.makeExecutor().complete(problem.batch, wrong, gradients: [])
    } throws: { error in
      "\(error)".contains("stage 1 was handed \(wrong.count) bytes, expected \(wrong.count + 8)")
    }
  }

  @Test func `no gradient is handed to a stage that watches nothing`() throws {
    let problem = Self.chain(watched: 4)
    let stages = try NetworkStages(problem.request, cuts: [2, 4])
    let traffic = try (0..<3).map {
      try ReferenceBackend().program(for: problem.request, stage: $0, of: stages, executorLimit: nil).traffic
    }
    #expect(traffic.map(\.gradientsOut) == [0, 0, 0])
    #expect(traffic.map(\.gradientsIn) == [0, 0, 0])
    try StageContract.check(ReferenceBackend(), problem, stages)
  }

  /// Six equal layers, one behind another, of which one is watched.
  static func chain(watched: Int = 0) -> OperatorProblem {
    var b = ProblemBuilder(name: "chain", batchSize: 2, sampleCount: 2, seed: 4)
    var x = b.input([5])
    for layer in 0..<6 {
      x = b.linear(x, to: 5)
      if layer == watched { b.observe(x) }
    }
    let whole = b.problem(output: x, loss: .meanSquaredError)
    return OperatorProblem(
      name: "chain",
      request: ExecutionRequest(
        network: whole.request.network, loss: whole.request.loss, observed: whole.request.observed),
      batch: whole.batch)
  }
}
