import Glibc
import MessagePassing
import OpenMPI

/// Runs the fast executor, or plain matrix products, as often as it is told to, and says how long that took.
///
/// It measures and does not judge: `scripts/bench` starts it beside its peers, lets them take turns and compares them.
/// One command a line comes in, one JSON object a line goes out (`Session`).
@main
enum EngineBenchmark {
  static func main() {
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      // What a search does too: the time that MPI takes to start, and its memory, are part of what is measured.
      try MPI.withWorld(program: programName, failure: { failure(of: $0) }) { world in
        let commands = try CommandSource(options.commands.map { "\($0).\(world.rank)" })
        try serve(options, commands, on: world)
      }
    } catch {
      let failure = failure(of: error)
      let line = "\(programName): error: \(failure.message)\n"
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      exit(failure.exitCode)
    }
  }

  private static let programName = "engine-benchmark"

  private static func failure(of error: any Error) -> JobFailure {
    JobFailure(message: "\(error)", exitCode: error is Options.UsageError ? 64 : 70)
  }

  private static func serve(_ options: Options, _ commands: CommandSource, on world: any Communicator) throws {
    let memoryBefore = ProcessMemory.resident
    switch options.subject {
    case .network(let files):
      let workload = try NetworkWorkload(files, batchSize: options.batchSize, workerCount: options.workerCount)
      try Session(workload, commands, memoryBefore: memoryBefore, on: world).serve()
    case .matrixProducts:
      let workload = MatrixProductWorkload(workerCount: options.workerCount)
      try Session(workload, commands, memoryBefore: memoryBefore, on: world).serve()
    }
  }
}
