import Execution
import ExecutorContract
import Testing

/// The contract itself: it lets the reference pass and finds every kind of wrong figure.
@Suite struct ContractTests {
  /// The reference, with its evaluations spoilt.
  private struct SpoiltBackend: ExecutionBackend {
    let description = "spoilt"
    let spoil: @Sendable (_ evaluation: Evaluation, _ run: Int) -> Evaluation

    func program(
      for request: ExecutionRequest, executorLimit: Int?
    ) throws(ExecutionError) -> any ExecutionProgram {
      let program = try ReferenceBackend().program(for: request, executorLimit: executorLimit)
      return SpoiltProgram(program: program, request: request, spoil: spoil)
    }
  }

  private struct SpoiltProgram: ExecutionProgram {
    let program: any ExecutionProgram
    let request: ExecutionRequest
    let spoil: @Sendable (Evaluation, Int) -> Evaluation

    var memory: MemoryRequirement { program.memory }

    func makeExecutor() throws(ExecutionError) -> any NetworkExecutor {
      SpoiltExecutor(try ReferenceExecutor(request), spoil)
    }
  }

  private final class SpoiltExecutor: NetworkExecutor {
    private let executor: ReferenceExecutor
    private let spoil: @Sendable (Evaluation, Int) -> Evaluation
    private var runs = 0

    init(_ executor: ReferenceExecutor, _ spoil: @escaping @Sendable (Evaluation, Int) -> Evaluation) {
      self.executor = executor
      self.spoil = spoil
    }

    func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation {
      runs += 1
      return spoil(try executor.evaluate(batch), runs)
    }
  }

  /// An evaluation with one array replaced.
  private static func changed(
    _ evaluation: Evaluation, losses: [Double]? = nil, outputs: [[Float]]? = nil, products: [[Double]]? = nil,
    gradients: [[Double]]? = nil, weightProducts: [WeightProducts]? = nil
  ) -> Evaluation {
    Evaluation(
      losses: losses ?? evaluation.losses, outputs: outputs ?? evaluation.outputs,
      products: products ?? evaluation.products, inputGradients: gradients ?? evaluation.inputGradients,
      weightProducts: weightProducts ?? evaluation.weightProducts)
  }

  private static func problem() -> OperatorProblem {
    var builder = ProblemBuilder(name: "small", batchSize: 2, sampleCount: 2, seed: 5)
    let y = builder.convolution(builder.front([2, 3, 3]), to: 2, kernel: [2, 2])
    return builder.problem(output: y, loss: .meanSquaredError)
  }

  /// Those of the problem's one layer.
  private static let weightAxes = WeightAxes(outputs: 2, inputs: 2)

  private static let spoilers: [(String, @Sendable (Evaluation, Int) -> Evaluation)] = [
    ("losses[1]", { one, _ in changed(one, losses: [one.losses[0], one.losses[1] * 1.001]) }),
    ("losses has 1 elements, expected 2", { one, _ in changed(one, losses: [one.losses[0]]) }),
    ("output 0[0]", { one, _ in changed(one, outputs: [[.nan] + one.outputs[0].dropFirst()]) }),
    ("products of observed value 0[3]", { one, _ in changed(one, products: [one.products[0].dropLast() + [100]]) }),
    ("count of observed values", { one, _ in changed(one, products: []) }),
    ("count of input gradients", { one, _ in changed(one, gradients: []) }),
    (" weighed on spoilt: count of weights", { one, _ in changed(one, weightProducts: []) }),
    (
      " weighed on spoilt: magnitudes of the outputs of",
      { one, _ in changed(one, weightProducts: one.weightProducts.map { _ in WeightProducts(weightAxes) }) }
    ),
    ("gradient of input 0", { one, _ in changed(one, gradients: one.inputGradients.map { $0.map { -$0 } }) }),
    ("losses", { one, run in changed(one, losses: one.losses.map { $0 * Double(run) }) }),
  ]

  @Test(arguments: spoilers.indices)
  func `a backend with a wrong figure does not keep the contract`(_ index: Int) throws {
    let (text, spoil) = Self.spoilers[index]
    let failure = try #require(throws: ContractFailure.self) {
      try ExecutorContract.check(SpoiltBackend(spoil: spoil), Self.problem(), tolerance: 1e-4)
    }
    #expect(failure.description.hasPrefix("small\(text.hasPrefix(" ") ? "" : " on spoilt: ")\(text)"))
  }

  @Test func `the reference keeps the contract without any tolerance`() throws {
    for problem in OperatorProblem.all(seed: 3) {
      try ExecutorContract.check(ReferenceBackend(), problem, tolerance: 0)
    }
  }

  @Test func `problems have names of their own and are the same for a seed`() throws {
    let problems = OperatorProblem.all(seed: 1)
    #expect(Set(problems.map(\.name)).count == problems.count)
    for (one, other) in zip(problems, OperatorProblem.all(seed: 1)) {
      #expect(one.batch.inputs == other.batch.inputs, "\(one)")
    }
  }
}
