import ProgramRuns
import Testing

@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: ProgramRun.hasLauncher))
struct EndTests {
  @Test(arguments: [nil, 1, 2, 4])
  func `ends in order with one line and rank 0's code when all ranks fail alike`(ranks: Int?) throws {
    let job = try ProgramRun("conformance", ranks: ranks, ["throw-together", "75"])
    #expect(job.exitCode == 75, "\(job.errors)")
    #expect(job.complaints == ["prune-cluster: error: thrown by all"], "\(job.errors)")
    #expect(!job.errors.contains("MPI_ABORT"), "\(job.errors)")
  }

  @Test(arguments: [0, 2])
  func `ends with the same code when a rank does not come to that end`(missing: Int) throws {
    let job = try ProgramRun("conformance", ranks: 4, ["throw-together", "75", "\(missing)"])
    #expect(job.exitCode == 75, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    #expect(job.complaints.first?.hasSuffix("thrown by all") == true, "\(job.errors)")
    #expect(job.complaints.first?.contains("rank 1 (") == (missing == 0), "\(job.errors)")
  }

  // Small messages are kept by the receiver's MPI, large ones by the sender until somebody receives them.
  @Test(arguments: [1, 500, 1_000_000])
  func `ends though nobody receives what was posted`(count: Int) throws {
    let job = try ProgramRun("conformance", ranks: 4, ["leave-posts", "\(count)"])
    #expect(job.exitCode == 0, "\(job.errors)")
  }

  @Test
  func `waits and fails as ever while signals come`() throws {
    let job = try ProgramRun("conformance", ranks: 4, ["contract-under-signals", "74"])
    #expect(job.output.contains("laws hold on 4 ranks"), "\(job.errors)")
    #expect(job.exitCode == 74, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    #expect(job.complaints.first?.contains("error: rank 1 (") == true, "\(job.errors)")
  }
}
