import ExecutorContract
import Testing

@Suite struct CentralDifferencesTests {
  static let seed: UInt64 = 20_260_611

  @Test(arguments: OperatorProblem.all(seed: seed).filter(\.hasTrueGradients))
  func `reference gradients are central differences`(_ problem: OperatorProblem) throws {
    try CentralDifferences.check(problem)
  }
}
