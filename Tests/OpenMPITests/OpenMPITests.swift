import MessagePassing
import OpenMPI
import ProgramRuns
import Testing

@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: ProgramRun.hasLauncher))
struct OpenMPITests {
  @Test(arguments: [1, 2, 4], [0, 11])
  func `keeps the communicator contract under mpirun`(ranks: Int, messageLimit: Int) throws {
    let job = try ProgramRun("conformance", ranks: ranks, ["contract", "\(messageLimit)"])
    #expect(job.exitCode == 0, "\(job.errors)")
    #expect(job.output.contains("laws hold on \(ranks) ranks, \(ranks) here, over Open MPI"))
  }

  @Test
  func `starts without mpirun as a job of one rank`() throws {
    let job = try ProgramRun("conformance", ranks: nil, ["contract", "0"])
    #expect(job.exitCode == 0, "\(job.errors)")
    #expect(job.output.contains("laws hold on 1 ranks"))
  }

  @Test(arguments: [0, 1, 3])
  func `ends the whole job when one rank throws`(failing: Int) throws {
    let job = try ProgramRun("conformance", ranks: 4, ["throw", "65", "\(failing)"])
    #expect(job.exitCode == 65, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    let line = try #require(job.complaints.first)
    if failing == 0 {
      #expect(line == "prune-cluster: error: thrown on purpose")
    } else {
      #expect(line.hasPrefix("prune-cluster: error: rank \(failing) (") && line.hasSuffix("): thrown on purpose"))
    }
  }

  @Test
  func `ends ranks that compute when one throws`() throws {
    let job = try ProgramRun("conformance", ranks: 3, ["throw-among-busy", "70"])
    #expect(job.exitCode == 70, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
  }

  @Test(arguments: [[], [1, 2, 3], [2, 3]])
  func `prints one line when several ranks throw together`(failing: [Int]) throws {
    let job = try ProgramRun("conformance", ranks: 4, ["throw", "78"] + failing.map(String.init))
    #expect(job.exitCode == 78, "\(job.errors)")
    #expect(job.complaints.count == 1, "\(job.errors)")
    if let lowest = failing.first {
      #expect(job.complaints.first?.contains("error: rank \(lowest) (") == true)
    } else {
      #expect(job.complaints == ["prune-cluster: error: thrown on purpose"])
    }
  }

  @Test(arguments: [nil, 1])
  func `lets a lone rank's error out as any other`(ranks: Int?) throws {
    let job = try ProgramRun("conformance", ranks: ranks, ["throw", "66"])
    #expect(job.exitCode == 66, "\(job.errors)")
    #expect(job.complaints.count == 1)
    #expect(!job.errors.contains("MPI_ABORT"))
  }

  @Test(arguments: [nil, 1, 3])
  func `ends with the code of rank 0`(ranks: Int?) throws {
    let job = try ProgramRun("conformance", ranks: ranks, ["end", "75"])
    #expect(job.exitCode == 75, "\(job.errors)")
    #expect(job.complaints.isEmpty)
    #expect(try ProgramRun("conformance", ranks: ranks, ["end", "0"]).exitCode == 0)
  }

  @Test
  func `gives MPI's own text for an error of MPI`() throws {
    let job = try ProgramRun("conformance", ranks: 2, ["bad-root"])
    #expect(job.exitCode == 69)
    #expect(job.complaints == ["prune-cluster: error: MPI_Ibcast: MPI_ERR_ROOT: invalid root"])
  }

  @Test(arguments: ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"])
  func `refuses the launcher of another MPI`(variable: String) throws {
    let job = try ProgramRun("conformance", ranks: nil, ["end", "0"], environment: [variable: "4"])
    #expect(job.exitCode == 69)
    #expect(job.complaints.count == 1)
    #expect(job.complaints.first?.contains("started 4 ranks (\(variable)) but MPI sees 1") == true, "\(job.errors)")
  }

  @Test
  func `starts MPI once in a process`() throws {
    let job = try ProgramRun("conformance", ranks: nil, ["start-twice"])
    #expect(job.exitCode == 69)
    #expect(job.complaints.count == 1)
    #expect(job.complaints.first?.contains("once in a process") == true, "\(job.errors)")
  }
}
