import Glibc
import ProgramRuns
import Testing

@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: ProgramRun.hasLauncher))
struct StallTests {
  @Test(arguments: [
    ("barrier", 3, "rank 3", "ranks 0-2 wait in MPI_Ibarrier"),
    ("barrier", 1, "rank 1", "ranks 0, 2-3 wait in MPI_Ibarrier"),
    ("gather", 2, "rank 2", "rank 0 waits in MPI_Igatherv; ranks 1, 3 wait in MPI_Ibcast"),
    (
      "chain", 1, "rank 1",
      "rank 0 waits in MPI_Ibarrier; rank 2 waits in MPI_Iprobe from rank 1; rank 3 waits in MPI_Iprobe from rank 2"
    ),
    ("end", 2, "rank 2", "ranks 0-1, 3 wait in MPI_Finalize"),
    ("polling", 3, "rank 3", "rank 0 does not wait; ranks 1-2 wait in MPI_Ibarrier"),
    ("barrier", 0, "rank 0", "rank 1 waits in MPI_Ibarrier"),
  ])
  func `names the rank that is stopped, once, and ends the job`(
    kind: String, culprit: Int, name: String, others: String
  ) throws {
    let job = try ProgramRun("conformance", ranks: 4, ["stall", kind, "\(culprit)"])
    #expect(job.exitCode == 69 || job.hasLauncherCrashed, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    let line = try #require(job.complaints.first)
    #expect(line.contains("\(name) (") && line.contains(") does not answer; "), "\(line)")
    #expect(line.contains(others), "\(line)")
    // mpirun has sent it SIGKILL when it ends, and does not wait for its death.
    let stopped = stoppedProcess(of: job)
    for _ in 0..<500 where isAlive(stopped) { usleep(10_000) }
    #expect(!isAlive(stopped))
  }

  @Test
  func `says what all wait for when all answer`() throws {
    let job = try ProgramRun("conformance", ranks: 3, ["stall", "deadlock"])
    #expect(job.exitCode == 69 || job.hasLauncherCrashed, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    let ways = [(0, 1), (1, 2), (2, 0)].map { "rank \($0) waits in MPI_Iprobe from rank \($1)" }
    #expect(
      job.complaints.first?.hasSuffix(" s: every rank answers; " + ways.joined(separator: "; ")) == true,
      "\(job.errors)")
  }

  @Test
  func `ends a lone rank that waits for nobody`() throws {
    let job = try ProgramRun("conformance", ranks: nil, ["stall", "alone"])
    #expect(job.exitCode == 69 || job.hasLauncherCrashed, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    #expect(job.complaints.first?.hasSuffix("every rank answers; rank 0 waits in MPI_Iprobe") == true, "\(job.errors)")
  }

  @Test(arguments: [0, 2])
  func `goes on after a rank that was late`(culprit: Int) throws {
    let job = try ProgramRun("conformance", ranks: 4, ["stall", "late", "\(culprit)"])
    #expect(job.exitCode == 0, "\(job.errors)")
  }

  @Test
  func `goes on while rank 0 is at work and answers`() throws {
    let job = try ProgramRun("conformance", ranks: 3, ["stall", "busy"])
    #expect(job.exitCode == 0, "\(job.errors)")
  }

  @Test
  func `does not count the time in which the whole job is stopped`() throws {
    let job = try ProgramRun("conformance", ranks: 4, ["stall", "suspended", "3"])
    #expect(job.exitCode == 0, "\(job.errors)")
  }

  private func stoppedProcess(of job: ProgramRun) -> Int32? {
    job.output.split(whereSeparator: \.isNewline).first { $0.hasPrefix("stopped ") }
      .flatMap { Int32($0.dropFirst("stopped ".count)) }
  }

  /// Whether the process is there, and is more than a name that its parent has not asked about.
  private func isAlive(_ process: Int32?) -> Bool {
    guard let process else { return true }
    guard let file = fopen("/proc/\(process)/stat", "r") else { return false }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 256)
    guard fgets(&text, Int32(text.count), file) != nil else { return false }
    let line = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return !line.contains(") Z ")
  }
}
