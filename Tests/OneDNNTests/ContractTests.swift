import Execution
import ExecutorContract
import OneDNN
import Testing

@Suite struct ContractTests {
  /// float32 rounds to 6e-8; a handful of layers with sums of at most some hundred terms were seen to stay below 3e-6 of
  /// an array's largest element, where that element itself is a sum in which much cancels.
  static let tolerance = 3e-5

  @Test(arguments: OperatorProblem.all(seed: 2026))
  func `keeps the executor contract`(_ problem: OperatorProblem) throws {
    try ExecutorContract.check(OneDNNBackend(), problem, tolerance: Self.tolerance)
  }

  @Test(arguments: LayoutProblems.all)
  func `keeps the contract between layouts and beyond its kernels' blocks`(_ problem: OperatorProblem) throws {
    try ExecutorContract.check(OneDNNBackend(), problem, tolerance: Self.tolerance)
  }
}
