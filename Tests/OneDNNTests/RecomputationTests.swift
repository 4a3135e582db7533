import Execution
import ExecutorContract
import Networks
import OneDNN
import Testing

/// Within a limit of memory values are computed twice: that must change nothing but memory and time.
@Suite struct RecomputationTests {
  /// Networks of several nodes: in single operations there is nothing to forget.
  static let problems =
    LayoutProblems.all + OperatorProblem.all(seed: 11).filter { $0.request.network.nodes.count > 5 }
    + [DeterminismTests.problem]

  /// The least memory that an executor can do with.
  private static func least(_ request: ExecutionRequest) throws -> Int {
    do {
      return try OneDNNProgram(request, executorLimit: 1).memory.perExecutor
    } catch {
      guard case .tooLarge(let least) = error.kind else { throw error }
      return least
    }
  }

  @Test(arguments: problems)
  func `the least memory gives the same bits`(_ problem: OperatorProblem) throws {
    // The gradients of weights read what layers took in, which is forgotten too.
    let request = ExecutionRequest(
      network: problem.request.network, loss: problem.request.loss, observed: problem.request.observed,
      weighed: problem.request.layerNodes)
    let free = try OneDNNProgram(request)
    let least = try Self.least(request)
    let tight = try OneDNNProgram(request, executorLimit: least)
    #expect(tight.memory.perExecutor <= least && least <= free.memory.perExecutor)
    let expected = DeterminismTests.bits(try free.makeExecutor().evaluate(problem.batch))
    let executor = try tight.makeExecutor()
    for _ in 0..<2 { #expect(DeterminismTests.bits(try executor.evaluate(problem.batch)) == expected) }
  }

  @Test func `a chain of layers needs much less when most values are forgotten`() throws {
    var b = ProblemBuilder(name: "chain", batchSize: 2, sampleCount: 2, seed: 3)
    var x = b.input([16, 32, 32])
    for _ in 0..<60 {
      x = b.convolution(x, to: 16, kernel: [5, 5], padsBegin: [2, 2])
      b.observe(x)
      x = b.unary(.relu, x)
    }
    let request = b.problem(output: x, loss: .agreement).request
    let free = try OneDNNProgram(request).memory.perExecutor
    #expect(try Self.least(request) * 2 < free)
  }

  @Test func `a limit that cannot be kept is refused with what is needed`() throws {
    let request = DeterminismTests.problem.request
    let least = try Self.least(request)
    #expect { try OneDNNProgram(request, executorLimit: least - 1) } throws: { error in
      (error as? ExecutionError)?.kind == .tooLarge(least: least)
    }
  }
}
