import Execution
import ExecutorContract
import OneDNN
import Testing

@Suite struct ContractTests {
  @Test(arguments: OperatorProblem.all(seed: 2026))
  func `keeps the executor contract`(_ problem: OperatorProblem) throws {
    try ExecutorContract.check(OneDNNBackend(), problem, tolerance: 1e-4)
  }
}
