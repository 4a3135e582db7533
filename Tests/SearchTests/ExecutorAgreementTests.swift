import Execution
import MessagePassing
import OneDNN
import Testing

@testable import Search

/// Ranks on hosts of several kinds.
@Suite(.timeLimit(.minutes(30)))
struct ExecutorAgreementTests {
  /// A maker of executors with a name.
  private struct Named: ExecutionBackend {
    let description: String

    func program(
      for request: ExecutionRequest, executorLimit: Int?
    ) throws(ExecutionError) -> any ExecutionProgram {
      try OneDNNBackend().program(for: request, executorLimit: executorLimit)
    }
  }

  @Test(arguments: 1...4)
  func `ranks with one instruction set may compute together`(_ ranks: Int) throws {
    _ = try InProcess.run(ranks: ranks) { world in
      try ExecutorAgreement.check(Named(description: "a (avx2)"), on: world)
    }
  }

  @Test func `a rank with another one is named, and what to do`() {
    let error = #expect(throws: SearchError.self) {
      try InProcess.run(ranks: 4) { world in
        try ExecutorAgreement.check(Named(description: world.rank == 2 ? "a (avx2)" : "a (avx512)"), on: world)
      }
    }
    #expect(error?.kind == .configuration)
    #expect(error?.file.hasPrefix("rank 2 (") == true)
    #expect(error?.problem.contains("computes with a (avx2), but rank 0 (") == true)
    #expect(error?.problem.contains("one kind of processor") == true)
  }
}
